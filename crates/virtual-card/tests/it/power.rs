//! The power fails at every write of every command: what is atomic stays whole, what is not is torn where it may be.

use cardwright_virtual_card::applications::Program;
use cardwright_virtual_card::{Card, CardState, PowerCut};

use crate::host::Scp03;
use crate::identity::{for_personalization, install_data, issue, person, read_everything, store_data};
use crate::world::{card, card_with, send};

/// The same card once more.
fn copy(card: &Card) -> Card {
    card_with(CardState::from_json(&card.state().to_json()).unwrap())
}

/// Every state that a cut of `command` can leave, from `state` before it; the last is that of the whole command.
pub(crate) fn all_cuts(card: &mut Card, prepare: impl Fn(&mut Card) -> Vec<u8>) -> Vec<CardState> {
    let mut states = Vec::new();
    for allowed in 0.. {
        let mut victim = copy(card);
        let command = prepare(&mut victim);
        let made = victim.transmit_and_cut(&command, PowerCut::AfterWrites(allowed));
        assert!(made <= allowed);
        states.push(CardState::from_json(&victim.state().to_json()).unwrap());
        if made < allowed {
            return states;
        }
    }
    states
}

#[test]
fn put_key_is_the_old_set_or_the_new_and_nothing_between() {
    let keys = [vec![1; 16], vec![2; 16], vec![3; 16]];
    let states = all_cuts(&mut card("scp03-i70"), |card| {
        let mut host = Scp03::open(card, 0x33);
        let data = host.key_data(0x30, &keys);
        host.wrap([0x80, 0xD8, 0x30, 0x81], &data)
    });
    assert_eq!(states.len(), 3, "cut before its one write, after it, and not at all");
    let is_new = |state: &CardState| {
        let new = state.key_sets[0].keys.iter().zip(&keys).filter(|(key, new)| key.value.equals(new)).count();
        assert!(new == 0 || new == 3, "{new} of 3 keys are new");
        new == 3
    };
    assert_eq!(states.iter().map(is_new).collect::<Vec<_>>(), [false, true, true]);
}

#[test]
fn one_store_data_is_whole_or_not_there() {
    let mut card = card("scp03-i70");
    let mut host = Scp03::open(&mut card, 0x33);
    assert_eq!(host.status(&mut card, "80E60C00", &install_data()), 0x9000);
    let block = store_data(&person())[0].1.clone();
    let states = all_cuts(&mut card, |card| {
        let mut host = Scp03::open(card, 0x33);
        assert_eq!(host.status(card, "80E62000", &for_personalization()), 0x9000);
        host.wrap([0x80, 0xE2, 0x08, 0x00], &block)
    });
    let files = |state: &CardState| match &state.applications[0].program {
        Program::Identity(data) => data.files().count(),
        _ => panic!("the identity application"),
    };
    assert_eq!(states.iter().map(files).collect::<Vec<_>>(), [0, 4, 4], "name, number, validity and PIN together");
}

#[test]
fn deleting_with_instances_is_torn_and_rolls_forward() {
    let mut product = crate::world::product("scp03-i70");
    product.preloaded.truncate(1);
    let mut card = crate::world::card_of(product);
    let mut host = Scp03::open(&mut card, 0x33);
    for number in 1..=3 {
        let install = format!("09F043415244574944000AF04341524457494400010AF0434152445749440{number:03X}010002C90000");
        assert_eq!(host.status(&mut card, "80E60400", &hex::decode(install).unwrap()), 0x9000);
    }
    let delete = |card: &mut Card| {
        let data = hex::decode("4F09F04341524457494400").unwrap();
        Scp03::open(card, 0x33).wrap([0x80, 0xE4, 0x00, 0x80], &data)
    };
    let states = all_cuts(&mut card, delete);
    let left: Vec<_> = states.iter().map(|state| (state.applications.len(), state.packages.len())).collect();
    assert_eq!(left, [(3, 1), (2, 1), (1, 1), (0, 1), (0, 0), (0, 0)]);
    for state in states.into_iter().filter(|state| !state.packages.is_empty()) {
        let mut torn = card_with(state);
        let again = delete(&mut torn);
        assert!(torn.transmit(&again).ends_with(&[0x90, 0x00]));
        assert!(torn.state().packages.is_empty() && torn.state().applications.is_empty());
    }
}

