//! What the last STORE DATA asks for: what is missing is 6A86, what does not fit together is 6A80.

use super::card_data::*;
use super::personalization::listed;
use super::route::*;

#[test]
fn each_mandatory_grouping_is_missed_at_the_last() {
    for identifier in [0x0101, 0x0201, 0x8000, 0x9000, 0x8010, 0x8201, 0x8203, 0x8205, 0x8304, 0x3000, 0x9102, 0x9104] {
        let mut groupings = without(identifier);
        if identifier == 0x8000 {
            groupings.retain(|grouping| grouping.identifier != 0x9000);
        }
        let (mut card, mut host) = straight("scp03-i70");
        assert_eq!(host.personalize(&mut card, &groupings), 0x6A86, "{identifier:04X}");
        assert_eq!(listed(&mut card), 0x07, "{identifier:04X}: it may still be finished");
        select(&mut card, INSTANCE);
        let mut host = Host::open(&mut card);
        assert_eq!(host.personalize(&mut card, &whole()), 0x9000, "{identifier:04X}: and is");
    }
    let (mut card, mut host) = straight("scp03-i70");
    assert_eq!(host.status(&mut card, "80E28000", &[]), 0x6A86, "nothing at all");
    let optional: Vec<_> = whole()
        .into_iter()
        .filter(|grouping| !matches!(grouping.identifier, 0x8010 | 0x9010 | 0x8301..=0x8305))
        .collect();
    assert_eq!(host.personalize(&mut card, &optional), 0x9000, "no PIN and no key of its own");
}

#[test]
fn a_card_has_the_template_and_the_answer_for_its_way() {
    for (product, expected) in [("scp03-i70", 0x6A86), ("scp03-i70-contactless", 0x9000)] {
        let mut all = whole();
        all.retain(|grouping| !matches!(grouping.identifier, 0x9102 | 0x9104));
        all.extend([clear(0x9103, template()), clear(0x9204, answer_to_gpo(PROFILE))]);
        let (mut card, mut host) = straight(product);
        assert_eq!(host.personalize(&mut card, &all), expected, "{product}: for the air alone");
        let (mut card, mut host) = straight(product);
        assert_eq!(host.personalize(&mut card, &whole()), 0x9000, "{product}: for contacts alone");
    }
}

#[test]
fn each_mandatory_element_is_missed_at_the_last() {
    let elements = [("5A", "9999010000000017"), ("5F24", "311231"), ("8C", CDOL1), ("8D", "8A029F3704")];
    for missing in elements.iter().map(|(tag, _)| *tag).chain(["none"]) {
        let kept = elements.iter().filter(|(tag, _)| *tag != missing);
        let record: Vec<u8> = kept.flat_map(|(tag, value)| tlv(tag, &bytes(value))).collect();
        let (mut card, mut host) = straight("scp03-i70");
        let expected = if missing == "none" { 0x9000 } else { 0x6A86 };
        assert_eq!(host.personalize(&mut card, &with(0x0101, tlv("70", &record))), expected, "{missing}");
    }
    for (cdol1, cdol2) in [("9F3704", "8A02"), (CDOL1, "9F3704"), (&CDOL1[2..], "8A02"), (CDOL1, "8A03")] {
        let record = [tlv("5A", &[0x99]), tlv("5F24", &[1; 3]), tlv("8C", &bytes(cdol1)), tlv("8D", &bytes(cdol2))];
        let (mut card, mut host) = straight("scp03-i70");
        assert_eq!(host.personalize(&mut card, &with(0x0101, tlv("70", &record.concat()))), 0x6A80, "{cdol1} {cdol2}");
    }
}

#[test]
fn no_part_of_a_key_may_be_another_keys() {
    let other = new_key(1024, 3);
    for (first, key) in [(0x8201, signature_key()), (0x8301, pin_key())] {
        for part in crt(first, key) {
            let mut content = part.content.clone();
            *content.last_mut().unwrap() ^= 0x02;
            let (mut card, mut host) = straight("scp03-i70");
            assert_eq!(host.personalize(&mut card, &with(part.identifier, content)), 0x6A80, "{:04X}", part.identifier);
        }
    }
    let mut groupings = whole();
    for part in crt(0x8201, &other) {
        let place = groupings.iter_mut().find(|grouping| grouping.identifier == part.identifier).unwrap();
        *place = part;
    }
    let (mut card, mut host) = straight("scp03-i70");
    assert_eq!(host.personalize(&mut card, &groupings), 0x6A80, "a whole key, and the certificate is of another");
}

#[test]
fn the_exponent_form_is_checked_as_well_and_the_two_do_not_mix() {
    let form = exponent_form(0x8101, signature_key());
    let without_crt: Vec<_> = whole().into_iter().filter(|one| !(0x8201..=0x8205).contains(&one.identifier)).collect();
    let mut spoilt = form.clone();
    *spoilt[0].content.last_mut().unwrap() ^= 0x02;
    let mut other_modulus = form.clone();
    other_modulus[1].content[5] ^= 1;
    let modulus = vec![form[1].clone()];
    for (base, added, expected, why) in [
        (&without_crt, form.clone(), 0x9000, "the control"),
        (&without_crt, spoilt, 0x6A80, "another exponent"),
        (&without_crt, other_modulus.clone(), 0x6A80, "another modulus"),
        (&without_crt, modulus.clone(), 0x6A86, "no exponent"),
        (&without_crt, Vec::new(), 0x6A86, "no key, and the AIP promises signatures"),
        (&whole(), form, 0x6A86, "exponent and CRT together"),
        (&whole(), modulus, 0x9000, "the CRT's modulus is checked where it is there"),
        (&whole(), vec![other_modulus[1].clone()], 0x6A80, "and must be p q"),
    ] {
        let (mut card, mut host) = straight("scp03-i70");
        assert_eq!(host.personalize(&mut card, &[&added[..], base].concat()), expected, "{why}");
    }
}
