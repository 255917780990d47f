//! Orders of payment cards: numbers that were mistyped, names that no payment card can have, and what a base sees.

use cardwright_data_preparation::{Error, FieldRule, OrderFields, check, prepare};

use crate::issuer::Issuer;
use crate::payment::credit;
use crate::sample::today;

const NUMBER: &str = "4761739001010119";

/// What is said to an order of this number and name.
#[track_caller]
fn told(number: &str, name: &str) -> Vec<(String, FieldRule, String)> {
    let columns = [("card_number", number), ("sequence", "1"), ("name", name), ("pin_block", "0123456789ABCDEF")];
    match OrderFields::read(&credit(), columns, None) {
        Ok(_) => Vec::new(),
        Err(Error::Order(faults)) => {
            faults.into_iter().map(|fault| (fault.field.clone(), fault.rule, fault.to_string())).collect()
        }
        Err(other) => panic!("{other}"),
    }
}

#[track_caller]
fn assert_told(number: &str, name: &str, field: &str, rule: FieldRule, part: &str) {
    let found = told(number, name);
    assert!(matches!(&found[..], [(of, by, text)] if of == field && *by == rule && text.contains(part)), "{found:?}");
    assert!(!found[0].2.contains(number) && !found[0].2.contains(name), "the message gives a value away");
}

#[test]
fn a_mistyped_number_and_one_of_another_issuer_are_refused() {
    assert!(told(NUMBER, "Zoë Müller").is_empty());
    assert_told("4761739001010118", "Zoë Müller", "card_number", FieldRule::CardNumber, "check digit");
    assert_told("4761749001010118", "Zoë Müller", "card_number", FieldRule::CardNumber, "BIN");
}

#[test]
fn a_name_in_letters_without_a_rule_is_refused_with_its_position() {
    assert_told(NUMBER, "Zoë Ивaнова", "name", FieldRule::Transliteration, "character 5");
    assert_told(NUMBER, "Zoë Ивaнова", "name", FieldRule::Transliteration, "ask the holder");
}

#[test]
fn a_name_that_is_too_long_once_written_out_is_refused_and_not_cut() {
    assert_told(NUMBER, &"Ü".repeat(14), "name", FieldRule::Transliteration, "28 characters");
    assert_told(NUMBER, "X", "name", FieldRule::Transliteration, "1 character");
    assert!(told(NUMBER, &"Ü".repeat(13)).is_empty());
}

#[test]
fn what_is_no_pin_block_in_hexadecimal_is_refused() {
    for wrong in ["0123456789ABCDE", "0123456789ABCDEG", "0123456789ABCDEF01"] {
        let columns = [("card_number", NUMBER), ("sequence", "1"), ("name", "Ada"), ("pin_block", wrong)];
        let found = OrderFields::read(&credit(), columns, None);
        assert!(matches!(found, Err(Error::Order(faults)) if faults[0].field == "pin_block"), "{wrong}");
    }
}

#[test]
fn the_face_shows_a_base_no_more_than_the_profile_says() {
    let profile = credit();
    let issuer = Issuer::of(&profile);
    let block = issuer.pin_block(&profile, NUMBER, "1234");
    let columns = [("card_number", NUMBER), ("sequence", "1"), ("name", "Zoë Müller"), ("pin_block", &block)];
    let fields = OrderFields::read(&profile, columns, None).unwrap();
    let data = check(prepare(&profile, &fields, today(), &issuer.means(&profile, None)).unwrap()).unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let printed: Vec<String> = data.face.iter().map(|item| text(&item.value)).collect();
    let at_base: Vec<String> = data.face.iter().map(|item| text(&item.at_base)).collect();
    assert_eq!(printed[..3], ["4761 7390 0101 0119", "11/29", "Zoë Müller"]);
    assert_eq!(at_base[..3], ["4761 73** **** 0119", "11/29", "Zoë Müller"]);
    assert!(printed[3].len() == 3 && printed[3].bytes().all(|digit| digit.is_ascii_digit()));
    assert_eq!(at_base[3], "", "a printed verification value is shown to nobody");
}