#[test]
fn a_personalization_cut_at_any_command_is_finished_in_a_later_session() {
    let commands = store_data(&person());
    for at in 0..commands.len() {
        for cut in [PowerCut::Before, PowerCut::AfterWrites(0), PowerCut::BeforeAnswer] {
            let mut card = card("scp03-i70");
            let mut host = Scp03::open(&mut card, 0x33);
            assert_eq!(host.status(&mut card, "80E60C00", &install_data()), 0x9000);
            assert_eq!(host.status(&mut card, "80E62000", &for_personalization()), 0x9000);
            for (header, data) in &commands[..at] {
                assert_eq!(host.status(&mut card, header, data), 0x9000);
            }
            let header: [u8; 4] = hex::decode(&commands[at].0).unwrap().try_into().unwrap();
            let wrapped = host.wrap(header, &commands[at].1);
            card.transmit_and_cut(&wrapped, cut);
            let complete = at + 1 == commands.len() && cut == PowerCut::BeforeAnswer;
            let selected = send(&mut card, "00A404000AF043415244574944000100");
            assert_eq!(selected.ends_with("9000"), complete, "half-written is never readable");
            if !complete {
                assert_eq!(selected, "6985");
                let mut host = Scp03::open(&mut card, 0x33);
                assert_eq!(host.status(&mut card, "80E62000", &for_personalization()), 0x9000);
                for (header, data) in &commands {
                    assert_eq!(host.status(&mut card, header, data), 0x9000, "again after {at} {cut:?}");
                }
            }
            read_everything(&mut card);
        }
    }
}

#[test]
fn a_cut_gives_no_try_back() {
    let mut card = card("scp03-i70");
    let mut host = Scp03::open(&mut card, 0x33);
    issue(&mut card, &mut host);
    send(&mut card, "00A404000AF043415244574944000100");
    let wrong = hex::decode("0020000108241235FFFFFFFFFF").unwrap();
    card.transmit_and_cut(&wrong, PowerCut::AfterWrites(1));
    send(&mut card, "00A404000AF043415244574944000100");
    assert_eq!(send(&mut card, "00200001"), "63C2");

    let states = all_cuts(&mut crate::world::card("scp03-i70"), |card| {
        let keys = crate::world::static_keys(&card.state().product);
        let (_, mut cryptogram) = Scp03::challenge(card, &keys, 0, 0x33).unwrap();
        cryptogram[0] ^= 1;
        [&[0x84, 0x82, 0x33, 0, 16][..], &cryptogram, &[0; 8]].concat()
    });
    assert_eq!(states.iter().map(|state| state.key_sets[0].failures).collect::<Vec<_>>(), [0, 1, 1]);
}

#[test]
fn a_cut_ends_the_channel_and_the_load() {
    let mut card = card("scp03-i70");
    let mut host = Scp03::open(&mut card, 0x33);
    let command = host.wrap([0x80, 0xF2, 0x80, 0x02], &[0x4F, 0]);
    assert_eq!(card.transmit_and_cut(&command, PowerCut::BeforeAnswer), 0);
    assert_eq!(host.status(&mut card, "80F28002", &[0x4F, 0]), 0x6982);
}

#[test]
fn a_load_that_is_cut_leaves_nothing_behind() {
    let mut product = crate::world::product("scp03-i70");
    product.preloaded = Vec::new();
    let mut card = crate::world::card_of(product);
    let free = card.state().memory_free();
    let block = cardwright_virtual_card::applications::built_in::all()[0].load_file_data_block();
    let file = [&[0xC4, block.len() as u8][..], &block].concat();
    let (first, second) = file.split_at(20);
    let states = all_cuts(&mut card, |card| {
        let mut host = Scp03::open(card, 0x11);
        let announced = hex::decode("09F0434152445749440000000000").unwrap();
        assert_eq!(host.status(card, "80E60200", &announced), 0x9000);
        assert_eq!(host.status(card, "80E80000", first), 0x9000);
        host.wrap([0x80, 0xE8, 0x80, 0x01], second)
    });
    assert_eq!(states.iter().map(|state| state.packages.len()).collect::<Vec<_>>(), [0, 1, 1]);
    assert_eq!(states[0].memory_free(), free);
}
