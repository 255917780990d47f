//! Issuer scripts: what each command does, what it refuses, and what the next cryptogram tells of it.

use cardwright_virtual_card::Card;

use super::answers::*;
use super::card_data::*;
use super::environment::PSE;
use super::issuer::{Issuer, card_of, record, reported, scripted};
use super::route::{INSTANCE, issued, select};
use crate::host::split;
use crate::world::send;

const VERSIONS: [u8; 2] = [0x0A, 0x12];
const NEW_BLOCK: &str = "2598765FFFFFFFFF";

/// The second record as issued, but for a longer DDOL.
fn changed_record() -> Vec<u8> {
    let modulus = signature_key().n().to_vec();
    let content = [
        tlv("9F47", &[3]),
        tlv("9F48", &modulus[modulus.len() - 20..]),
        tlv("9F2E", &[1, 0, 1]),
        tlv("9F49", &bytes("9F37049F0206")),
        tlv("5F20", b"NEW/NAME"),
    ];
    tlv("70", &content.concat())
}

/// The second record signed by nobody, the first as it was.
fn locator(text: &str) -> Vec<u8> {
    [tlv("82", &PROFILE), tlv("94", &bytes(text))].concat()
}

#[test]
fn each_command_does_its_work_and_the_next_cryptogram_counts_it() {
    for version in VERSIONS {
        let mut card = card_of(version);
        select(&mut card, INSTANCE);
        for _ in 0..4 {
            send(&mut card, "0020008008249999FFFFFFFFFF");
        }
        assert_eq!(send(&mut card, "0020008008241234FFFFFFFFFF"), "6983", "blocked");
        let issuer = Issuer::online(&mut card, version);
        let enciphered = issuer.enciphered(&bytes(NEW_BLOCK));
        assert_eq!(issuer.send(&mut card, "04DA9F59", &[9]), 0x9000);
        assert_eq!(issuer.send(&mut card, "04DA9F58", &[8]), 0x9000);
        assert_eq!(issuer.send(&mut card, "04DC0114", &changed_record()), 0x9000);
        assert_eq!(issuer.send(&mut card, "84240002", &enciphered), 0x9000);
        assert_eq!(record(&mut card, 2, 1), changed_record());
        assert_eq!(send(&mut card, "80CA9F5800"), "9F5801089000");
        assert_eq!(send(&mut card, "80CA9F5900"), "9F5901099000");
        assert_eq!(send(&mut card, "0020008008241234FFFFFFFFFF"), "63C2", "the old PIN");
        assert_eq!(send(&mut card, &format!("0020008008{NEW_BLOCK}")), "9000");
        assert_eq!(reported(&mut card), 0x40);
        assert_eq!(reported(&mut card), 0x40, "until the issuer has heard of it");
        let (_, answer) = Issuer::asked(&mut card, version);
        assert_eq!(answer.results()[2], 0x40);
        assert_eq!(second(&mut card, TC, b"00").results()[2], 0x40);
        assert_eq!(reported(&mut card), 0x00, "it has heard");
    }
}

#[test]
fn unblocking_gives_the_tries_back_and_keeps_the_pin() {
    for version in VERSIONS {
        let mut card = card_of(version);
        select(&mut card, INSTANCE);
        for _ in 0..3 {
            send(&mut card, "0020008008249999FFFFFFFFFF");
        }
        let issuer = Issuer::online(&mut card, version);
        assert_eq!(issuer.send(&mut card, "84240000", &[]), 0x9000);
        assert_eq!(send(&mut card, "80CA9F1700"), "9F1701039000");
        assert_eq!(send(&mut card, "0020008008241234FFFFFFFFFF"), "9000");
    }
}

#[test]
fn a_changed_limit_decides_the_next_purchases() {
    let mut card = card_of(0x12);
    let issuer = Issuer::online(&mut card, 0x12);
    assert_eq!(issuer.send(&mut card, "04DA9F58", &[0]), 0x9000);
    begin(&mut card);
    let answer = first(&mut card, TC);
    assert_eq!((answer.kind(), answer.results()[2]), (ARQC, 0x10), "the lower limit is 0 now");
    let mut card = card_of(0x12);
    Issuer::online(&mut card, 0x12);
    begin(&mut card);
    assert_eq!(first(&mut card, TC).kind(), TC, "and was 2");
}

