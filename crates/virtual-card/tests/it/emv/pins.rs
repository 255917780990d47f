//! The PIN, in clear and enciphered, and its tries.

use openssl::pkey::Private;
use openssl::rsa::{Padding, Rsa};

use super::answers::{TC, begin, first};
use super::card_data::*;
use super::route::{INSTANCE, issued, issued_as_usual, select};
use crate::world::send;

const RIGHT: &str = "0020008008 241234FFFFFFFFFF";
const WRONG: &str = "0020008008 241235FFFFFFFFFF";

fn tries(card: &mut cardwright_virtual_card::Card) -> String {
    send(card, "80CA9F1700")
}

#[test]
fn a_right_pin_restores_the_tries_and_three_wrong_ones_block_it_for_good() {
    let mut card = issued_as_usual();
    select(&mut card, INSTANCE);
    assert_eq!(send(&mut card, WRONG), "63C2");
    assert_eq!(tries(&mut card), "9F1701029000");
    assert_eq!(send(&mut card, RIGHT), "9000");
    assert_eq!(tries(&mut card), "9F1701039000");
    assert_eq!([WRONG; 4].map(|command| send(&mut card, command)), ["63C2", "63C1", "63C0", "6983"]);
    assert_eq!(send(&mut card, RIGHT), "6983");
    card.reset();
    begin(&mut card);
    assert_eq!(send(&mut card, RIGHT), "6983", "after a reset too");
    assert_eq!(first(&mut card, TC).results()[1], 0x50, "blocked, and never online");
}

#[test]
fn the_results_say_how_the_pin_was() {
    for (command, expected) in [(RIGHT, 0x94), (WRONG, 0x96), ("0084000000", 0x90)] {
        let mut card = issued_as_usual();
        begin(&mut card);
        send(&mut card, command);
        assert_eq!(first(&mut card, TC).results()[0], expected, "{command}");
    }
    let mut card = issued_as_usual();
    begin(&mut card);
    assert_eq!(send(&mut card, RIGHT), "9000");
    begin(&mut card);
    assert_eq!(first(&mut card, TC).results()[0], 0x90, "forgotten by another selection");
}

#[test]
fn what_is_no_pin_block_spends_no_try() {
    let mut card = issued_as_usual();
    select(&mut card, INSTANCE);
    for (command, expected) in [
        ("0020008007 241234FFFFFFFF", "6700"),
        ("00200080", "6700"),
        ("0020008008 141234FFFFFFFFFF", "6A80"), // format 1 is for the way to the card
        ("0020008008 24123AFFFFFFFFFF", "6A80"),
        ("0020008108 241234FFFFFFFFFF", "6A86"),
        ("0020018008 241234FFFFFFFFFF", "6A86"),
        ("8020008008 241234FFFFFFFFFF", "6E00"),
    ] {
        assert_eq!(send(&mut card, command), expected, "{command}");
    }
    assert_eq!(tries(&mut card), "9F1701039000");
}

#[test]
fn a_pin_delivered_in_format_1_and_with_one_try_left_is_taken() {
    let mut all = with(0x8010, bytes("141234A15E009C42"));
    all.iter_mut().filter(|found| found.identifier == 0x9010).for_each(|found| found.content = vec![1, 3]);
    let mut card = issued("scp03-i70", &all);
    select(&mut card, INSTANCE);
    assert_eq!(tries(&mut card), "9F1701019000");
    assert_eq!(send(&mut card, RIGHT), "9000");
    assert_eq!(tries(&mut card), "9F1701039000");
}

/// `7F, block, challenge, filling` under the card's public key (EMV Book 2).
fn enciphered(key: &Rsa<Private>, header: u8, block: &str, challenge: &[u8]) -> Vec<u8> {
    let mut plain = [&[header][..], &bytes(block), challenge].concat();
    plain.resize(key.size() as usize, 0x5A);
    let mut under_key = vec![0; plain.len()];
    key.public_encrypt(&plain, &mut under_key, Padding::NONE).unwrap();
    let length = under_key.len() as u8;
    [&[0x00, 0x20, 0x00, 0x88, length][..], &under_key].concat()
}

fn challenge(card: &mut cardwright_virtual_card::Card) -> Vec<u8> {
    let answer = card.transmit(&bytes("0084000000"));
    assert_eq!(answer.len(), 10);
    answer[..8].to_vec()
}

#[test]
fn an_enciphered_pin_is_taken_with_the_challenge_just_given() {
    let mut card = issued_as_usual();
    select(&mut card, INSTANCE);
    let number = challenge(&mut card);
    let command = enciphered(pin_key(), 0x7F, PIN_BLOCK, &number);
    assert_eq!(card.transmit(&command), [0x90, 0x00]);
    assert_eq!(card.transmit(&command), [0x69, 0x85], "a challenge serves once");
    let number = challenge(&mut card);
    send(&mut card, "80CA9F3600");
    let command = enciphered(pin_key(), 0x7F, PIN_BLOCK, &number);
    assert_eq!(card.transmit(&command), [0x69, 0x85], "another command came between");
    assert_eq!(tries(&mut card), "9F1701039000");
    assert_ne!(challenge(&mut card), challenge(&mut card));
}

#[test]
fn whatever_is_wrong_inside_spends_a_try() {
    let mut card = issued_as_usual();
    select(&mut card, INSTANCE);
    let wrong_pin = |number: &[u8]| enciphered(pin_key(), 0x7F, "241235FFFFFFFFFF", number);
    let wrong_header = |number: &[u8]| enciphered(pin_key(), 0x6A, PIN_BLOCK, number);
    let wrong_number = |_: &[u8]| enciphered(pin_key(), 0x7F, PIN_BLOCK, &[0; 8]);
    for kind in 0..3 {
        let number = challenge(&mut card);
        let command = match kind {
            0 => wrong_pin(&number),
            1 => wrong_header(&number),
            _ => wrong_number(&number),
        };
        assert_eq!(card.transmit(&command), [0x63, 0xC2]);
        assert_eq!(send(&mut card, RIGHT), "9000");
    }
    let number = challenge(&mut card);
    let command = enciphered(signature_key(), 0x7F, PIN_BLOCK, &number);
    assert_eq!(card.transmit(&command), [0x67, 0x00], "as long as another key");
    assert_eq!(tries(&mut card), "9F1701039000");
    challenge(&mut card);
    let above = [&bytes("0020008860")[..], &[0xFF; 96]].concat();
    assert_eq!(card.transmit(&above), [0x63, 0xC2], "not below the modulus");
}

#[test]
fn without_a_pin_key_the_signature_key_deciphers() {
    let all: Vec<_> = whole().into_iter().filter(|one| !(0x8301..=0x8305).contains(&one.identifier)).collect();
    let mut card = issued("scp03-i70", &all);
    select(&mut card, INSTANCE);
    let number = challenge(&mut card);
    assert_eq!(card.transmit(&enciphered(signature_key(), 0x7F, PIN_BLOCK, &number)), [0x90, 0x00]);
}
