//! Seventy-two ways to write a wrong profile of a payment or PIV card, and what each is told: code and line.
//!
//! The ways of being wrong that an identity profile has too are in `profile.rs`.

use cardwright_data_preparation::{Error, Profile};

pub(crate) const CREDIT: &str = include_str!("../../../../profiles/emv-credit.toml");
pub(crate) const DEBIT: &str = include_str!("../../../../profiles/emv-debit.toml");
pub(crate) const PIV: &str = include_str!("../../../../profiles/piv-employee.toml");

/// One broken profile: the one place of `old` in `base` becomes `new`; the fault is at the line of `at` in the result.
pub(crate) struct Broken {
    base: &'static str,
    old: &'static str,
    new: &'static str,
    code: &'static str,
    at: &'static str,
}

pub(crate) const fn broken(
    base: &'static str,
    old: &'static str,
    new: &'static str,
    code: &'static str,
    at: &'static str,
) -> Broken {
    Broken { base, old, new, code, at }
}

const BROKEN: [Broken; 72] = [
    // the number
    broken(CREDIT, "check-digit = true\n", "", "card-number", "[card-number]"),
    broken(CREDIT, "length = 16", "length = 8", "card-number", "bin = "),
    broken(CREDIT, "length = 16", "length = 15", "card-number", "length = "),
    broken(CREDIT, "bin = \"47617390\"", "bin = \"4761 7390\"", "out-of-range", "bin = "),
    broken(CREDIT, "sequence-field = \"sequence\"", "sequence-field = \"name\"", "unknown-value", "sequence-field"),
    broken(CREDIT, "max = 2\nrequired", "max = 3\nrequired", "card-number", "sequence-field"),
    broken(
        CREDIT,
        "sequence-field = \"sequence\"",
        "sequence = 1\nsequence-field = \"sequence\"",
        "card-number",
        "sequence = 1",
    ),
    broken(DEBIT, "bin = \"476174\"\n", "", "card-number", "[card-number]"),
    broken(DEBIT, "length = 16\n", "length = 20\n", "card-number", "length = 20"),
    broken(DEBIT, "sequence = 0", "sequence = 100", "card-number", "sequence = 100"),
    // the validity
    broken(CREDIT, "to = \"end-of-month\"\n", "", "date-rule", "[validity]"),
    broken(CREDIT, "years = 3\nto", "days = 900\nto", "date-rule", "to = \"end-of-month\""),
    // the PIN, and what the host verifies by
    broken(
        CREDIT,
        "field = \"pin_block\"\nzone-key",
        "field = \"name\"\nzone-key",
        "pin-way",
        "field = \"name\"\nzone-key",
    ),
    broken(CREDIT, "zone-key = \"zone/host.1\"", "zone-key = \"zone/host\"", "key-handle", "zone-key = "),
    broken(CREDIT, "format = \"iso-9564-0\"", "format = \"iso-9564-3\"", "unknown-value", "format = \"iso-9564-3\""),
    broken(DEBIT, "format = \"iso-9564-1\"", "format = \"iso-9564-0\"", "pin-way", "format = \"iso-9564-0\""),
    broken(DEBIT, "format = \"iso-9564-1\"", "format = \"iso-9564-2\"", "pin-way", "format = \"iso-9564-2\""),
    broken(DEBIT, "digits = 4", "digits = 3", "pin-way", "digits = 3"),
    broken(CREDIT, "card-key = \"cvk.1\"\n", "", "not-described", "[verification]"),
    broken(CREDIT, "pin-key = \"pvk.1\"\n", "", "not-described", "[verification]"),
    broken(CREDIT, "pin-key-index = 1", "pin-key-index = 7", "out-of-range", "pin-key-index = 7"),
    broken(
        CREDIT,
        "type = \"pin-block\"",
        "type = \"pin-block\"\nmin = 16",
        "length-range",
        "min = 16\nrequired = true\n\n# ----",
    ),
    broken(
        DEBIT,
        "name = \"pin\"\nsource = \"pin-block\"\nencoding = \"iso-9564-2\"",
        "name = \"pin\"\nsource = \"pin-block\"\nfield = \"digits\"\nencoding = \"iso-9564-2\"\n\n[[field]]\nname = \"digits\"\ntype = \"pin\"\nmin = 4\nmax = 4\nrequired = true",
        "pin-way",
        "content = [\"pin\"]",
    ),
    // elements
    broken(
        CREDIT,
        "tag = \"9F38\"\nsource = \"object-list\"\nvalue = \"9F1A02\"",
        "tag = \"9F\"\nsource = \"object-list\"\nvalue = \"9F1A02\"",
        "tag",
        "tag = \"9F\"\n",
    ),
    broken(CREDIT, "name = \"selection\"\ntag = \"A5\"", "name = \"selection\"\ntag = \"85\"", "tag", "tag = \"85\""),
    broken(
        CREDIT,
        "name = \"selection\"\ntag = \"A5\"\n",
        "name = \"selection\" # no tag\n",
        "missing-key",
        "[[element]]\nname = \"selection\" # no tag",
    ),
    broken(
        CREDIT,
        "\"languages\", \"pdol\"",
        "\"languages\", \"entry\"",
        "order",
        "elements = [\"label\", \"priority\", \"languages\", \"entry\"",
    ),
    broken(CREDIT, "\"languages\", \"pdol\"", "\"languages\", \"poodle\"", "undeclared-element", "\"poodle\""),
    broken(
        CREDIT,
        "\"application-version\", \"service-code\"",
        "\"application-version\"",
        "unused",
        "[[element]]\nname = \"service-code\"",
    ),
    broken(
        CREDIT,
        "value = \"9F02069F03069F1A0295055F2A029A039C019F3704\"",
        "value = \"9F02069F03069F1A0295055F2A029A039C019F37\"",
        "object-list",
        "value = \"9F02069F03069F1A0295055F2A029A039C019F37\"",
    ),
    broken(CREDIT, "value = \"9F3704\"", "value = \"9F3700\"", "object-list", "value = \"9F3700\""),
    broken(CREDIT, "\"4403\", \"4103\"", "\"4403\", \"8103\"", "verification-rules", "\"8103\""),
    broken(
        CREDIT,
        "rules = [\"4403\", \"4103\", \"4203\", \"1E03\", \"1F00\"]",
        "rules = []",
        "verification-rules",
        "rules = []",
    ),
    broken(CREDIT, "\"4203\", \"1E03\"", "\"420\", \"1E03\"", "hexadecimal", "\"420\""),
    broken(CREDIT, "service-code = \"201\"", "service-code = \"20\"", "out-of-range", "service-code = \"20\""),
    broken(CREDIT, "\"pin-value\", \"chip-value\"", "\"pin-value\", \"cvv\"", "unknown-value", "\"cvv\""),
    broken(CREDIT, "files = [1, 2, 3, 4]", "files = [1, 2, 3, 31]", "out-of-range", "files = [1, 2, 3, 31]"),
    broken(
        CREDIT,
        "part = \"q-inverse\"\n\n[[element]]\nname = \"icc-exponent-q\"",
        "part = \"inverse\"\n\n[[element]]\nname = \"icc-exponent-q\"",
        "unknown-value",
        "part = \"inverse\"",
    ),
    broken(
        CREDIT,
        "encoding = \"transliterated\"",
        "encoding = \"compressed\"",
        "encoding",
        "encoding = \"compressed\"\n\n[[element]]\nname = \"record-1-1\"",
    ),
    broken(
        CREDIT,
        "field = \"name\"\nencoding",
        "field = \"pin_block\"\nencoding",
        "encoding",
        "encoding = \"transliterated\"",
    ),
    // records
    broken(
        CREDIT,
        "name = \"record-3-1\"\ntag = \"70\"",
        "name = \"record-3-1\"\ntag = \"77\"",
        "record-form",
        "content = [\"record-3-1\"]",
    ),
    broken(CREDIT, "identifier = \"0301\"", "identifier = \"0300\"", "record-form", "identifier = \"0300\""),
    broken(
        CREDIT,
        "\"number\", \"sequence-number\", \"effective\"",
        "\"sequence-number\", \"effective\"",
        "missing-tag",
        "[[application]]\nstandard = \"emv\"",
    ),
    broken(
        CREDIT,
        "\"currency-exponent\", \"ddol\"]",
        "\"currency-exponent\", \"ddol\", \"country\"]",
        "duplicate-tag",
        "content = [\"record-3-1\"]",
    ),
    broken(CREDIT, "tag = \"9F08\"", "tag = \"9F36\"", "forbidden-tag", "content = [\"record-3-1\"]"),
    broken(
        CREDIT,
        "name = \"signed-tags\"\ntag = \"9F4A\"\nsource = \"constant\"\nencoding = \"hex\"\nvalue = \"82\"",
        "name = \"signed-tags\"\ntag = \"9F4A\"\nsource = \"constant\"\nencoding = \"hex\"\nvalue = \"8257\"",
        "forbidden-tag",
        "content = [\"record-2-1\"]",
    ),
    broken(
        CREDIT,
        "elements = [\"issuer-certificate\"]",
        "elements = [\"issuer-certificate\", \"issuer-certificate\"]",
        "record-size",
        "content = [\"record-4-2\"]",
    ),
    broken(
        CREDIT,
        "elements = [\"authority-index\", \"issuer-exponent\", \"issuer-remainder\"]",
        "elements = [\"authority-index\", \"issuer-exponent\"]",
        "missing-tag",
        "[[application]]\nstandard = \"emv\"",
    ),
    broken(
        CREDIT,
        "content = [\"record-4-3\"]\nprotection = \"clear\"\npersonal = true\n",
        "content = [\"record-4-3\"]\nprotection = \"clear\"\npersonal = true\nsigned = true # 4-3\n",
        "signed",
        "signed = true # 4-3",
    ),
    broken(
        CREDIT,
        "files = [1, 2, 3, 4]",
        "files = [1, 2, 3, 4, 6]",
        "missing-dgi",
        "content = [\"interchange-profile\", \"locator\"]",
    ),
    // groupings
    broken(
        CREDIT,
        "content = [\"record-1-1\"]\nprotection = \"clear\"\npersonal = true",
        "content = [\"record-1-1\"]\nprotection = \"clear\"\npersonal = false",
        "personal",
        "personal = false\n\n# The one record",
    ),
    broken(
        CREDIT,
        "content = [\"application-keys\"]\nprotection = \"dek\"",
        "content = [\"application-keys\"]\nprotection = \"clear\"",
        "protection",
        "protection = \"clear\"\npersonal = false\n\n[[application.dgi]]\nidentifier = \"9000\"",
    ),
    broken(
        CREDIT,
        "content = [\"pin\"]\nprotection = \"dek\"",
        "content = [\"pin\"]\nprotection = \"dek-padded\"",
        "protection",
        "protection = \"dek-padded\"\npersonal = true",
    ),
    broken(
        CREDIT,
        "content = [\"icc-p\"]\nprotection = \"dek-padded\"",
        "content = [\"icc-p\"]\nprotection = \"dek\"",
        "protection",
        "protection = \"dek\"\npersonal = false\n\n[[application.dgi]]\nidentifier = \"8301\"",
    ),
    broken(
        CREDIT,
        "content = [\"check-values\"]\nprotection = \"clear\"",
        "content = [\"check-values\"]\nprotection = \"dek\"",
        "protection",
        "protection = \"dek\"\npersonal = false\n\n[[application.dgi]]\nidentifier = \"9010\"",
    ),
    broken(CREDIT, "content = [\"icc-q\"]", "content = [\"pin-q\"]", "dgi-content", "content = [\"pin-q\"]"),
    broken(CREDIT, "identifier = \"8204\"", "identifier = \"8206\"", "unknown-dgi", "identifier = \"8206\""),
    broken(
        CREDIT,
        "value = \"0303\" # tries left, limit",
        "value = \"03\" # tries left, limit",
        "dgi-size",
        "content = [\"pin-tries\"]",
    ),
    broken(
        CREDIT,
        "content = [\"interchange-profile\", \"locator\"]",
        "content = [\"locator\", \"interchange-profile\"]",
        "dgi-content",
        "content = [\"locator\", \"interchange-profile\"]",
    ),
    broken(
        DEBIT,
        "[[application.dgi]]\nidentifier = \"8103\"\ncontent = [\"icc-modulus\"]\nprotection = \"clear\"\npersonal = false\n",
        "",
        "missing-dgi",
        "[[application]]\nstandard = \"emv\"",
    ),
    broken(
        DEBIT,
        "[[application.dgi]]\nidentifier = \"8010\"\ncontent = [\"pin\"]\nprotection = \"dek\"\npersonal = true\n",
        "",
        "missing-dgi",
        "content = [\"record-2-1\"]",
    ),
    // certificates and keys
    broken(
        CREDIT,
        "interchange-profile = \"3D00\"",
        "interchange-profile = \"7D00\"",
        "interchange",
        "interchange-profile = \"7D00\"",
    ),
    broken(CREDIT, "authority-bits = 1408", "authority-bits = 1024", "key-size", "issuer-bits = 1408"),
    broken(CREDIT, "authority-bits = 1408", "authority-bits = 1992", "key-size", "authority-bits = 1992"),
    broken(CREDIT, "icc-bits = 1024", "icc-bits = 1028", "key-size", "icc-bits = 1028"),
    broken(CREDIT, "issuer-exponent = 3", "issuer-exponent = 5", "key-size", "issuer-exponent = 5"),
    broken(CREDIT, "cryptogram = \"imk-ac.1\"", "cryptogram = \"imk-ac\"", "key-handle", "cryptogram = \"imk-ac\""),
    broken(
        CREDIT,
        "cryptogram-version = \"18\"",
        "cryptogram-version = \"17\"",
        "unknown-value",
        "cryptogram-version = \"17\"",
    ),
    broken(CREDIT, "option = \"A\"", "option = \"C\"", "unknown-value", "option = \"C\""),
    // ways, faces, PIV
    broken(
        DEBIT,
        "route = \"application\"\ncommit-point = \"personalized\"",
        "route = \"application\"\ncommit-point = \"make-selectable\"",
        "commit-point",
        "commit-point = \"make-selectable\"\nactivation = \"in-script\"\n# On a card in use",
    ),
    broken(CREDIT, "left = 6800", "left = 8000", "face", "[[face]]\nshows = \"printed-value\""),
    broken(
        PIV,
        "reference = \"puk\"",
        "reference = \"pin\"",
        "duplicate-name",
        "reference = \"pin\"\nsource = \"order\"\nfield = \"puk_block\"",
    ),
];