#[test]
fn one_flipped_bit_anywhere_is_refused_and_noted_and_ends_the_script() {
    for version in VERSIONS {
        let card = card_of(version);
        let length = 5 + 1 + 8;
        for at in (0..length).filter(|at| !matches!(at, 0 | 1 | 4)) {
            let mut card = crate::world::card_with(
                cardwright_virtual_card::CardState::from_json(&card.state().to_json()).unwrap(),
            );
            let issuer = Issuer::online(&mut card, version);
            let right = issuer.command("04DA9F58", &[1]);
            let mut wrong = right.clone();
            wrong[at] ^= 0x01;
            assert_eq!(split(&card.transmit(&wrong)).1, 0x6988, "{version:02X}, byte {at}");
            assert_eq!(split(&card.transmit(&right)).1, 0x6985, "a wrong MAC ends the script");
            assert_eq!(send(&mut card, "80CA9F5800"), "9F5801029000", "nothing has changed");
            assert_eq!(reported(&mut card), 0x08);
        }
    }
}

#[test]
fn a_command_of_one_transaction_is_none_in_another() {
    for version in VERSIONS {
        let mut card = card_of(version);
        let issuer = Issuer::online(&mut card, version);
        let command = issuer.command("04DA9F58", &[1]);
        assert_eq!(split(&card.transmit(&command)).1, 0x9000);
        Issuer::online(&mut card, version);
        assert_eq!(split(&card.transmit(&command)).1, 0x6988);
    }
}

/// Whoever drops a command and says another twice would bring the count to what the issuer expects.
#[test]
fn a_command_that_was_taken_is_not_taken_twice_in_its_own_transaction() {
    let mut card = card_of(0x12);
    let issuer = Issuer::online(&mut card, 0x12);
    let command = issuer.command("04DA9F58", &[1]);
    assert_eq!(split(&card.transmit(&command)).1, 0x9000);
    assert_eq!(split(&card.transmit(&command)).1, 0x6988);
    assert_eq!(reported(&mut card), 0x18);
}

#[test]
fn a_script_before_its_time_is_refused_and_leaves_no_mark() {
    let mut card = card_of(0x0A);
    let (issuer, _) = Issuer::asked(&mut card, 0x0A);
    assert_eq!(issuer.send(&mut card, "04DA9F58", &[1]), 0x6985, "template 71");
    assert_eq!(second(&mut card, TC, b"00").kind(), TC);
    assert_eq!(issuer.send(&mut card, "04DA9F58", &[1]), 0x9000, "template 72");
    select(&mut card, INSTANCE);
    assert_eq!(issuer.send(&mut card, "04DA9F58", &[2]), 0x6985, "no transaction");
    begin(&mut card);
    assert_eq!(issuer.send(&mut card, "04DA9F58", &[2]), 0x6985, "no cryptogram");
    let answer = first(&mut card, TC);
    assert_eq!(answer.kind(), TC);
    assert_eq!(Issuer::of(0x0A, &answer).send(&mut card, "04DA9F58", &[2]), 0x6985, "nobody was asked");
    assert_eq!(reported(&mut card), 0x10, "one was obeyed, none was refused at its time");
}

#[test]
fn one_transaction_takes_fifteen_commands_and_no_sixteenth() {
    let mut card = card_of(0x12);
    let issuer = Issuer::online(&mut card, 0x12);
    for value in 0..15 {
        assert_eq!(issuer.send(&mut card, "04DA9F59", &[20 + value]), 0x9000);
    }
    assert_eq!(issuer.send(&mut card, "04DA9F59", &[50]), 0x6985);
    assert_eq!(send(&mut card, "80CA9F5900"), "9F5901229000");
    assert_eq!(reported(&mut card), 0xF0);
}

#[test]
fn a_right_mac_around_a_wrong_command_changes_nothing() {
    let long = vec![0x55; 247];
    let short_pin = bytes("2312345FFFFFFFFF");
    for version in VERSIONS {
        for (header, data, expected) in [
            ("04DA9F58", &[4][..], 0x6A80), // over the upper limit, which is 3
            ("04DA9F59", &[1], 0x6A80),     // under the lower, which is 2
            ("04DA9F58", &[], 0x6700),
            ("04DA9F58", &[1, 1], 0x6700),
            ("04DA9F36", &[0, 0], 0x6A88),
            ("04DA9F17", &[3], 0x6A88),
            ("04DA5F20", b"A", 0x6A88),
            ("04DC0115", &[0x70, 0], 0x6A86),
            ("04DC0104", &[0x70, 0], 0x6A86),
            ("04DC011C", &[0x70, 0], 0x6A82),
            ("04DC0214", &[0x70, 0], 0x6A83),
            ("04DC0014", &[0x70, 0], 0x6A83),
            ("04DC010C", &records()[0].content, 0x6985), // signed
            ("04DC0114", &[], 0x6A80),
            ("04DC0114", &[0x70, 1], 0x6A80),
            ("04DC0114", &[0x70, 0], 0x6A80), // the keys' exponents would be gone
            ("04DC0114", &long, 0x6A80),
            ("84240000", &[0], 0x6700),
            ("84240002", &[0; 15], 0x6700),
            ("84240002", &[0; 16], 0x6A80),
            ("84240001", &[0; 16], 0x6A86),
            ("84240100", &[], 0x6A86),
            ("841E0001", &[], 0x6A86),
            ("841E0000", &[0], 0x6700),
            ("84180100", &[], 0x6A86),
            ("84160000", &[0], 0x6700),
        ] {
            let mut card = card_of(version);
            let issuer = Issuer::online(&mut card, version);
            let before = card.state().to_json();
            assert_eq!(issuer.send(&mut card, header, data), expected, "{header}");
            let after = String::from_utf8(card.state().to_json()).unwrap();
            assert!(after.contains("\"refused\": true"), "{header}");
            let marked = String::from_utf8(before).unwrap();
            assert_eq!(without_tally(&after), without_tally(&marked), "{header}: nothing but the mark");
            assert_eq!(reported(&mut card), 0x08, "{header}");
        }
        let mut card = card_of(version);
        let issuer = Issuer::online(&mut card, version);
        let enciphered = issuer.enciphered(&short_pin);
        assert_eq!(issuer.send(&mut card, "84240002", &enciphered), 0x6A80, "three digits");
        assert_eq!(send(&mut card, "0020008008241234FFFFFFFFFF"), "9000");
    }
}

