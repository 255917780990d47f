//! The power fails at every write: counters never come back, tries are never given back, half a card is no card.

use cardwright_virtual_card::{Card, CardState, PowerCut};

use super::answers::*;
use super::card_data::*;
use super::issuer::{Issuer, card_of, reported};
use super::route::*;
use crate::world::{card_with, send};

fn copy(card: &Card) -> Card {
    card_with(CardState::from_json(&card.state().to_json()).unwrap())
}

fn counter(card: &mut Card) -> u16 {
    select(card, INSTANCE);
    u16::from_str_radix(&send(card, "80CA9F3600")[6..10], 16).unwrap()
}

fn tries(card: &mut Card) -> u8 {
    select(card, INSTANCE);
    u8::from_str_radix(&send(card, "80CA9F1700")[6..8], 16).unwrap()
}

const CUTS: [PowerCut; 5] = [
    PowerCut::Before,
    PowerCut::AfterWrites(0),
    PowerCut::AfterWrites(1),
    PowerCut::AfterWrites(2),
    PowerCut::BeforeAnswer,
];

#[test]
fn no_counter_is_ever_used_twice() {
    let mut card = issued_as_usual();
    let mut used = Vec::new();
    for round in 0..3 {
        for cut in CUTS {
            select(&mut card, INSTANCE);
            card.transmit_and_cut(&bytes(OPTIONS), cut);
            begin(&mut card);
            used.push(first(&mut card, if round == 1 { TC } else { ARQC }).counter());
            let command = [bytes("80AE4000 1F 3030"), bytes(CDOL1_DATA)].concat();
            card.transmit_and_cut(&command, cut);
        }
    }
    assert!(used.is_sorted_by(|one, next| one < next), "{used:?}");
    assert_eq!(counter(&mut card), *used.last().unwrap());
}

#[test]
fn a_counter_that_was_not_written_gives_no_answer() {
    let mut card = issued_as_usual();
    select(&mut card, INSTANCE);
    assert_eq!(card.transmit_and_cut(&bytes(OPTIONS), PowerCut::AfterWrites(0)), 0);
    assert_eq!(counter(&mut card), 0);
    assert_eq!(card.transmit_and_cut(&bytes(OPTIONS), PowerCut::BeforeAnswer), 1);
    assert_eq!(counter(&mut card), 1);
}

#[test]
fn a_wrong_pin_costs_a_try_wherever_the_power_fails_and_a_right_one_never_more_than_one() {
    let card = issued_as_usual();
    for (command, expected) in [
        ("0020008008241235FFFFFFFFFF", [3, 3, 2, 2, 2]),
        ("0020008008241234FFFFFFFFFF", [3, 3, 2, 3, 3]), // one write takes the try, another gives it back
    ] {
        let left = CUTS.map(|cut| {
            let mut card = copy(&card);
            select(&mut card, INSTANCE);
            card.transmit_and_cut(&bytes(command), cut);
            tries(&mut card)
        });
        assert_eq!(left, expected, "{command}");
    }
}

#[test]
fn nobody_gets_more_wrong_pins_than_the_limit_by_pulling_the_card_out() {
    let mut card = issued_as_usual();
    let mut compared = 0;
    for round in 0..40 {
        select(&mut card, INSTANCE);
        let wrong = bytes("0020008008 249999FFFFFFFFFF");
        match CUTS.get(round % 7) {
            Some(cut) => {
                let writes = card.transmit_and_cut(&wrong, *cut);
                compared += writes;
            }
            None => compared += u64::from(card.transmit(&wrong)[0] == 0x63),
        }
        assert!(tries(&mut card) <= 3);
    }
    assert_eq!(compared, 3);
    assert_eq!(tries(&mut card), 0);
}

#[test]
fn a_card_pulled_out_after_its_arqc_wants_to_go_online() {
    let mut card = issued_as_usual();
    begin(&mut card);
    assert_eq!(first(&mut card, ARQC).kind(), ARQC);
    card.reset();
    begin(&mut card);
    assert_eq!(first(&mut card, TC).kind(), ARQC);
    let mut card = issued_as_usual();
    begin(&mut card);
    let command = [bytes("80AE8000 1D"), bytes(CDOL1_DATA)].concat();
    assert_eq!(card.transmit_and_cut(&command, PowerCut::AfterWrites(0)), 0);
    begin(&mut card);
    assert_eq!(first(&mut card, TC).kind(), TC, "no ARQC went out");
}

