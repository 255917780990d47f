//! A complete identity instance is rewritten: the old content whole or the new one whole, whenever the power fails.

use cardwright_virtual_card::{Card, CardState, PowerCut};

use crate::host::{Scp03, aes_cbc};
use crate::identity::{Groupings, encoded, for_personalization, issue, manifest, person, read_file, store_data};
use crate::world::{IDENTITY, card, card_of, card_with, product, send};

const PIN: &str = "241234FFFFFFFFFF";
const NEW_PIN: &str = "26246810FFFFFFFF";

fn issued() -> Card {
    let mut card = card("scp03-i70");
    let mut host = Scp03::open(&mut card, 0x33);
    issue(&mut card, &mut host);
    card.reset();
    card
}

/// A moved and married holder: a long stream, over several commands.
fn changed() -> Groupings {
    let photo = [&[0xFF, 0xD8, 0xFF, 0xE0][..], &[0x5A; 900]].concat();
    vec![(0x0101, "Zoë Ångström".as_bytes().to_vec()), (0x0110, vec![1; 300]), (0x0201, photo)]
}

fn new_pin() -> Groupings {
    vec![(0x0301, hex::decode(NEW_PIN).unwrap())]
}

/// What is there after `new` was written over `old`.
fn merged(old: &Groupings, new: &Groupings) -> Groupings {
    let kept = old.iter().filter(|(identifier, _)| new.iter().all(|(other, _)| other != identifier));
    let mut merged: Groupings = kept.chain(new).cloned().collect();
    merged.sort();
    merged
}

/// Everything a reader sees, and the PIN that is right: of the two that these tests know.
fn content(card: &mut Card) -> Groupings {
    card.reset();
    assert!(send(card, &format!("00A404000A{IDENTITY}00")).ends_with("9000"), "it can be selected");
    let right = [PIN, NEW_PIN].into_iter().find(|pin| send(card, &format!("0020000108{pin}")) == "9000");
    let mut content = vec![(0x0301, hex::decode(right.expect("one of the two PINs")).unwrap())];
    for identifier in [0x0101, 0x0102, 0x0103, 0x0110, 0x0201] {
        if send(card, &format!("00A4020C02{identifier:04X}")) == "9000" {
            content.push((identifier, read_file(card)));
        }
    }
    content.sort();
    content
}

fn begin(card: &mut Card) -> Scp03 {
    card.reset();
    let mut host = Scp03::open(card, 0x33);
    assert_eq!(host.status(card, "80E62000", &for_personalization()), 0x9000);
    host
}

/// Sends the stream of `groupings`; the last status word.
fn rewrite(card: &mut Card, groupings: &Groupings) -> u16 {
    let mut host = begin(card);
    let mut status = 0;
    for (header, data) in store_data(groupings) {
        status = host.status(card, &header, &data);
        if status != 0x9000 {
            break;
        }
    }
    status
}

fn sorted(mut groupings: Groupings) -> Groupings {
    groupings.sort();
    groupings
}

#[test]
fn what_a_stream_brings_takes_the_place_of_the_old_and_the_rest_stays() {
    let mut card = issued();
    assert_eq!(content(&mut card), sorted(person()), "the control");
    let free = card.state().memory_free();
    assert_eq!(rewrite(&mut card, &changed()), 0x9000);
    assert_eq!(content(&mut card), merged(&person(), &changed()));
    let size = |files: &Groupings| files.iter().map(|(_, data)| data.len() as u32 + 8).sum::<u32>();
    let growth = size(&merged(&person(), &changed())) - size(&person());
    assert_eq!(card.state().memory_free(), free - growth, "what was replaced takes no memory any more");
    assert_eq!(rewrite(&mut card, &changed()), 0x9000, "and again");
    assert_eq!(card.state().memory_free(), free - growth);
}

#[test]
fn cut_at_any_command_the_old_is_whole_or_the_new_is_whole() {
    for stream in [changed(), new_pin(), person()] {
        let (old, new) = (sorted(person()), merged(&person(), &stream));
        let commands = store_data(&stream);
        for at in 0..=commands.len() {
            for cut in [PowerCut::Before, PowerCut::AfterWrites(0), PowerCut::AfterWrites(1), PowerCut::BeforeAnswer] {
                let mut card = issued();
                let wrapped = if at == 0 {
                    Scp03::open(&mut card, 0x33).wrap([0x80, 0xE6, 0x20, 0x00], &for_personalization())
                } else {
                    let mut host = begin(&mut card);
                    for (header, data) in &commands[..at - 1] {
                        assert_eq!(host.status(&mut card, header, data), 0x9000);
                    }
                    let header = hex::decode(&commands[at - 1].0).unwrap().try_into().unwrap();
                    host.wrap(header, &commands[at - 1].1)
                };
                card.transmit_and_cut(&wrapped, cut);
                let written = at == commands.len() && !matches!(cut, PowerCut::Before | PowerCut::AfterWrites(0));
                assert_eq!(content(&mut card), if written { &new[..] } else { &old }, "command {at}, {cut:?}");
                assert_eq!(rewrite(&mut card, &stream), 0x9000, "the whole stream once more");
                assert_eq!(content(&mut card), new);
            }
        }
    }
}