fn without_tally(state: &str) -> String {
    let kept = |line: &&str| {
        !["\"scripts\"", "\"obeyed\"", "\"refused\""].iter().any(|name| line.contains(name))
            && !line.trim().starts_with('}')
    };
    state.lines().filter(kept).map(|line| line.trim_end_matches(',')).collect()
}

#[test]
fn other_classes_and_shapes_are_no_script() {
    let mut card = card_of(0x0A);
    let issuer = Issuer::online(&mut card, 0x0A);
    for header in ["00DA9F58", "84DA9F58", "80DC0114", "04240000", "041E0000", "80160000", "00180000"] {
        assert_eq!(issuer.send(&mut card, header, &[]), 0x6E00, "{header}");
    }
    assert_eq!(issuer.send(&mut card, "84D60000", &[]), 0x6D00);
    assert_eq!(send(&mut card, "841E0000"), "6700", "no MAC at all");
    let right = issuer.command("04DA9F58", &[1]);
    let extended = [&right[..4], &[0, 0, 9], &right[5..]].concat();
    assert_eq!(split(&card.transmit(&extended)).1, 0x6700);
    assert_eq!(split(&card.transmit(&right)).1, 0x9000, "a wrong length ends nothing");
}

#[test]
fn a_record_that_is_signed_on_either_interface_or_names_another_card_stays() {
    for (contact, air, expected) in [
        ("08010101 10010101", "10010100", 0x6985),
        ("08010101 10010100", "10010101", 0x6985),
        ("08010101 10010100", "10010100", 0x9000),
    ] {
        let mut all = scripted(0x12);
        all.iter_mut().filter(|one| one.identifier == 0x9104).for_each(|one| one.content = locator(contact));
        all.push(clear(0x9204, locator(air)));
        let mut card = issued("scp03-i70", &all);
        let issuer = Issuer::online(&mut card, 0x12);
        assert_eq!(issuer.send(&mut card, "04DC0114", &changed_record()), expected, "{contact} {air}");
    }
    let mut all = scripted(0x12);
    all.iter_mut().filter(|one| one.identifier == 0x9104).for_each(|one| one.content = locator("08010100 10010100"));
    let mut card = issued("scp03-i70", &all);
    let issuer = Issuer::online(&mut card, 0x12);
    let mut other = records()[0].content.clone();
    assert_eq!(other[4..12], bytes("9999010000000017"));
    other[11] ^= 0x11;
    assert_eq!(issuer.send(&mut card, "04DC010C", &other), 0x6A80, "another number");
    let expiry = [&records()[0].content[..15], &bytes("341231"), &records()[0].content[18..]].concat();
    assert_eq!(expiry[12..15], bytes("5F2403"));
    assert_eq!(issuer.send(&mut card, "04DC010C", &expiry), 0x9000, "another expiry");
}

#[test]
fn a_card_without_pin_or_limits_has_none_to_change() {
    let mut all = scripted(0x0A);
    all.retain(|grouping| !matches!(grouping.identifier, 0x8010 | 0x9010));
    all.iter_mut()
        .filter(|one| one.identifier == 0x3000)
        .for_each(|one| one.content = tlv("9F10", &bytes("06010A03000000")));
    let mut card = issued("scp03-i70", &all);
    let issuer = Issuer::online(&mut card, 0x0A);
    for (header, data) in [("84240000", &[][..]), ("84240002", &[0; 16]), ("04DA9F58", &[1])] {
        assert_eq!(issuer.send(&mut card, header, data), 0x6A88, "{header}");
    }
}

