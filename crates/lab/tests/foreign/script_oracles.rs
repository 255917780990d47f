//! `pyemv` computes the issuer's script commands, MACs and enciphered PINs, from the master keys on; the card obeys
//! them, and none of them with one bit flipped. Both cryptogram versions, both derivations of card keys.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use cardwright_virtual_card::{Card, CardState, SeededEntropy};

use crate::new_card::Recording;
use crate::purchases::{MASTERS, prepared};

/// Amounts, country, verification results, currency, day, type, unpredictable number: what both profiles' lists ask for.
const LIST: &str = "000000012300 000000000000 0276 0000000000 0978 261124 00 11223344";

/// A payment card and how its issuer reckons.
struct Kind {
    profile: &'static str,
    product: &'static str,
    masters: &'static str,
    number: &'static str,
    instance: &'static str,
    /// the data of GET PROCESSING OPTIONS
    options: &'static str,
    /// cryptogram version, derivation, number and sequence number, as the oracle takes them
    reckoning: &'static str,
    /// number of the record of file 1 that holds the name
    record: &'static str,
}

const KINDS: [Kind; 2] = [
    Kind {
        profile: "emv-credit",
        product: "scp03-i70",
        masters: "imk",
        number: "4761739001010119",
        instance: "F0454D56011010",
        options: "83020276",
        reckoning: "18 A 4761739001010119 01",
        record: "01",
    },
    Kind {
        profile: "emv-debit",
        product: "scp02-i55",
        masters: "debit-imk",
        number: "4761740000000010",
        instance: "F0454D56012010",
        options: "8300",
        reckoning: "10 B 4761740000000010 00",
        record: "02",
    },
];

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text.replace(' ', "")).unwrap()
}

/// Sends a command with data; what it answers.
fn send(card: &mut Card, header: &str, data: &str) -> (Vec<u8>, u16) {
    let data = bytes(data);
    let length = if data.is_empty() { vec![] } else { vec![data.len() as u8] };
    let mut answer = card.transmit(&[bytes(header), length, data, vec![0]].concat());
    let status = u16::from_be_bytes(*answer.last_chunk().unwrap());
    answer.truncate(answer.len() - 2);
    (answer, status)
}

fn inside(template: &[u8], tag: u32) -> Vec<u8> {
    let template = cardwright_apdu::tlv::read_one(template).unwrap();
    cardwright_apdu::tlv::find(template.value, tag).unwrap().unwrap().to_vec()
}

/// A card at the time for scripts, with its counter and cryptogram. From one state it is always the same.
fn at_the_time(kind: &Kind, state: &[u8]) -> (Card, String) {
    let state = CardState::from_json(state).unwrap();
    let mut card = Card::new(state, Box::new(SeededEntropy::new([9; 32])));
    card.reset();
    assert_eq!(send(&mut card, "00A40400", kind.instance).1, 0x9000);
    assert_eq!(send(&mut card, "80A80000", kind.options).1, 0x9000);
    let (answer, status) = send(&mut card, "80AE8000", LIST);
    assert_eq!((status, &inside(&answer, 0x9F27)[..]), (0x9000, &[0x80][..]));
    let transaction = [inside(&answer, 0x9F36), inside(&answer, 0x9F26)].map(hex::encode_upper).join(" ");
    assert_eq!(send(&mut card, "80AE0000", &format!("3035 {LIST}")).1, 0x9000, "declined, and the script comes");
    (card, transaction)
}

/// One process for all records: a command for each.
fn oracle(records: &[String]) -> Vec<Vec<u8>> {
    let tools = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../tools/oracles/bin/python");
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign/payment_oracles/scripts.py");
    let place = tempfile::tempdir().unwrap();
    let input = place.path().join("records");
    std::fs::write(&input, records.join("\n")).unwrap();
    let output = Command::new(&tools).arg("-I").arg(program).stdin(Stdio::from(File::open(input).unwrap())).output();
    let output = output.unwrap_or_else(|error| panic!("no pyemv here ({error}); run script/prepare test"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(bytes).collect()
}

/// Header, data and kind of each command.
fn commands(kind: &Kind, card: &mut Card) -> Vec<String> {
    let number = kind.record;
    let (mut record, status) = send(card, &format!("00B2{number}0C"), "");
    assert_eq!(status, 0x9000);
    let name = record.windows(2).position(|two| two == [0x5F, 0x20]).unwrap();
    record[name + 3] = b'X';
    vec![
        "04DA9F58 01 clear".to_owned(),
        "04DA9F59 63 clear".to_owned(),
        format!("04DC{number}0C {} clear", hex::encode_upper(record)),
        "84240000 - clear".to_owned(),
        "84240002 9876 pin".to_owned(),
        "84240002 123456789012 pin".to_owned(),
        "841E0000 - clear".to_owned(),
        "84180000 - clear".to_owned(),
        "84160000 - clear".to_owned(),
    ]
}

fn status(card: &mut Card, command: &[u8]) -> u16 {
    u16::from_be_bytes(*card.transmit(command).last_chunk().unwrap())
}

#[test]
fn cards_of_both_versions_obey_what_pyemv_computes_and_no_bit_less() {
    for kind in &KINDS {
        let data = prepared(kind.profile, kind.masters, kind.number);
        let state = Recording::with(kind.product, &data).card.state().to_json();
        let (mut card, transaction) = at_the_time(kind, &state);
        let [integrity, confidentiality] = [MASTERS[1], MASTERS[2]].map(hex::encode_upper);
        let wanted = commands(kind, &mut card);
        let line = |command: &String| {
            format!("script {} {transaction} {integrity} {confidentiality} {command}", kind.reckoning)
        };
        let made = oracle(&wanted.iter().map(line).collect::<Vec<_>>());
        assert_eq!(made.len(), wanted.len());
        for (command, wanted) in made.iter().zip(&wanted) {
            assert_eq!(status(&mut card, command), 0x9000, "{}: {wanted}", kind.profile);
        }
        for command in [&made[1], &made[4]] {
            for bit in (5 * 8)..command.len() * 8 {
                let (mut card, again) = at_the_time(kind, &state);
                assert_eq!(again, transaction);
                let mut wrong = command.clone();
                wrong[bit / 8] ^= 0x80 >> (bit % 8);
                assert_eq!(status(&mut card, &wrong), 0x6988, "{}: bit {bit}", kind.profile);
                assert_eq!(status(&mut card, command), 0x6985, "and the script is over");
            }
        }
        pins_and_record_are_the_new_ones(kind, &state, &made);
    }
}

/// What was enciphered is understood, not only taken.
fn pins_and_record_are_the_new_ones(kind: &Kind, state: &[u8], made: &[Vec<u8>]) {
    for (command, block) in [(4, "249876FFFFFFFFFF"), (5, "2C123456789012FF")] {
        let (mut card, _) = at_the_time(kind, state);
        assert_eq!(status(&mut card, &made[command]), 0x9000);
        assert_eq!(status(&mut card, &[bytes("0020008008"), bytes(block)].concat()), 0x9000, "{block}");
    }
    let (mut card, _) = at_the_time(kind, state);
    let read = format!("00B2{}0C", kind.record);
    let before = send(&mut card, &read, "").0;
    assert_eq!(status(&mut card, &made[2]), 0x9000);
    let after = send(&mut card, &read, "").0;
    assert_eq!(before.iter().zip(&after).filter(|(one, other)| one != other).count(), 1, "one letter is another");
}
