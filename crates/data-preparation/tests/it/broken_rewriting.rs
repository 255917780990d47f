//! Twenty ways to write how a card is changed that no card can be changed by, and what each is told: code and line.

use cardwright_data_preparation::{Error, Profile};

use crate::broken::{Broken, CREDIT, DEBIT, PIV, assert_told, broken};
use crate::sample::WITH_FACE as IDENTITY;

const DEBIT_2: &str = include_str!("../../../../profiles/emv-debit-2.toml");

/// The debit card's record of what is rewritable.
const RECORD: &str = "content = [\"record-1-2\"]\nprotection = \"clear\"\npersonal = true\n";

const BROKEN: [Broken; 17] = [
    // ways that the application does not take
    broken(
        IDENTITY,
        "commit-point = \"make-selectable\"\n",
        "commit-point = \"make-selectable\"\nrewrite = \"put-data\"\n",
        "rewrite",
        "rewrite = \"put-data\"",
    ),
    broken(
        IDENTITY,
        "commit-point = \"make-selectable\"\n",
        "commit-point = \"make-selectable\"\nrewrite = \"issuer-script\"\n",
        "rewrite",
        "rewrite = \"issuer-script\"",
    ),
    broken(PIV, "rewrite = \"put-data\"", "rewrite = \"store-data\"", "rewrite", "rewrite = \"store-data\""),
    broken(DEBIT, "rewrite = \"issuer-script\"", "rewrite = \"store-data\"", "rewrite", "rewrite = \"store-data\""),
    broken(
        DEBIT,
        "commit-point = \"make-selectable\"\nactivation = \"in-script\"\n",
        "commit-point = \"make-selectable\"\nactivation = \"in-script\"\nrewrite = \"issuer-script\" # PSE\n",
        "rewrite",
        "rewrite = \"issuer-script\" # PSE",
    ),
    broken(DEBIT, "rewrite = \"issuer-script\"", "rewrite = \"script\"", "unknown-value", "rewrite = \"script\""),
    // rewritable where no script writes
    broken(
        IDENTITY,
        "field = \"name\"\nencoding = \"utf-8\"\n",
        "field = \"name\"\nencoding = \"utf-8\"\nrewritable = true\n",
        "rewrite",
        "[[element]]\nname = \"holder-name\"",
    ),
    broken(
        CREDIT,
        "encoding = \"transliterated\"\n",
        "encoding = \"transliterated\"\nrewritable = true\n",
        "rewrite",
        "[[element]]\nname = \"holder\"",
    ),
    broken(
        DEBIT,
        "value = \"DEBIT\"\n",
        "value = \"DEBIT\"\nrewritable = true\n",
        "rewrite",
        "content = [\"selection\"]",
    ),
    broken(
        DEBIT,
        "source = \"track-2\"\n",
        "source = \"track-2\"\nrewritable = true\n",
        "unknown-key",
        "rewritable = true\nservice-code",
    ),
    // records
    broken(
        DEBIT,
        RECORD,
        "content = [\"record-1-2\"]\nprotection = \"clear\"\npersonal = true\nsigned = true # 1-2\n",
        "rewrite",
        "signed = true # 1-2",
    ),
    broken(
        DEBIT,
        "value = \"0221\"\n",
        "value = \"0221\"\nrewritable = true\n",
        "rewrite",
        "content = [\"record-1-1\"]",
    ),
    broken(
        DEBIT_2,
        "max = 100\nrequired = true",
        "max = 100\nrequired = false",
        "dgi-size",
        "content = [\"record-1-2\"]",
    ),
    // limits
    broken(
        DEBIT,
        "value = \"00\"\nrewritable = true",
        "value = \"00\"",
        "rewrite",
        "content = [\"issuer-data\", \"lower-limit\", \"upper-limit\"]",
    ),
    broken(
        DEBIT_2,
        "max = 2\nrequired = true\n\n[[field]]",
        "max = 3\nrequired = true\n\n[[field]]",
        "rewrite",
        "content = [\"issuer-data\"",
    ),
    // what scripts are asked for by
    broken(
        DEBIT,
        "source = \"object-list\"\nvalue = \"9F02069F03069F1A0295055F2A029A039C019F3704\"",
        "source = \"object-list\"\nvalue = \"9F02069F03069F1A0295055F2A029A039F3704\"",
        "rewrite",
        "content = [\"record-2-1\"]",
    ),
    broken(
        DEBIT,
        "name = \"issuer-data\"\ntag = \"9F10\"\nsource = \"issuer-application-data\"",
        "name = \"issuer-data\"\ntag = \"9F10\"\nsource = \"constant\"\nencoding = \"hex\"\nvalue = \"06010A03000000\"",
        "rewrite",
        "content = [\"issuer-data\"",
    ),
];