#[test]
fn a_blocked_application_says_so_declines_everything_and_is_unblocked_by_its_issuer_alone() {
    for version in VERSIONS {
        let mut card = card_of(version);
        let issuer = Issuer::online(&mut card, version);
        assert_eq!(issuer.send(&mut card, "841E0000", &[]), 0x9000);
        let (information, status) = select(&mut card, INSTANCE);
        assert_eq!((information[0], status), (0x6F, 0x6283));
        for request in [TC, ARQC, AAC, TC | SIGNED] {
            begin_blocked(&mut card);
            let answer = first(&mut card, request);
            assert_eq!((answer.kind(), answer.results()[2]), (AAC, 0x10), "{request:02X}");
            assert_eq!(second(&mut card, TC, b"00").status, 0x6985);
        }
        begin_blocked(&mut card);
        let answer = first(&mut card, ARQC);
        let issuer = Issuer::of(version, &answer);
        let mut wrong = issuer.command("84180000", &[]);
        wrong[12] ^= 1;
        assert_eq!(split(&card.transmit(&wrong)).1, 0x6988);
        assert_eq!(select(&mut card, INSTANCE).1, 0x6283);
        begin_blocked(&mut card);
        let issuer = Issuer::of(version, &first(&mut card, ARQC));
        assert_eq!(issuer.send(&mut card, "84180000", &[]), 0x9000);
        assert_eq!(select(&mut card, INSTANCE).1, 0x9000);
        assert_eq!(reported(&mut card), 0x28, "block, unblock, and one that was refused");
    }
}

/// As `begin`, where SELECT warns.
fn begin_blocked(card: &mut Card) {
    assert_eq!(select(card, INSTANCE).1, 0x6283);
    assert!(card.transmit(&bytes(OPTIONS)).ends_with(&[0x90, 0x00]));
}

#[test]
fn card_block_ends_every_payment_application_and_environment_and_nothing_else() {
    use super::route::*;
    let mut card = crate::world::card("scp03-i70");
    let mut host = Host::open(&mut card);
    let other = "F0454D56010002";
    let kinds = [(ENVIRONMENT_MODULE, PSE, super::environment::pse()), (PAYMENT_MODULE, INSTANCE, scripted(0x12))];
    for (module, instance, groupings) in kinds {
        assert_eq!(host.status(&mut card, "80E60C00", &install_data(module, instance)), 0x9000);
        assert_eq!(host.status(&mut card, "80E62000", &for_personalization(instance)), 0x9000);
        assert_eq!(host.personalize(&mut card, &groupings), 0x9000);
    }
    assert_eq!(host.status(&mut card, "80E60C00", &install_data(PAYMENT_MODULE, other)), 0x9000);
    let issuer = Issuer::online(&mut card, 0x12);
    assert_eq!(issuer.send(&mut card, "84160000", &[]), 0x9000);
    assert_eq!(send(&mut card, "80CA9F3600"), "6A81", "at once");
    for instance in [PSE, INSTANCE, other] {
        assert_eq!(select(&mut card, instance), (vec![], 0x6A81), "{instance}");
    }
    card.reset();
    assert_eq!(select(&mut card, INSTANCE).1, 0x6A81, "for good");
    let mut host = Host::open(&mut card);
    let delete = [&[0x4F, 7][..], &bytes(INSTANCE)].concat();
    assert_eq!(host.status(&mut card, "80E40000", &delete), 0x9000, "the Security Domain has the card still");
    assert_eq!(host.status(&mut card, "80E60C00", &install_data(PAYMENT_MODULE, INSTANCE)), 0x9000);
    assert_eq!(select(&mut card, INSTANCE).1, 0x9000);
}

#[test]
fn a_record_that_comes_enciphered_is_understood_and_one_that_is_not_whole_is_refused() {
    for version in VERSIONS {
        let mut card = card_of(version);
        let issuer = Issuer::online(&mut card, version);
        let enciphered = issuer.enciphered(&changed_record());
        assert!(!enciphered.windows(4).any(|part| changed_record().windows(4).any(|clear| clear == part)));
        assert_eq!(issuer.send(&mut card, "84DC0114", &enciphered), 0x9000);
        assert_eq!(record(&mut card, 2, 1), changed_record());
        for wrong in [&enciphered[1..], &[], &changed_record()[..8]] {
            let issuer = Issuer::online(&mut card, version);
            assert_eq!(issuer.send(&mut card, "84DC0114", wrong), 0x6A80);
            assert_eq!(record(&mut card, 2, 1), changed_record());
        }
    }
}
