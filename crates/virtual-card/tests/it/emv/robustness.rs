//! No bytes panic the application, and no sequence of commands breaks what must always hold.

use cardwright_virtual_card::{Card, CardState};
use proptest::collection::vec;
use proptest::prelude::*;

use super::answers::{CDOL1_DATA, OPTIONS};
use super::card_data::{bytes, whole};
use super::route::{INSTANCE, issued_as_usual, select, straight};
use crate::world::{card_with, send};

/// Commands a terminal knows, in any order, some of them spoilt.
fn command() -> impl Strategy<Value = Vec<u8>> {
    let known = [
        format!("00A40400 07 {INSTANCE} 00"),
        OPTIONS.to_owned(),
        "80A8000002830000".to_owned(),
        "00B2010C00".to_owned(),
        "00B2011400".to_owned(),
        "80CA9F1700".to_owned(),
        "0084000000".to_owned(),
        "0020008008 241234FFFFFFFFFF".to_owned(),
        "0020008008 241235FFFFFFFFFF".to_owned(),
        format!("00200088 60 {}", "5A".repeat(96)),
        "0088000004 11223344 00".to_owned(),
        format!("80AE8000 1D {CDOL1_DATA} 00"),
        format!("80AE5000 1D {CDOL1_DATA} 00"),
        format!("80AE4000 1F 3030 {CDOL1_DATA} 00"),
        format!("80AE0000 1F 5A33 {CDOL1_DATA} 00"),
        "0082000000".to_owned(),
        format!("00820000 0A {}", "11".repeat(10)),
        "84E2800000".to_owned(),
        "8050000008 1122334455667788 00".to_owned(),
    ];
    let known: Vec<Vec<u8>> = known.iter().map(|text| bytes(text)).collect();
    let spoilt = (prop::sample::select(known.clone()), any::<prop::sample::Index>(), any::<u8>(), 0..3_usize).prop_map(
        |(mut bytes, at, byte, kind)| {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.truncate(at),
                _ => bytes.insert(at, byte),
            }
            bytes
        },
    );
    prop_oneof![4 => prop::sample::select(known), 1 => spoilt, 1 => vec(any::<u8>(), 0..100)]
}

fn figure(card: &mut Card, command: &str) -> u32 {
    let answer = send(card, command);
    u32::from_str_radix(&answer[6..answer.len() - 4], 16).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_terminal_panics_the_card_and_no_counter_goes_back(commands in vec(command(), 1..60)) {
        let mut card = issued_as_usual();
        select(&mut card, INSTANCE);
        let (mut counter, mut wrong_in_a_row) = (0, 0);
        for command in commands {
            let answer = card.transmit(&command);
            prop_assert!(answer.len() >= 2 && answer.len() <= 258);
            let status = &answer[answer.len() - 2..];
            if command.get(1) == Some(&0x20) && status[0] == 0x63 {
                wrong_in_a_row += 1;
            } else if command.get(1) == Some(&0x20) && status == [0x90, 0x00] {
                wrong_in_a_row = 0;
            }
            prop_assert!(wrong_in_a_row <= 3, "more wrong PINs than the limit");
            let mut observer = card_with(CardState::from_json(&card.state().to_json()).unwrap());
            select(&mut observer, INSTANCE);
            let now = figure(&mut observer, "80CA9F3600");
            prop_assert!(now == counter || now == counter + 1);
            counter = now;
            prop_assert_eq!(figure(&mut observer, "80CA9F1700"), 3 - wrong_in_a_row);
        }
    }

    #[test]
    fn no_data_panics_the_personalization(
        cuts in vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>(), 0..4_usize), 1..4),
        p1 in prop::sample::select(vec![0x00_u8, 0x08, 0x60, 0x80, 0xE0, 0xFF]),
    ) {
        let (mut card, mut host) = straight("scp03-i70");
        let mut blocks = host.blocks(&whole());
        for (block, at, byte, kind) in cuts {
            let block = block.index(blocks.len());
            let at = at.index(blocks[block].1.len().max(1));
            let data = &mut blocks[block].1;
            match kind {
                0 if at < data.len() => data[at] = byte,
                1 => data.truncate(at),
                2 if data.len() < 223 => data.insert(at.min(data.len()), byte),
                _ => blocks[block].0 = p1,
            }
        }
        for (number, (p1, data)) in blocks.iter().enumerate() {
            let (_, status) = host.send(&mut card, &format!("80E2{p1:02X}{number:02X}"), data);
            prop_assert!(matches!(status, 0x9000 | 0x6A80 | 0x6A84 | 0x6A86 | 0x6A88 | 0x6985), "{status:04X}");
        }
        let state = card.state().to_json();
        prop_assert!(CardState::from_json(&state).is_ok(), "what a card becomes loads again");
    }
}

/// A state file whose personalization is complete and whose groupings are gone or cut.
#[test]
fn a_state_that_lacks_what_it_promises_answers_and_does_not_panic() {
    let (mut card, mut host) = straight("scp03-i70");
    assert_eq!(host.personalize(&mut card, &whole()), 0x9000);
    let state: serde_json::Value = serde_json::from_slice(&card.state().to_json()).unwrap();
    let count = state["applications"][0]["program"]["emv"]["groupings"]["stored"].as_array().unwrap().len();
    for at in 0..count {
        for content in ["", "70", "FF", "9F"] {
            let mut spoilt = state.clone();
            spoilt["applications"][0]["program"]["emv"]["groupings"]["stored"][at]["content"] = content.into();
            let mut card = card_with(CardState::from_json(spoilt.to_string().as_bytes()).unwrap());
            select(&mut card, INSTANCE);
            for command in [
                OPTIONS.to_owned(),
                "0084000000".to_owned(),
                format!("00200088 60 {}", "5A".repeat(96)),
                "0020008008 241235FFFFFFFFFF".to_owned(),
                "0088000004 11223344 00".to_owned(),
                format!("80AE9000 1D {CDOL1_DATA} 00"),
                format!("80AE4000 1F 3030 {CDOL1_DATA} 00"),
            ] {
                assert!(send(&mut card, &command).len() >= 4);
            }
        }
    }
}

#[test]
fn no_key_and_no_pin_can_be_read() {
    let mut card = issued_as_usual();
    select(&mut card, INSTANCE);
    let mut everything = send(&mut card, OPTIONS);
    for file in 0..32_u8 {
        for record in 0..=255_u8 {
            everything.push_str(&send(&mut card, &format!("00B2{record:02X}{:02X}00", file << 3 | 4)));
        }
    }
    for tag in 0..=u16::MAX {
        everything.push_str(&send(&mut card, &format!("80CA{tag:04X}00")));
    }
    let needle = |content: &[u8]| everything.contains(&hex::encode_upper(content));
    assert!(needle(&bytes("9999010000000017")), "the control: the number is found");
    for secret in whole().iter().filter(|grouping| grouping.way != super::card_data::Way::Clear) {
        assert!(!needle(&secret.content[..8.min(secret.content.len())]), "{:04X}", secret.identifier);
    }
}
