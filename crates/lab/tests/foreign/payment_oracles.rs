//! `pyemv` and `psec` make the same payment data of 10,000 random cards as our preparation and keystore do: card keys,
//! session keys, cryptograms and answers, verification values, PIN blocks under a zone key.
//!
//! psec has one known flaw, and one program of ours would be wrong with it: its CVV leaves out the second pass of the
//! decimalisation, in which the letters A to F become digits. Where less than three half bytes of the MAC are decimal
//! its value is too short; there, and only there, ours may be longer. psec has no PIN blocks of format 1, and none of
//! formats 0 and 3 for numbers of 12 digits; pyemv has no AES (option C).

pub(crate) mod card;
mod issuer;

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use cardwright_data_preparation::emv::verification::card_value;

use card::{Card, Chance};
use issuer::{Issuer, text};

const CARDS: usize = 10_000;

/// With this seed, psec's flaw, which one value in 18,000 has, is met in two of the 30,000.
const SEED: u64 = 4;
const FLAWS: usize = 2;

/// What is compared, in the order of the oracle's answers.
const NAMES: [&str; 16] = [
    "card key, option A",
    "card key, option B",
    "session key of A",
    "session key of B",
    "ARQC, CVN 10",
    "ARPC, CVN 10",
    "ARQC, CVN 18",
    "ARPC by method 1, CVN 18",
    "ARPC by method 2, CVN 18",
    "CVV",
    "iCVV",
    "CVV2",
    "PVV",
    "PIN block of format 0",
    "PIN block of format 2",
    "PIN block of format 3",
];
const VALUES: std::ops::Range<usize> = 9..12;

/// One process for all records.
fn oracle(keys: &[[u8; 16]; 4], records: &[String]) -> Vec<Vec<String>> {
    let tools = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../tools/oracles/bin/python");
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign/payment_oracles/oracle.py");
    let keys: Vec<_> = keys.iter().map(hex::encode_upper).collect();
    let place = tempfile::tempdir().unwrap();
    let input = place.path().join("records");
    std::fs::write(&input, format!("keys {}\n{}\n", keys.join(" "), records.join("\n"))).unwrap();
    let output = Command::new(&tools).arg("-I").arg(program).stdin(Stdio::from(File::open(input).unwrap())).output();
    let output = output.unwrap_or_else(|error| panic!("no pyemv and psec here ({error}); run script/prepare test"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines().map(|line| line.split(' ').map(str::to_owned).collect()).collect()
}

/// Where the two differ, apart from psec's known flaw, with how often that was met.
fn differences(ours: &[Vec<String>], theirs: &[Vec<String>]) -> (Vec<String>, usize) {
    let (mut found, mut flaws) = (Vec::new(), 0);
    for (row, (our, their)) in ours.iter().zip(theirs).enumerate() {
        if our.len() != NAMES.len() || their.len() != NAMES.len() {
            found.push(format!("card {row}: {} and {} answers", our.len(), their.len()));
            continue;
        }
        for (index, name) in NAMES.iter().enumerate() {
            let (our, their) = (&our[index], &their[index]);
            if our == their {
            } else if VALUES.contains(&index) && is_the_known_flaw(our, their) {
                flaws += 1;
            } else {
                found.push(format!("card {row}, {name}: ours {our}, theirs {their}"));
            }
        }
    }
    (found, flaws)
}

/// The second pass left out: theirs ends where ours goes on with a letter's digit, 0 to 5.
fn is_the_known_flaw(our: &str, their: &str) -> bool {
    our.len() == 3
        && their.len() < 3
        && our.strip_prefix(their).is_some_and(|letters| letters.bytes().all(|digit| (b'0'..=b'5').contains(&digit)))
}

#[test]
fn pyemv_and_psec_make_the_same_of_ten_thousand_cards() {
    let mut chance = Chance(SEED);
    let issuer = Issuer::new([(); 4].map(|()| chance.array()));
    let cards: Vec<Card> = (0..CARDS).map(|_| Card::draw(&mut chance)).collect();
    let records: Vec<String> = cards.iter().map(Card::record).collect();
    let mut theirs: Vec<_> = oracle(&issuer.clear, &records);
    assert_eq!(theirs.len(), CARDS);
    theirs = theirs.into_iter().zip(&cards).map(|(answer, card)| issuer.comparable(answer, card)).collect();
    let mut ours = issuer.answers(&cards);
    let (found, flaws) = differences(&ours, &theirs);
    assert!(found.is_empty(), "{} differences, of them\n{}", found.len(), found[..found.len().min(20)].join("\n"));
    assert_eq!(flaws, FLAWS, "values that psec makes too short");
    // The control: one digit of every kind of value, each in another card.
    for (index, name) in NAMES.iter().enumerate() {
        let row = &mut ours[100 + index];
        let last = row[index].pop();
        row[index].push(if last == Some('7') { '8' } else { '7' });
        let (found, _) = differences(&ours, &theirs);
        assert_eq!(found.len(), index + 1, "a planted {name}");
    }
}

#[test]
fn psec_leaves_out_the_second_pass_of_decimalisation_and_we_do_not() {
    let key = hex::decode("0123456789ABCDEFFEDCBA9876543210").unwrap().try_into().unwrap();
    let other = |first: u8| std::array::from_fn(|at| first + 6 * at as u8);
    let issuer = Issuer::new([other(1), key, other(2), other(3)]);
    let value = |number: &str, expiry: &str, code: &str| {
        let message = hex::decode(format!("{:0<32}", format!("{number}{expiry}{code}"))).unwrap();
        text(&*card_value(&issuer.macs(&issuer.card_verification, &[message])[0]))
    };
    let theirs = oracle(
        &issuer.clear,
        &["value 4000000000014677 3112 201".to_owned(), "value 4123456789012345 8701 101".to_owned()],
    );
    assert_eq!((value("4000000000014677", "3112", "201").as_str(), theirs[0][0].as_str()), ("185", "18"));
    assert!(is_the_known_flaw("185", "18"));
    assert_eq!((value("4123456789012345", "8701", "101").as_str(), theirs[1][0].as_str()), ("561", "561"));
    for (our, their) in [("185", "17"), ("186", "18"), ("185", "185"), ("185", "851"), ("1850", "18"), ("18", "1")] {
        assert!(!is_the_known_flaw(our, their), "{our} and {their}");
    }
}