fn line_of(text: &str, place: &str) -> usize {
    let offset = text.find(place).unwrap_or_else(|| panic!("{place:?} is not in the text"));
    text[..offset].matches('\n').count() + 1
}

#[test]
fn every_broken_profile_is_told_where_and_what() {
    assert_told(&BROKEN);
}

/// Each is told once, by its code and at its line.
#[track_caller]
pub(crate) fn assert_told(all: &[Broken]) {
    let mut wrong = Vec::new();
    for one in all {
        let places = one.base.matches(one.old).count();
        if places != 1 {
            wrong.push(format!("{:?} is there {places} times, not once", one.old));
            continue;
        }
        let text = one.base.replace(one.old, one.new);
        let expected = (one.code, line_of(&text, one.at));
        let Err(Error::Profile(faults)) = Profile::parse(&text) else {
            wrong.push(format!("{:?}: taken", one.new));
            continue;
        };
        let told: Vec<_> = faults.iter().map(|fault| (fault.kind.code(), fault.line)).collect();
        if told != [expected] {
            let shown: Vec<String> = faults.iter().map(ToString::to_string).collect();
            wrong.push(format!("{:?}: expected {expected:?}, told {shown:#?}", one.new));
        }
        assert!(faults.iter().all(|fault| !fault.message.is_empty() && !fault.remedy.is_empty()));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_piece_of_a_profile_makes_the_reader_panic() {
    for base in [CREDIT, PIV] {
        let ends = base.match_indices('\n').map(|(end, _)| end);
        for (place, end) in ends.enumerate() {
            let _ = Profile::parse(&base[..end]);
            if place % 7 == 0 {
                let _ = Profile::parse(&base[end..]);
            }
        }
    }
}
