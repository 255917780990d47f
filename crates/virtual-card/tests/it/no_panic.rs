//! No input panics the card, and every answer has a status word.

use cardwright_virtual_card::{CardProduct, CardState};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::host::{Scp03, transmit};
use crate::identity::{for_personalization, install_data};
use crate::piv::issue::installed;
use crate::world::{card, card_with};

/// Commands that reach somewhere: known class and instruction, anything after.
fn command() -> impl Strategy<Value = Vec<u8>> {
    let known = (
        prop::sample::select(vec![0x00_u8, 0x04, 0x10, 0x14, 0x80, 0x84]),
        prop::sample::select(vec![
            0x20_u8, 0x24, 0x2C, 0x47, 0x50, 0x82, 0x87, 0xA4, 0xB0, 0xC0, 0xCA, 0xCB, 0xD8, 0xDB, 0xE2, 0xE4, 0xE6,
            0xE8, 0xF0, 0xF2,
        ]),
        any::<[u8; 2]>(),
        vec(any::<u8>(), 0..64),
    );
    let formed = known.prop_map(|(cla, ins, [p1, p2], data)| {
        let mut bytes = vec![cla, ins, p1, p2];
        if !data.is_empty() {
            bytes.push(data.len() as u8);
            bytes.extend_from_slice(&data);
        }
        bytes.push(0);
        bytes
    });
    prop_oneof![3 => formed, 1 => vec(any::<u8>(), 0..300)]
}

/// Commands of the PIV application, cut and changed at one place.
fn piv_command() -> impl Strategy<Value = Vec<u8>> {
    let seeds = [
        "00A4040009A0000003080000100000",
        "00CB3FFF055C035FC10800",
        "00CB3FFF035C017E00",
        "0020008008313233343536FFFF",
        "00200080",
        "0024008010313233343536FFFF313233343536FFFF",
        "002C0080103837363534333231313233343536FFFF",
        "0087119E267C2482008120111111111111111111111111111111111111111111111111111111111111111100",
        "0087119D4B7C498200854104111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111100",
        "1087119E0A7C2482008120111111",
        "0087039B047C02800000",
        "0087039B167C148008111111111111111181081111111111111111",
        "0047009A05AC0380011100",
        "00DB3FFF0B5C035FC1095304010131FE",
        "10DB3FFF055C035FC109",
        "0024FF80083132333435360000",
        "80E28000",
        "00FD000000",
        "00F8000000",
        "80500000081122334455667788",
    ];
    let seeds: Vec<_> = seeds.iter().map(|seed| hex::decode(seed).unwrap()).collect();
    (prop::sample::select(seeds), any::<prop::sample::Index>(), any::<u8>(), 0..5_usize).prop_map(
        |(mut bytes, at, byte, kind)| {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.truncate(at),
                2 => bytes.insert(at, byte),
                _ => {}
            }
            bytes
        },
    )
}

fn stored(name: &str) -> CardState {
    let path = format!("{}/tests/states/{name}", env!("CARGO_MANIFEST_DIR"));
    CardState::from_json(&std::fs::read(path).unwrap()).unwrap()
}

/// Structured data: what commands hold, cut and shuffled.
fn data() -> impl Strategy<Value = Vec<u8>> {
    let seeds = vec![
        install_data(),
        for_personalization(),
        hex::decode("4F05F000000001").unwrap(),
        hex::decode("0101034142430102083132333435363738").unwrap(),
        hex::decode("3088111000112233445566778899AABBCCDDEEFF03123456").unwrap(),
        hex::decode("0070084202AABB4502CCDD").unwrap(),
        hex::decode("AC03800111").unwrap(),
        hex::decode("5C035FC109530401025A5A").unwrap(),
        hex::decode("7E124F0BA0000003080000100001005F2F024000").unwrap(),
        hex::decode("313233343536FFFF").unwrap(),
        hex::decode("08000102030405060708090A0B0C0D0E0F").unwrap(),
    ];
    (prop::sample::select(seeds), any::<prop::sample::Index>(), any::<u8>(), 0..3_usize).prop_map(
        |(mut bytes, at, byte, kind)| {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.truncate(at),
                _ => bytes.insert(at, byte),
            }
            bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_sequence_of_bytes_panics_the_card(commands in vec(command(), 1..40)) {
        let mut card = card("scp03-i70");
        for bytes in commands {
            prop_assert!(card.transmit(&bytes).len() >= 2);
        }
    }

    #[test]
    fn no_authenticated_command_panics_the_card(
        steps in vec((prop::sample::select(vec![0xD8_u8, 0xE2, 0xE4, 0xE6, 0xE8, 0xF0, 0xF2]), any::<[u8; 2]>(), data()), 1..30),
        in_the_middle_of_its_life: bool,
    ) {
        let mut card = if in_the_middle_of_its_life {
            card_with(stored("format-1-life.json"))
        } else {
            card("scp03-i70")
        };
        let mut host = Scp03::open(&mut card, 0x33);
        for (instruction, [p1, p2], data) in steps {
            let p1 = if p1 & 1 == 0 { p1 & 0xEE } else { [0x04, 0x20, 0x08, 0x0C, 0x40, 0x80][usize::from(p1) % 6] };
            let wrapped = host.wrap([0x80, instruction, p1, p2 & 0x03], &data);
            let answer = card.transmit(&wrapped);
            prop_assert!(answer.len() >= 2 && answer.len() <= 258);
            host.unwrap(&answer);
        }
        let state = card.state().to_json();
        prop_assert!(CardState::from_json(&state).is_ok(), "what a card becomes loads again");
    }

    #[test]
    fn no_command_panics_an_issued_piv_card(steps in vec(piv_command(), 1..60)) {
        let mut card = card_with(stored("format-1-piv-p256.json"));
        for bytes in steps {
            prop_assert!(card.transmit(&bytes).len() >= 2);
        }
        let state = card.state().to_json();
        prop_assert!(CardState::from_json(&state).is_ok(), "what a card becomes loads again");
    }

    #[test]
    fn no_command_of_the_issuer_panics_the_piv_application(
        steps in vec((prop::sample::select(vec![0x24_u8, 0x47, 0xCB, 0xDB, 0xE2]), any::<[u8; 3]>(), data()), 1..30),
    ) {
        let (mut card, mut host) = installed(0x33);
        for (instruction, [class, p1, p2], data) in steps {
            let cla = if instruction == 0xE2 { 0x80 } else { class & 0x10 };
            let p1 = [0x00, 0xFF, 0x80, 0x3F][usize::from(p1) % 4];
            let p2 = [0x00, 0x9A, 0x9B, 0x80, 0x81, 0xFF, p2][usize::from(p2) % 7];
            let answer = transmit(&mut card, &host.wrap([cla, instruction, p1, p2], &data));
            host.unwrap(&answer);
        }
        prop_assert!(CardState::from_json(&card.state().to_json()).is_ok(), "what a card becomes loads again");
    }

    #[test]
    fn no_text_panics_the_readers_of_products_and_states(text in ".{0,300}") {
        let _ = CardProduct::from_toml(&text);
        let _ = CardState::from_json(text.as_bytes());
    }
}
