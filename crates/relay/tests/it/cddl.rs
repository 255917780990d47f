//! `docs/messages.cddl` says what the code sends: every message, with every optional key and with none.

use std::collections::BTreeSet;

use minicbor::Encode;

use cardwright_relay::message::{Reply, Script, ScriptCommand, ScriptResult, Verdict, Work, WorkQuery};
use cardwright_relay::reader::{ReaderEntry, Tier};

use crate::cddl_reader::Rules;
use crate::samples;

fn rules() -> Rules {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/messages.cddl");
    Rules::read(&std::fs::read_to_string(path).expect("docs/messages.cddl"))
}

fn bytes<T: Encode<()>>(value: T) -> Vec<u8> {
    minicbor::to_vec(value).expect("a Vec takes it")
}

/// Rule, bytes that must fit it.
fn all() -> Vec<(&'static str, Vec<u8>)> {
    let bare = Script::new(
        samples::id(5),
        1,
        1,
        vec![ScriptCommand { limit: None, allowed: None, answer_hash: None, apdu: vec![].into() }],
    );
    let sam = samples::reader_list().readers.remove(0);
    vec![
        ("enrol", bytes(samples::enrol())),
        ("enrolled", bytes(samples::enrolled())),
        ("hello", bytes(samples::hello())),
        ("welcome", bytes(samples::welcome())),
        ("challenge", bytes(samples::challenge())),
        ("preamble", bytes(samples::preamble())),
        ("work-query", bytes(samples::work_query())),
        ("work-query", bytes(WorkQuery { leaving: Some(true), ..samples::work_query() })),
        ("work", bytes(samples::work())),
        ("work", bytes(Work { reader_list: None, ..samples::work() })),
        ("ticket", bytes(samples::ticket())),
        ("ticket", bytes(samples::desk_ticket())),
        ("open", bytes(samples::open())),
        ("reply", bytes(Reply::Script(samples::script()))),
        ("reply", bytes(Reply::Script(bare))),
        ("reply", bytes(Reply::Script(samples::script_with_notice()))),
        ("reply", bytes(Reply::Verdict(samples::verdict()))),
        ("reply", bytes(Reply::Verdict(samples::verdict_with_waiting()))),
        ("verdict", bytes(Verdict { refusal: None, card: None, ..samples::verdict() })),
        ("result", bytes(samples::result())),
        ("result", bytes(ScriptResult { stopped: None, ..samples::result() })),
        ("progress", bytes(samples::progress())),
        ("abort", bytes(samples::abort())),
        ("refusal", bytes(samples::refusal())),
        ("reader-list", bytes(samples::reader_list())),
        ("signed-reader-list", bytes(samples::signed_reader_list())),
        ("reader", bytes(&sam)),
        ("reader", bytes(ReaderEntry { sam_slot: None, sam_key: None, tier: Tier::R0, ..sam })),
    ]
}

#[test]
fn every_message_fits_its_rule_with_and_without_its_optional_keys() {
    let rules = rules();
    for (rule, bytes) in all() {
        rules.fits(rule, &bytes).unwrap_or_else(|why| panic!("{rule}: {why}"));
    }
}

#[test]
fn every_rule_is_about_something_that_was_checked() {
    let checked: BTreeSet<&str> = all().iter().map(|(rule, _)| *rule).collect();
    let parts = BTreeSet::from([
        "apdu",
        "command",
        "hash",
        "id",
        "outcome",
        "reader-proof",
        "script",
        "stop",
        "stop-reason",
        "tier",
        "time",
    ]);
    let named: BTreeSet<String> = rules().names().map(str::to_owned).collect();
    assert_eq!(named, checked.union(&parts).map(|name| (*name).to_owned()).collect());
}

#[test]
fn bytes_that_differ_from_the_rule_are_seen() {
    let rules = rules();
    let hello = bytes(samples::hello());
    for (what, wrong) in [
        ("a key more", [&[hello[0] + 1], &hello[1..], &[0x09, 0x01]].concat()),
        ("a key less", [&[hello[0] - 1], &hello[1..hello.len() - 2]].concat()),
        ("another type", [&hello[..hello.len() - 1], &[0x41, 0x00]].concat()),
        ("another rule's bytes", bytes(samples::open())),
    ] {
        assert!(rules.fits("hello", &wrong).is_err(), "{what}");
    }
    assert!(Rules::read("pair = [uint, bstr .size 2]").fits("pair", &[0x82, 1, 0x41, 0]).is_err());
    assert!(Rules::read("pair = [uint, bstr .size 2]").fits("pair", &[0x82, 1, 0x42, 0, 0]).is_ok());
}