/// The control of the test above: a card that were rewritten in place would show a mixture, and be caught.
#[test]
fn a_mixture_of_old_and_new_would_be_noticed() {
    let mixture = merged(&person(), &changed()[..1].to_vec());
    assert_ne!(mixture, sorted(person()));
    assert_ne!(mixture, merged(&person(), &changed()));
}

#[test]
fn the_rest_of_a_stream_that_was_cut_is_never_mixed_into_the_next() {
    let mut card = issued();
    let mut host = begin(&mut card);
    let name = vec![(0x0101, b"Somebody Else".to_vec())];
    assert_eq!(host.status(&mut card, "80E20800", &encoded(&name)), 0x9000);
    let other = vec![(0x0110, vec![7; 10])];
    assert_eq!(rewrite(&mut card, &other), 0x9000);
    assert_eq!(content(&mut card), merged(&person(), &other), "the name is the old one");
    let mut host = begin(&mut card);
    assert_eq!(host.status(&mut card, "80E20800", &encoded(&name)), 0x9000);
    let (_, last) = store_data(&other).pop().unwrap();
    assert_eq!(host.status(&mut card, "80E28801", &last), 0x6A80, "the manifest names less than has arrived");
    assert_eq!(content(&mut card), merged(&person(), &other));
}

#[test]
fn the_manifest_of_a_rewriting_names_its_groupings_and_no_others() {
    let stream = changed();
    let send_with = |manifest: Vec<u8>| {
        let mut card = issued();
        let mut host = begin(&mut card);
        let commands = encoded(&stream);
        for (number, block) in commands.chunks(200).enumerate() {
            assert_eq!(host.status(&mut card, &format!("80E208{number:02X}"), block), 0x9000);
        }
        let number = commands.len().div_ceil(200);
        let mut status = 0;
        let whole = encoded(&vec![(0x7FFF, manifest)]);
        let count = whole.len().div_ceil(200);
        for (index, block) in whole.chunks(200).enumerate() {
            let last = if index + 1 == count { 0x88 } else { 0x08 };
            status = host.status(&mut card, &format!("80E2{last:02X}{:02X}", number + index), block);
        }
        (status, content(&mut card) == merged(&person(), &stream))
    };
    assert_eq!(send_with(manifest(&stream)), (0x9000, true), "the control");
    assert_eq!(send_with(manifest(&merged(&person(), &stream))), (0x6A80, false), "what stays is not named");
    assert_eq!(send_with(manifest(&stream[..2].to_vec())), (0x6A80, false));
    assert_eq!(send_with(vec![0]), (0x6A80, false));
    let mut card = issued();
    let mut host = begin(&mut card);
    assert_eq!(host.status(&mut card, "80E28800", &encoded(&vec![(0x7FFF, vec![0])])), 0x6A80, "a stream of nothing");
    assert_eq!(content(&mut card), sorted(person()));
}

fn block_the_pin(card: &mut Card) {
    card.reset();
    send(card, &format!("00A404000A{IDENTITY}00"));
    for expected in ["63C2", "63C1", "6983", "6983"] {
        assert_eq!(send(card, "0020000108240000FFFFFFFFFF"), expected);
    }
}

#[test]
fn a_stream_of_the_pin_alone_changes_it_and_gives_its_tries_back() {
    for pin in [PIN, NEW_PIN] {
        let mut card = issued();
        block_the_pin(&mut card);
        let stream = vec![(0x0301, hex::decode(pin).unwrap())];
        assert_eq!(rewrite(&mut card, &stream), 0x9000);
        send(&mut card, &format!("00A404000A{IDENTITY}00"));
        assert_eq!(send(&mut card, "00200001"), "63C3", "not verified, all tries");
        assert_eq!(content(&mut card), merged(&person(), &stream));
        send(&mut card, &format!("00A404000A{IDENTITY}00"));
        let other = if pin == PIN { NEW_PIN } else { PIN };
        assert_eq!(send(&mut card, &format!("0020000108{other}")), "63C2");
    }
}

#[test]
fn a_stream_without_the_pin_leaves_its_tries_alone() {
    let mut card = issued();
    block_the_pin(&mut card);
    assert_eq!(rewrite(&mut card, &vec![(0x0101, b"New Name".to_vec())]), 0x9000);
    send(&mut card, &format!("00A404000A{IDENTITY}00"));
    assert_eq!(send(&mut card, &format!("0020000108{PIN}")), "6983", "a new name gives no try back");
}