#[test]
fn every_broken_way_of_changing_a_card_is_told_where_and_what() {
    assert_told(&BROKEN);
}

/// The debit profile with more elements, each of which stands in a record of file 1 as `records` says.
fn with(elements: &str, record: &str, dgis: &str) -> String {
    let before = "# What the issuer's scripts write anew stands";
    let places = [before, "elements = [\"holder\"]", "[[application.dgi]]\nidentifier = \"0201\""];
    assert!(places.iter().all(|place| DEBIT.matches(place).count() == 1));
    DEBIT
        .replace(places[0], &format!("{elements}\n{before}"))
        .replace(places[1], &format!("elements = [{record}]"))
        .replace(places[2], &format!("{dgis}\n{}", places[2]))
}

fn element(name: &str, tag: &str, value: &str) -> String {
    format!(
        "[[element]]\nname = \"{name}\"\ntag = \"{tag}\"\nsource = \"constant\"\nencoding = \"hex\"\nvalue = \"{value}\"\n"
    )
}

#[track_caller]
fn assert_refused(text: &str, code: &str, at: &str, part: &str) {
    let line = text[..text.find(at).unwrap()].matches('\n').count() + 1;
    let Err(Error::Profile(faults)) = Profile::parse(text) else { panic!("the profile was taken") };
    let told: Vec<_> = faults.iter().map(|fault| (fault.kind.code(), fault.line)).collect();
    assert!(told == [(code, line)] && faults[0].message.contains(part), "{faults:#?}");
}

#[test]
fn a_record_that_fits_a_card_and_no_script_command_is_refused() {
    let text = with(&element("long", "9F7C", &"00".repeat(215)), "\"holder\", \"long\"", "");
    assert_refused(&text, "record-size", "content = [\"record-1-2\"]", "a script command carries 238");
    let text = with(&element("long", "9F7C", &"00".repeat(200)), "\"holder\", \"long\"", "");
    assert!(Profile::parse(&text).is_ok());
}

#[test]
fn limits_that_terminals_find_in_a_record_as_well_are_refused() {
    let text = with(&element("terminal-limit", "9F14", "00"), "\"holder\", \"terminal-limit\"", "");
    assert_refused(&text, "rewrite", "content = [\"issuer-data\"", "9F14");
}

#[test]
fn more_commands_than_a_card_counts_are_refused() {
    let records = |count: usize| {
        let one = |number: usize| {
            let tag = format!("9F{:02X}", 0x60 + number);
            let rewritable = element(&format!("more-{number}"), &tag, "00") + "rewritable = true\n";
            let template = format!(
                "[[element]]\nname = \"record-1-{}\"\ntag = \"70\"\nsource = \"template\"\nelements = [\"more-{number}\"]\n",
                number + 3
            );
            rewritable + &template
        };
        let dgi = |number: usize| {
            format!(
                "[[application.dgi]]\nidentifier = \"01{:02X}\"\ncontent = [\"record-1-{}\"]\nprotection = \"clear\"\npersonal = false\n",
                number + 3,
                number + 3
            )
        };
        let all = |part: &dyn Fn(usize) -> String| (0..count).map(part).collect::<String>();
        with(&all(&one), "\"holder\"", &all(&dgi))
    };
    // The holder's record and three for the limits.
    assert!(Profile::parse(&records(11)).is_ok(), "{:?}", Profile::parse(&records(11)).err());
    assert_refused(&records(12), "rewrite", "rewrite = \"issuer-script\"", "16 script commands");
}
