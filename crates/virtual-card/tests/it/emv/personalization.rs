//! Personalization: both routes, every order and every form.

use cardwright_virtual_card::{Card, CardState};

use super::answers::{ARQC, begin, first, online};
use super::card_data::*;
use super::route::*;
use crate::host::{Scp03, kdf};
use crate::world::{card, card_with, send, static_keys};

const LIST: &str = "80F24002";
const PRODUCTS: [&str; 7] =
    ["scp03-i70", "scp03-i70-contactless", "scp03-i71", "scp03-i60", "scp03-i10", "scp02-i15", "scp02-i55"];

/// The state that GET STATUS shows for the instance.
pub(super) fn listed(card: &mut Card) -> u8 {
    assert!(send(card, "00A4040000").ends_with("9000"));
    let mut host = Host::open(card);
    let (list, status) = host.send(card, LIST, &[0x4F, 0]);
    assert_eq!(status, 0x9000);
    let text = hex::encode_upper(&list);
    let at = text.find(&format!("4F07{INSTANCE}9F7001")).expect("the instance is listed") + 4 + 14 + 6;
    u8::from_str_radix(&text[at..at + 2], 16).unwrap()
}

#[test]
fn every_product_takes_the_data_through_the_security_domain() {
    for product in PRODUCTS {
        let (mut card, mut host) = through_the_domain(product);
        let before = listed_in(&mut card, &mut host);
        assert_eq!(host.status(&mut card, "80E62000", &for_personalization(INSTANCE)), 0x9000);
        assert_eq!(host.personalize(&mut card, &whole()), 0x9000, "{product}");
        if before == 0x03 {
            assert_eq!(select(&mut card, INSTANCE).1, 0x6A82, "{product}: not selectable yet");
            card.reset();
            let mut host = Host::open(&mut card);
            assert_eq!(host.status(&mut card, "80E60800", &make_selectable(INSTANCE)), 0x9000);
            assert_eq!(listed(&mut card), 0x07, "{product}");
        } else {
            assert_eq!(listed(&mut card), 0x0F, "{product}");
        }
        assert_eq!(online(&mut card), 1, "{product}");
    }
}

fn listed_in(card: &mut Card, host: &mut Host) -> u8 {
    let (list, _) = host.send(card, LIST, &[0x4F, 0]);
    let text = hex::encode_upper(&list);
    let at = text.find("9F7001").unwrap() + 6;
    u8::from_str_radix(&text[at..at + 2], 16).unwrap()
}

#[test]
fn every_product_takes_the_data_with_the_application_selected() {
    for product in PRODUCTS {
        let (mut card, mut host) = straight(product);
        assert_eq!(host.personalize(&mut card, &whole()), 0x9000, "{product}");
        assert_eq!(listed(&mut card), 0x0F, "{product}: PERSONALIZED");
        assert_eq!(online(&mut card), 1, "{product}");
        let state = CardState::from_json(&card.state().to_json()).unwrap();
        assert_eq!(listed(&mut card_with(state)), 0x0F, "{product}: and so it loads");
    }
}

#[test]
fn before_it_is_personalized_it_answers_its_fci_and_takes_a_channel_alone() {
    let mut card = card("scp03-i70");
    let mut host = Host::open(&mut card);
    assert_eq!(host.status(&mut card, "80E60C00", &install_data(PAYMENT_MODULE, INSTANCE)), 0x9000);
    assert_eq!(select(&mut card, INSTANCE), (bytes(&format!("6F0B8407{INSTANCE}A500")), 0x9000));
    for command in ["80A8000002830000", "00B2010C00", "80CA9F3600", "0084000000", "80AE4000", "80500000", "90E20000"] {
        let expected = match command {
            "90E20000" => "6884",
            "80500000" => "6700",
            _ => "6985",
        };
        assert_eq!(send(&mut card, command), expected, "{command}");
    }
    assert_eq!(send(&mut card, "80E2000004 0101 01 00"), "6982", "no secure messaging");
    assert_eq!(send(&mut card, "84E2000004 0101 01 00"), "6982");
    let mut unprotected = Scp03::open(&mut card, 0x00);
    assert_eq!(unprotected.status(&mut card, "80E20000", &[]), 0x6982, "a channel whose commands have no MAC");
}

