//! The way from a blank to an issued card, and what it refuses on that way.

use cardwright_virtual_card::CardState;
use cardwright_virtual_card::applications::Program;

use super::issue::{P_256, PIN, SLOTS, fill, generate, installed, issued, put};
use super::{SELECT, status};
use crate::host::{Scp02, Scp03};
use crate::world::{card_of, card_with, product};

#[test]
fn everything_that_is_left_out_alone_keeps_the_card_from_being_complete() {
    let (mut card, mut host) = installed(0x33);
    fill(&mut card, &mut host, P_256);
    let certificates = SLOTS.map(|(_, tag)| tag);
    let needed = [[0x5F, 0xC1, 0x02], [0x5F, 0xC1, 0x07]].into_iter().chain(certificates);
    for tag in needed {
        let number = tag.iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
        let mut partial = card_with(CardState::from_json(&card.state().to_json()).unwrap());
        assert_eq!(status(&mut partial, SELECT), 0x9000);
        let mut host = Scp03::open(&mut partial, 0x33);
        assert_eq!(put(&mut partial, &mut host, &tag, &[]), 0x9000);
        assert_eq!(host.status(&mut partial, "80E28000", &[]), 0x6A86, "without {number:06X}");
        assert_eq!(partial.state().applications[0].life_cycle_code(), 0x07);
    }
    assert_eq!(host.status(&mut card, "80E28000", &[]), 0x9000, "with everything");
    assert_eq!(card.state().applications[0].life_cycle_code(), 0x0F);
}

#[test]
fn a_reference_travels_only_where_commands_are_encrypted() {
    for (level, expected) in [(0x01, 0x6982), (0x11, 0x6982), (0x03, 0x9000), (0x13, 0x9000)] {
        let (mut card, mut host) = installed(level);
        assert_eq!(host.status(&mut card, "0024FF80", PIN), expected, "level {level:02X}");
        assert_eq!(host.status(&mut card, "0024FF9B", &super::issue::ADMINISTRATION), expected, "level {level:02X}");
        assert_eq!(put(&mut card, &mut host, &[0x5F, 0xC1, 0x02], &[0x3E, 0]), 0x9000);
    }
}

#[test]
fn a_channel_without_macs_proves_no_issuer() {
    let (mut card, _) = installed(0x00);
    assert_eq!(status(&mut card, "0047009A05AC0380011100"), 0x6985);
    assert_eq!(status(&mut card, "00DB3FFF095C035FC10253023E00"), 0x6985);
}

#[test]
fn a_security_error_ends_the_channel_and_leaves_nothing_of_a_chain() {
    let (mut card, mut host) = installed(0x33);
    assert_eq!(host.status(&mut card, "10DB3FFF", &[0x5C, 0x03, 0x5F, 0xC1, 0x02]), 0x9000);
    let mut wrong = host.wrap([0x00, 0xDB, 0x3F, 0xFF], &[0x53, 0x02, 0x3E, 0x00]);
    wrong[10] ^= 1;
    assert_eq!(card.transmit(&wrong), [0x69, 0x82]);
    assert_eq!(status(&mut card, "0020008000"), 0x6982, "the channel is gone, and nothing goes around it");
    let mut host = Scp03::open(&mut card, 0x33);
    assert_eq!(host.status(&mut card, "00DB3FFF", &[0x53, 0x02, 0x3E, 0x00]), 0x6A80, "no first part waits");
}

#[test]
fn a_chain_begun_in_clear_or_in_another_channel_does_not_go_on_in_this_one() {
    let (mut card, _) = issued(P_256);
    assert_eq!(status(&mut card, SELECT), 0x9000);
    assert_eq!(status(&mut card, "10DB3FFF055C035FC102"), 0x9000);
    let mut host = Scp03::open(&mut card, 0x33);
    assert_eq!(host.status(&mut card, "00DB3FFF", &[0x53, 0x02, 0x3E, 0x00]), 0x6A80);
    assert_eq!(host.status(&mut card, "10DB3FFF", &[0x5C, 0x03, 0x5F, 0xC1, 0x02]), 0x9000);
    let mut host = Scp03::open(&mut card, 0x33);
    assert_eq!(host.status(&mut card, "00DB3FFF", &[0x53, 0x02, 0x3E, 0x00]), 0x6A80);
}

#[test]
fn a_card_of_scp02_is_personalized_too() {
    let mut product = product("scp02-i15");
    product.preloaded.push(super::PACKAGE.parse().unwrap());
    let mut card = card_of(product);
    let mut host = Scp02::open(&mut card, 0x03);
    let install = hex::decode("09A000000308000010000BA0000003080000100001000BA000000308000010000100010002C90000");
    assert_eq!(host.send(&mut card, "80E60C00", &install.unwrap()).1, 0x9000);
    assert_eq!(status(&mut card, SELECT), 0x9000);
    let mut host = Scp02::open(&mut card, 0x03);
    let (answer, made) = host.send(&mut card, "0047009E", &[0xAC, 0x03, 0x80, 0x01, 0x07]);
    assert_eq!((made, answer.len()), (0x9000, 5 + 4 + 256 + 5), "the answer comes in two pieces");
    assert_eq!(host.send(&mut card, "0024FF80", PIN).1, 0x9000);
}

#[test]
fn what_is_saved_loads_as_the_same_card() {
    let (card, _) = issued(P_256);
    let saved = card.state().to_json();
    assert_eq!(CardState::from_json(&saved).unwrap().to_json(), saved);
    for (from, to) in [
        ("\"tries\": 3", "\"tries\": 4"),
        ("\"algorithm\": 3", "\"algorithm\": 8"),
        ("\"p-256\": \"", "\"p-256\": \"00"),
        ("\"p-256\": \"", "\"rsa-2048\": \""),
        ("\"signature\"", "\"other\""),
        ("\"pin\"", "\"x\": 1, \"pin\""),
    ] {
        let text = String::from_utf8(saved.clone()).unwrap();
        assert!(text.contains(from), "{from}");
        assert!(CardState::from_json(text.replacen(from, to, 1).as_bytes()).is_err(), "{to}");
    }
}

#[test]
fn memory_is_counted_and_has_an_end() {
    let (mut card, mut host) = installed(0x33);
    let before = card.state().memory_free();
    generate(&mut card, &mut host, 0x9A, P_256);
    let after_key = card.state().memory_free();
    assert_eq!(before - after_key, 40);
    assert_eq!(put(&mut card, &mut host, &[0x5F, 0xC1, 0x08], &[0; 12_000]), 0x9000);
    assert_eq!(after_key - card.state().memory_free(), 12_008);
    assert_eq!(put(&mut card, &mut host, &[0x5F, 0xC1, 0x08], &[0; 12_000]), 0x9000, "in the place of the old one");
    for tag in 0x0D_u8..0x20 {
        let written = put(&mut card, &mut host, &[0x5F, 0xC1, tag], &[0; 12_000]);
        if written != 0x9000 {
            assert_eq!((written, card.state().memory_free() < 12_008), (0x6A84, true));
            return;
        }
    }
    panic!("the card took everything");
}

#[test]
fn a_chain_longer_than_any_object_is_refused() {
    let (mut card, mut host) = installed(0x33);
    for _ in 0..16_384 / 223 {
        assert_eq!(host.status(&mut card, "10DB3FFF", &[0; 223]), 0x9000);
    }
    assert_eq!(host.status(&mut card, "10DB3FFF", &[0; 223]), 0x6700);
    match &card.state().applications[0].program {
        Program::Piv(data) => assert_eq!(data.objects().count(), 0),
        _ => panic!("the PIV application"),
    }
}