#[test]
fn a_pin_change_that_is_cut_leaves_the_old_pin_with_its_tries_or_the_new_with_all() {
    let commands = store_data(&new_pin());
    let [(header, data)] = &commands[..] else { panic!("PIN and manifest fit one command") };
    let mut card = issued();
    send(&mut card, &format!("00A404000A{IDENTITY}00"));
    assert_eq!(send(&mut card, "0020000108240000FFFFFFFFFF"), "63C2");
    card.reset();
    let states = crate::power::all_cuts(&mut card, |card| {
        begin(card).wrap(hex::decode(header).unwrap().try_into().unwrap(), data)
    });
    let tries = |state: CardState| {
        let mut card = card_with(state);
        send(&mut card, &format!("00A404000A{IDENTITY}00"));
        let tries = send(&mut card, "00200001");
        (tries, send(&mut card, &format!("0020000108{PIN}")) == "9000")
    };
    let seen: Vec<_> = states.into_iter().map(tries).collect();
    assert_eq!(seen, [("63C2".into(), true), ("63C3".into(), false), ("63C3".to_owned(), false)]);
}

#[test]
fn the_new_pin_may_come_under_the_dek() {
    let mut card = issued();
    let mut host = begin(&mut card);
    let block = hex::decode(NEW_PIN).unwrap();
    let under_dek = aes_cbc(&host.dek, [0; 16], &[&block[..], &[0x80, 0, 0, 0, 0, 0, 0, 0]].concat());
    assert_eq!(host.status(&mut card, "80E26800", &encoded(&vec![(0x0301, under_dek)])), 0x9000);
    assert_eq!(host.status(&mut card, "80E28801", &encoded(&vec![(0x7FFF, manifest(&new_pin()))])), 0x9000);
    assert_eq!(content(&mut card), merged(&person(), &new_pin()));
}

#[test]
fn the_instance_stays_selectable_and_in_use_while_it_is_rewritten() {
    let mut card = issued();
    let mut host = begin(&mut card);
    let commands = store_data(&changed());
    for (header, data) in &commands[..commands.len() - 1] {
        assert_eq!(host.status(&mut card, header, data), 0x9000);
    }
    assert_eq!(card.state().applications[0].life_cycle_code(), 0x07);
    assert_eq!(content(&mut card), sorted(person()), "another reader sees the old content, and its PIN works");
}

#[test]
fn a_photo_without_a_pin_stays_refused() {
    let mut card = card("scp03-i70");
    let mut host = Scp03::open(&mut card, 0x33);
    assert_eq!(host.status(&mut card, "80E60C00", &crate::identity::install_data()), 0x9000);
    assert_eq!(rewrite(&mut card, &person()[..3].to_vec()), 0x9000, "a first personalization, without PIN");
    assert_eq!(rewrite(&mut card, &person()[4..].to_vec()), 0x6A86, "the photo is protected by a PIN or is not there");
    assert_eq!(rewrite(&mut card, &person()[3..].to_vec()), 0x9000, "with its PIN it is taken");
    assert_eq!(content(&mut card), sorted(person()));
}

#[test]
fn old_and_new_content_take_memory_until_the_last_command() {
    let mut little = product("scp03-i70-small");
    little.memory = 4135 + 72 + 64 + 3000;
    let mut card = card_of(little);
    let mut host = Scp03::open(&mut card, 0x33);
    issue(&mut card, &mut host);
    let free = card.state().memory_free();
    let large = vec![(0x0110, vec![1; 2500])];
    assert_eq!(rewrite(&mut card, &large), 0x6A84);
    let fitting = vec![(0x0110, vec![1; 1000])];
    assert_eq!(rewrite(&mut card, &fitting), 0x9000, "what was left of the stream before is gone");
    assert_eq!(card.state().memory_free(), free - 1008);
    let one_too_long = card.state().memory_free() as usize - 7;
    assert_eq!(rewrite(&mut card, &vec![(0x0110, vec![2; one_too_long])]), 0x6A84, "the old one is still there");
    assert_eq!(content(&mut card), merged(&person(), &fitting));
}

#[test]
fn a_rewriting_begins_with_install_for_personalization_and_ends_with_its_manifest() {
    let mut card = issued();
    let mut host = begin(&mut card);
    let commands = store_data(&new_pin());
    assert_eq!(host.status(&mut card, "80E20800", &commands[0].1), 0x9000, "without the bit of the last command");
    assert_eq!(host.status(&mut card, "80E20801", &encoded(&changed()[..1].to_vec())), 0x6985, "it has ended");
    let instance = hex::decode(format!("4F0A{IDENTITY}")).unwrap()[2..].to_vec();
    assert_eq!(host.status(&mut card, "80F04080", &instance), 0x9000);
    assert_eq!(host.status(&mut card, "80E62000", &for_personalization()), 0x6985, "a locked one is not rewritten");
}