#[test]
fn the_challenge_is_over_the_aid_of_the_application_that_is_selected() {
    let (mut card, host) = straight("scp03-i70");
    let Host::Scp03(host) = host else { panic!("SCP03") };
    let answer = &host.initialize_update;
    let keys = static_keys(&card.state().product);
    let of = |aid: &str| kdf(&keys[0], 2, 64, &[&answer[29..32], &bytes(aid)[..]].concat());
    assert_eq!(answer[13..21], of(INSTANCE), "Amd D §6.2.2.1");
    assert_ne!(answer[13..21], of("A000000151000000"));
    assert!(send(&mut card, "00A4040000").ends_with("9000"));
    let host = Scp03::open(&mut card, 0x33);
    let answer = &host.initialize_update;
    assert_eq!(answer[13..21], kdf(&keys[0], 2, 64, &[&answer[29..32], &bytes("A000000151000000")[..]].concat()));
}

#[test]
fn scp02_draws_the_challenge_over_the_aid_too() {
    let challenge = |card: &mut Card| send(card, "8050000008001122334455667700")[28..40].to_owned();
    let (mut card, _) = straight("scp02-i55");
    let other = "F0454D56010002";
    card.reset();
    let mut host = Host::open(&mut card);
    assert_eq!(host.status(&mut card, "80E60C00", &install_data(PAYMENT_MODULE, other)), 0x9000);
    let mut seen = vec![challenge(&mut card)];
    for instance in [INSTANCE, other] {
        select(&mut card, instance);
        seen.push(challenge(&mut card));
    }
    assert!(seen[0] != seen[1] && seen[1] != seen[2] && seen[0] != seen[2], "one counter, three AIDs: {seen:?}");
}

#[test]
fn what_is_personalized_takes_nothing_more() {
    let (mut card, mut host) = straight("scp03-i70");
    assert_eq!(host.personalize(&mut card, &whole()), 0x9000);
    assert_eq!(host.status(&mut card, "80E20000", &host.encoded(&records()[0])), 0x6985, "in the same channel");
    let wrong = host.status(&mut card, "00200080", &bytes("241235FFFFFFFFFF"));
    assert_eq!(wrong, 0x63C2, "commands go on in it, and a warning carries its MAC");
    select(&mut card, INSTANCE);
    assert_eq!(send(&mut card, "8050000008001122334455667700"), "6985", "no further channel");
    card.reset();
    let mut host = Host::open(&mut card);
    assert_eq!(host.status(&mut card, "80E62000", &for_personalization(INSTANCE)), 0x9000);
    assert_eq!(host.status(&mut card, "80E20000", &host.encoded(&records()[0])), 0x6985, "through the domain");
    assert_eq!(online(&mut card), 1);
}

#[test]
fn block_numbers_and_ways_are_checked_on_both_routes() {
    for (mut card, mut host) in [straight("scp03-i70"), through_the_domain("scp03-i70")] {
        let record = host.encoded(&records()[0]);
        let keys = host.encoded(&whole()[2]);
        for (p1, p2, data, expected) in [
            (0x00, 0x01, &record, 0x6A86), // begins at 00
            (0x00, 0x00, &record, 0x9000),
            (0x00, 0x00, &record, 0x6A86), // 01 is next
            (0x00, 0x00, &record, 0x9000), // after a refusal 00 again
            (0x20, 0x01, &record, 0x6A86), // encryption left to the application
            (0x10, 0x00, &record, 0x6A86), // BER-TLV
            (0x60, 0x00, &record, 0x6A80), // a record is not encrypted
            (0x00, 0x00, &keys, 0x6A80),   // keys are
            (0x68, 0x00, &keys, 0x9000),   // with the structure told
        ] {
            assert_eq!(host.status(&mut card, &format!("80E2{p1:02X}{p2:02X}"), data), expected, "{p1:02X} {p2:02X}");
        }
    }
}

