//! Every code has its texts, and the page of errors is made of them.

use cardwright_relay::Code;
use cardwright_relay::message::Refusal;
use cardwright_relay::text::{Language, Text, errors_page};

#[test]
fn every_code_has_one_text_in_both_languages_in_order() {
    let codes: Vec<Code> = Text::all().map(|text| text.code).collect();
    assert_eq!(codes, Code::ALL);
    for text in Text::all() {
        for said in [&text.english, &text.japanese] {
            assert!(!said.happened.is_empty() && !said.next.is_empty(), "{}", text.code);
        }
        assert!(text.english.happened.is_ascii() && !text.japanese.happened.is_ascii(), "{}", text.code);
        assert!(!text.japanese.next.is_ascii(), "{}", text.code);
    }
}

#[test]
fn each_text_names_its_parameters_all_of_them_and_no_others() {
    for text in Text::all() {
        for said in [&text.english, &text.japanese] {
            let mut named: Vec<&str> = [said.happened, said.next].iter().flat_map(|sentence| names(sentence)).collect();
            named.sort_unstable();
            named.dedup();
            let mut declared = text.parameters.to_vec();
            declared.sort_unstable();
            assert_eq!(named, declared, "{}: {}", text.code, said.happened);
        }
    }
}

fn names(sentence: &str) -> Vec<&str> {
    sentence.split('{').skip(1).map(|rest| rest.split_once('}').expect("a brace is closed").0).collect()
}

#[test]
fn whoever_is_told_of_an_unknown_outcome_is_told_to_put_the_card_in_again() {
    let unknown: Vec<&Text> = Text::all().filter(|text| text.code.tells_unknown()).collect();
    assert_eq!(unknown.len(), 4);
    for text in unknown {
        assert!(text.english.happened.contains("not known"), "{}", text.code);
        assert!(text.english.next.starts_with("Put the card in again, here or at another terminal"), "{}", text.code);
        assert!(text.japanese.next.contains("もう一度挿入"), "{}", text.code);
    }
}

#[test]
fn a_refusal_says_its_parameters() {
    let said = Refusal::new(Code::ORDER_NOT_APPROVED, &["K-7"]).say(Language::English);
    assert_eq!(said.happened, "Order K-7 is not approved.");
    assert!(Refusal::new(Code::ORDER_NOT_APPROVED, &["K-7"]).say(Language::Japanese).happened.contains("K-7"));
    assert!(!Refusal::new(Code(9999), &[]).say(Language::English).next.is_empty());
}

#[test]
fn the_page_of_errors_is_what_the_tables_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors.md");
    if std::env::var_os("CARDWRIGHT_UPDATE").is_some() {
        std::fs::write(path, errors_page()).unwrap();
    }
    let held = std::fs::read_to_string(path).unwrap();
    assert!(held == errors_page(), "docs/errors.md is old: run the tests with CARDWRIGHT_UPDATE=1");
}