#[test]
fn an_online_approval_is_remembered_whole_or_not_at_all() {
    for (cut, expected) in CUTS.into_iter().zip([0, 0, 1, 1, 1]) {
        let mut card = issued_as_usual();
        begin(&mut card);
        let cryptogram = first(&mut card, ARQC).cryptogram();
        assert_eq!(authenticate_issuer(&mut card, &response_1(&AC_KEY, cryptogram, b"00")), 0x9000);
        let command = [bytes("80AE4000 1F 3030"), bytes(CDOL1_DATA)].concat();
        card.transmit_and_cut(&command, cut);
        select(&mut card, INSTANCE);
        assert_eq!(send(&mut card, "80CA9F1300"), format!("9F13020{:03X}9000", expected), "{cut:?}");
        begin(&mut card);
        let kind = if expected == 1 { TC } else { ARQC };
        assert_eq!(first(&mut card, TC).kind(), kind, "{cut:?}");
    }
}

#[test]
fn a_personalization_cut_anywhere_is_no_card_and_can_be_finished() {
    let count = straight("scp03-i70").1.blocks(&whole()).len();
    for at in 0..count {
        for cut in [PowerCut::AfterWrites(0), PowerCut::BeforeAnswer] {
            let (mut card, mut host) = straight("scp03-i70");
            let blocks = host.blocks(&whole());
            assert_eq!(host.store(&mut card, &blocks[..at]), 0x9000);
            let Host::Scp03(channel) = &mut host else { panic!("SCP03") };
            let wrapped = channel.wrap([0x80, 0xE2, blocks[at].0, at as u8], &blocks[at].1);
            card.transmit_and_cut(&wrapped, cut);
            select(&mut card, INSTANCE);
            let complete = at + 1 == count && cut == PowerCut::BeforeAnswer;
            assert_eq!(send(&mut card, OPTIONS).ends_with("9000"), complete, "{at} {cut:?}");
            if !complete {
                let mut host = finishing(&mut card);
                assert_eq!(host.personalize(&mut card, &whole()), 0x9000, "{at} {cut:?}");
                assert_eq!(online(&mut card), 1);
            }
        }
    }
}

/// A new channel; a grouping that was cut short is dropped by INSTALL [for personalization].
fn finishing(card: &mut Card) -> Host {
    card.reset();
    let mut host = Host::open(card);
    assert_eq!(host.status(card, "80E62000", &for_personalization(INSTANCE)), 0x9000);
    host
}

/// What a terminal and an issuer can see of a card: limits, the second record, the tries, both PINs, SELECT.
fn seen(card: &mut Card) -> [String; 6] {
    let selected = select(card, INSTANCE).1;
    let answers =
        ["80CA9F5800", "00B2011400", "80CA9F1700", "0020008008241234FFFFFFFFFF", "00200080082598765FFFFFFFFF"]
            .map(|command| send(card, command));
    let [limit, record, tries, old, new] = answers;
    [limit, record, tries, old, new, format!("{selected:04X}")]
}

#[test]
fn a_script_command_that_is_cut_is_done_and_counted_or_neither() {
    let record = tlv("70", &[tlv("9F47", &[3]), tlv("9F2E", &[1, 0, 1]), tlv("5F20", b"NEW")].concat());
    for (header, data) in [
        ("04DA9F58", vec![1]),
        ("04DC0114", record),
        ("84240000", vec![]),
        ("84240002", bytes("2598765FFFFFFFFF")),
        ("841E0000", vec![]),
        ("84160000", vec![]),
    ] {
        let mut card = card_of(0x12);
        select(&mut card, INSTANCE);
        send(&mut card, "0020008008249999FFFFFFFFFF");
        let before = seen(&mut copy(&card));
        let states = crate::power::all_cuts(&mut card, |card| {
            let issuer = Issuer::online(card, 0x12);
            let data = if header == "84240002" { issuer.enciphered(&data) } else { data.clone() };
            issuer.command(header, &data)
        });
        assert_eq!(states.len(), 3, "{header}: one write");
        for (number, state) in states.into_iter().enumerate() {
            let changed = number > 0;
            assert_eq!(seen(&mut copy(&card_with(CardState::from_json(&state.to_json()).unwrap()))) != before, changed);
            let mut card = card_with(state);
            if !matches!(header, "84160000" | "841E0000") {
                assert_eq!(reported(&mut card), if changed { 0x10 } else { 0x00 }, "{header}");
            }
        }
    }
}

#[test]
fn a_refusal_that_is_cut_is_noted_or_not_and_changes_nothing() {
    let mut card = card_of(0x0A);
    let before = seen(&mut copy(&card));
    let states = crate::power::all_cuts(&mut card, |card| {
        let issuer = Issuer::online(card, 0x0A);
        let mut command = issuer.command("04DA9F58", &[1]);
        command[5] ^= 1;
        command
    });
    let noted: Vec<u8> = states
        .into_iter()
        .map(|state| {
            let mut card = card_with(state);
            assert_eq!(seen(&mut copy(&card)), before);
            reported(&mut card)
        })
        .collect();
    assert_eq!(noted, [0x00, 0x08, 0x08]);
}