#[test]
fn what_must_come_first_must_come_first() {
    let find = |identifier| whole().into_iter().find(|grouping| grouping.identifier == identifier).unwrap();
    let mut other_keys = find(0x8000);
    other_keys.content[0] ^= 0x80;
    for (groupings, expected, why) in [
        (vec![find(0x9000)], 0x6A80, "check values before the keys"),
        (vec![find(0x8000), find(0x9000)], 0x9000, "the control"),
        (vec![other_keys.clone(), find(0x9000)], 0x6A80, "check values of other keys"),
        (vec![find(0x8010)], 0x6A80, "the PIN before its tries"),
        (vec![find(0x9010), find(0x8010)], 0x9000, "the control"),
    ] {
        let (mut card, mut host) = straight("scp03-i70");
        let blocks: Vec<_> = groupings
            .iter()
            .map(|grouping| (if grouping.way == Way::Clear { 0 } else { 0x60 }, host.encoded(grouping)))
            .collect();
        assert_eq!(host.store(&mut card, &blocks), expected, "{why}");
    }
    let mut again = whole();
    again.insert(7, other_keys);
    let (mut card, mut host) = straight("scp03-i70");
    assert_eq!(host.personalize(&mut card, &again), 0x6A86, "new keys want their check values again");
}

#[test]
fn a_grouping_of_no_known_identifier_is_6a88_and_changes_nothing() {
    let (mut card, mut host) = straight("scp03-i70");
    for identifier in [0x0000_u16, 0x0001, 0x0100, 0x1F01, 0x0062, 0x3001, 0x7FFF, 0x8001, 0x8105, 0x8206, 0x9105] {
        let unknown = host.encoded(&clear(identifier, vec![1]));
        let data = [host.encoded(&records()[0]), unknown].concat();
        assert_eq!(host.status(&mut card, "80E20000", &data), 0x6A88, "{identifier:04X}");
    }
    assert!(!hex::encode(card.state().to_json()).contains(&hex::encode("9999010000000017")), "all or nothing");
}

#[test]
fn what_is_malformed_is_6a80() {
    let (mut card, mut host) = straight("scp03-i70");
    for (data, why) in [
        ("0101", "a header does not span"),
        ("0101 FF 00", "nor a long one"),
        ("0101 FF 0005 7003 5A0199", "not the shortest length"),
        ("0101 03 700299", "a template that is cut off"),
        ("0101 03 710199", "another template"),
        ("0101 04 7002 5A05", "an element that is cut off"),
        ("0101 05 7001 5A 0000", "something after the template"),
        ("0B01 00", "an empty record"),
        ("9102 03 A60100", "another template"),
        ("9102 07 A505 9F3802 9F1A", "a PDOL that is cut off"),
        ("9010 02 0403", "more tries than the limit"),
        ("9010 02 0000", "no tries at all"),
        ("9010 01 03", "no limit"),
        ("9104 04 8202 3D00", "no AFL"),
        ("9104 0A 82023D00 9404 09010101", "an AFL with a file that is none"),
        ("9104 0A 82023D00 9404 08020101", "an AFL that runs backwards"),
        ("9104 0A 82023D00 9404 08010102", "more signed records than there are"),
        ("3000 0A 9F1007 06010B 03000000", "an unknown cryptogram version"),
        ("3000 0A 9F1007 07010A 03000000", "another length of issuer data"),
        ("3000 04 9F580105", "limits without issuer data"),
        ("3000 12 9F1007 06010A 03000000 9F580105 9F590104", "the lower limit over the upper"),
        ("3000 0E 9F1007 06010A 03000000 9F580105", "one limit alone"),
        ("3000 0D 9F1007 06010A 03000000 5A0199", "an element that is not internal"),
        ("8103 02 8001", "a modulus of two bytes"),
    ] {
        assert_eq!(host.status(&mut card, "80E20000", &bytes(data)), 0x6A80, "{why}");
    }
    for (identifier, plain, why) in [
        (0x8000_u16, vec![1; 32], "two keys"),
        (0x8010, padded(&bytes("341234FFFFFFFFFF"), 16), "a PIN block of format 3"),
        (0x8010, [bytes(PIN_BLOCK), vec![0; 8]].concat(), "no padding"),
        (0x8010, vec![7; 16], "no padding"),
        (0x8201, vec![0; 16], "no padding"),
        (0x8201, padded(&[], 16), "nothing in it"),
    ] {
        let encrypted = host.under_dek(&plain);
        let data = [&identifier.to_be_bytes()[..], &[encrypted.len() as u8], &encrypted].concat();
        assert_eq!(host.status(&mut card, "80E26000", &data), 0x6A80, "{identifier:04X}: {why}");
    }
    assert_eq!(host.status(&mut card, "80E26000", &bytes("8010 07 11223344556677")), 0x6A80, "no whole block");
}

#[test]
fn padding_is_there_where_it_must_be_and_nowhere_else() {
    let block = bytes(PIN_BLOCK);
    for (product, plain, expected) in [
        ("scp02-i55", block.clone(), 0x9000),
        ("scp02-i55", padded(&block, 8), 0x6A80),
        ("scp03-i70", padded(&block, 16), 0x9000),
        ("scp03-i70", [&block[..], &[0; 8]].concat(), 0x6A80),
    ] {
        let (mut card, mut host) = through_the_domain(product);
        assert_eq!(host.status(&mut card, "80E20000", &bytes("9010020303")), 0x9000);
        let encrypted = host.under_dek(&plain);
        let data = [&[0x80, 0x10, encrypted.len() as u8][..], &encrypted].concat();
        assert_eq!(host.status(&mut card, "80E26001", &data), expected, "{product}, {} bytes", plain.len());
    }
    for (product, block) in [("scp02-i55", 8), ("scp03-i70", 16)] {
        let (mut card, mut host) = through_the_domain(product);
        for (plain, expected) in [(padded(&[7; 48], block), 0x9000), ([7; 48].to_vec(), 0x6A80)] {
            let encrypted = host.under_dek(&plain);
            let data = [&[0x82, 0x01, encrypted.len() as u8][..], &encrypted].concat();
            assert_eq!(host.status(&mut card, "80E26000", &data), expected, "{product}: a key part is always padded");
            assert_eq!(host.status(&mut card, "80E62000", &for_personalization(INSTANCE)), 0x9000);
        }
    }
}

#[test]
fn groupings_span_commands_of_any_size() {
    for size in [5, 17, 100, 223] {
        let (mut card, mut host) = straight("scp03-i70");
        let mut blocks = Vec::new();
        for (p1, block) in host.blocks(&whole()) {
            let last = p1 & 0x80;
            let parts: Vec<_> = spanning(&block, size);
            let count = parts.len();
            let with_p1 = |(at, part)| (p1 & 0x7F | if at + 1 == count { last } else { 0 }, part);
            blocks.extend(parts.into_iter().enumerate().map(with_p1));
        }
        let status = host.store(&mut card, &blocks);
        assert!(status == 0x9000 || size < 20 && status == 0x6A80, "{size}: {status:04X}");
        if status == 0x9000 {
            begin(&mut card);
            assert_eq!(first(&mut card, ARQC).kind(), ARQC);
        }
    }
}

fn spanning(block: &[u8], size: usize) -> Vec<Vec<u8>> {
    block.chunks(size).map(<[u8]>::to_vec).collect()
}

#[test]
fn a_spanning_grouping_keeps_its_way_and_is_dropped_by_a_new_personalization() {
    let (mut card, mut host) = through_the_domain("scp03-i70");
    let record = host.encoded(&records()[0]);
    let (head, tail) = record.split_at(20);
    assert_eq!(host.status(&mut card, "80E20000", head), 0x9000);
    assert_eq!(host.status(&mut card, "80E26001", tail), 0x6A80, "it went in clear");
    assert_eq!(host.status(&mut card, "80E28000", tail), 0x6A86, "the rest arrives, and all else is missing");
    assert_eq!(host.status(&mut card, "80E20000", tail), 0x9000, "that was not written: it goes on");
    assert_eq!(host.status(&mut card, "80E20001", head), 0x9000, "and again half a record");
    assert_eq!(host.status(&mut card, "80E62000", &for_personalization(INSTANCE)), 0x9000);
    assert_eq!(host.personalize(&mut card, &whole()), 0x9000, "the half is gone");
}

#[test]
fn what_does_not_fit_the_memory_is_6a84() {
    let mut product = crate::world::product("scp03-i70");
    product.memory = crate::world::state_of(product.clone()).memory_used() + 1_000;
    let mut card = crate::world::card_of(product);
    let mut host = Host::open(&mut card);
    assert_eq!(host.status(&mut card, "80E60C00", &install_data(PAYMENT_MODULE, INSTANCE)), 0x9000);
    assert_eq!(host.status(&mut card, "80E62000", &for_personalization(INSTANCE)), 0x9000);
    assert_eq!(host.personalize(&mut card, &whole()), 0x6A84);
}
