//! Profiles: the example loads; each way of being wrong is found, with its line and kind.

use cardwright_data_preparation::profile::{Fault, FaultKind, Validity};
use cardwright_data_preparation::{Error, Profile};

use crate::sample::{IDENTITY, WITH_FACE, identity};

#[test]
fn the_identity_profile_loads() {
    let profile = identity();
    assert_eq!((profile.reference().name.as_str(), profile.reference().version), ("identity", 1));
    assert_eq!(profile.fields().len(), 4);
    assert_eq!(profile.validity(), Validity::Months(60));
    assert_eq!(profile.retention_days(), 30);
    assert_eq!(Profile::parse(WITH_FACE).unwrap().face().len(), 4);
    let digest = <sha2::Sha256 as sha2::Digest>::digest(IDENTITY);
    assert_eq!(profile.reference().digest[..], digest[..]);
}

fn faults(text: &str) -> Vec<Fault> {
    match Profile::parse(text) {
        Err(Error::Profile(faults)) => faults,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("the profile was taken"),
    }
}

/// The identity profile with the one place of `old` replaced by `new`.
fn changed(old: &str, new: &str) -> String {
    assert_eq!(IDENTITY.matches(old).count(), 1, "{old:?} must be there once");
    IDENTITY.replace(old, new)
}

/// Asserts that `text` has exactly one fault: of `kind`, on the line where `place` stands first.
#[track_caller]
fn assert_fault(text: &str, kind: FaultKind, place: &str) {
    let line = text.find(place).map(|offset| text[..offset].matches('\n').count() + 1).unwrap();
    let found = faults(text);
    let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found.iter().map(|fault| (fault.kind, fault.line)).collect::<Vec<_>>(), [(kind, line)], "{shown:#?}");
    assert!(!found[0].message.is_empty() && !found[0].remedy.is_empty() && found[0].column > 0);
}

const PIN_GROUPING: &str = "content = [\"pin-block\"]\nprotection = \"clear\"";

const FACE: &str =
    "[[face]]\nshows = \"field\"\nfield = \"name\"\nleft = 1\ntop = 1\nwidth = 9\nheight = 9\nat-base = \"shown\"\n";

const FURTHER_FILE: &str = r#"[[application.dgi]]
identifier = "0110"
content = ["further"]
protection = "clear"
personal = false

[[application.dgi]]
identifier = "0101""#;

/// The identity profile with a further element `element` in a public file 0110.
fn with_file(element: &str) -> String {
    let declared = format!("[[element]]\nname = \"further\"\n{element}\n\n[[element]]\nname = \"manifest\"");
    changed("[[element]]\nname = \"manifest\"", &declared)
        .replace("[[application.dgi]]\nidentifier = \"0101\"", FURTHER_FILE)
}

#[test]
fn a_further_public_file_of_a_constant_is_taken() {
    for element in [
        "source = \"constant\"\nencoding = \"hex\"\nvalue = \"00FF10\"",
        "source = \"constant\"\nencoding = \"utf-8\"\nvalue = \"Gültig in allen Häusern\"",
    ] {
        assert!(Profile::parse(&with_file(element)).is_ok());
    }
}

#[test]
fn what_is_not_toml_is_refused() {
    assert_fault(&changed("years = 5", "years = = 5"), FaultKind::Syntax, "years = = 5");
}

#[test]
fn a_format_that_is_not_read_is_refused_before_anything_else() {
    let text = changed("format = 1\n", "format = 2\n").replace("years = 5", "centuries = 1");
    assert_fault(&text, FaultKind::Format, "format = 2");
}

#[test]
fn a_profile_without_format_is_refused() {
    assert_fault(&changed("format = 1\n", ""), FaultKind::MissingKey, "# The identity profile");
}

#[test]
fn unknown_keys_are_refused_in_every_section() {
    for (old, new) in [
        ("version = 1\n", "version = 1\nauthor = 1\n"),
        ("years = 5", "years = 5\nauthor = 1"),
        ("days = 30", "days = 30\nauthor = 1"),
        ("charset = \"unicode\"", "charset = \"unicode\"\nauthor = 1"),
        ("source = \"manifest\"", "source = \"manifest\"\nauthor = 1"),
        ("source = \"valid-to\"", "source = \"valid-to\"\nauthor = 1"),
        ("standard = \"identity\"", "standard = \"identity\"\nauthor = 1"),
        ("content = [\"number\"]", "content = [\"number\"]\nauthor = 1"),
    ] {
        assert_fault(&changed(old, new), FaultKind::UnknownKey, "author = 1");
    }
}

#[test]
fn a_missing_key_is_told_with_its_section() {
    let text = changed("type = \"digits\"\n", "");
    assert_fault(&text, FaultKind::MissingKey, "[[field]]\nname = \"card_number\"");
    assert_fault(&changed("[retention]\ndays = 30", ""), FaultKind::MissingKey, "# The identity profile");
}

#[test]
fn a_value_of_another_type_is_refused() {
    assert_fault(&changed("max = 19", "max = \"19\""), FaultKind::WrongType, "max = \"19\"");
    assert_fault(&changed("years = 5", "years = 5.5"), FaultKind::WrongType, "years = 5.5");
    let text = changed("content = [\"number\"]", "content = \"number\"");
    assert_fault(&text, FaultKind::WrongType, "content = \"number\"");
}

#[test]
fn levels_that_show_personal_data_are_refused() {
    for level in ["01", "11"] {
        let text = changed("security-level = \"33\"", &format!("security-level = \"{level}\""));
        assert_fault(&text, FaultKind::SecurityLevel, "security-level = ");
        assert!(faults(&text)[0].message.contains("does not encrypt commands"));
    }
}

#[test]
fn levels_that_do_not_exist_are_refused() {
    let text = changed("security-level = \"33\"", "security-level = \"00\"");
    assert_fault(&text, FaultKind::SecurityLevel, "security-level = ");
}

#[test]
fn a_wrong_aid_is_refused() {
    for wrong in ["F0", "F0434152445749440001F0434152445749440001", "F04341524457494400010", "G043415244"] {
        let text = changed("instance = \"F0434152445749440001\"", &format!("instance = \"{wrong}\""));
        assert_fault(&text, FaultKind::Aid, "instance = \"");
    }
}

#[test]
fn a_module_of_another_package_is_refused() {
    let text = changed("module = \"F043415244", "module = \"F143415244");
    assert_fault(&text, FaultKind::Aid, "module = \"");
}

#[test]
fn two_applications_under_one_aid_are_refused() {
    let (_, application) = IDENTITY.split_once("[[application]]").unwrap();
    let second = format!("[[application]] # second{application}");
    let text = format!("{IDENTITY}\n{second}");
    let line = text[..text.find("# second").unwrap()].matches('\n').count() + 1;
    let found = faults(&text);
    assert_eq!(found.iter().map(|fault| fault.kind).collect::<Vec<_>>(), [FaultKind::Aid]);
    assert_eq!(found[0].line, line + 4);
}

#[test]
fn privileges_are_one_or_three_bytes_without_card_reset() {
    for wrong in ["0000", "04", "040000"] {
        let text = changed("privileges = \"00\"", &format!("privileges = \"{wrong}\""));
        assert_fault(&text, FaultKind::Privileges, "privileges = ");
    }
    assert!(Profile::parse(&changed("privileges = \"00\"", "privileges = \"000000\"")).is_ok());
}

#[test]
fn what_is_no_hexadecimal_is_refused() {
    for wrong in ["0", "0x00", "zz"] {
        let text = changed("install-parameters = \"\"", &format!("install-parameters = \"{wrong}\""));
        assert_fault(&text, FaultKind::Hexadecimal, "install-parameters = ");
    }
    assert_fault(
        &changed("identifier = \"0201\"", "identifier = \"201\""),
        FaultKind::Hexadecimal,
        "identifier = \"201\"",
    );
}

#[test]
fn an_unknown_source_is_refused() {
    let text = changed("source = \"pin-block\"", "source = \"oracle\"");
    assert_fault(&text, FaultKind::UnknownSource, "source = \"oracle\"");
}

#[test]
fn a_field_that_is_not_declared_is_refused() {
    assert_fault(
        &changed("field = \"photo\"", "field = \"picture\""),
        FaultKind::UndeclaredField,
        "field = \"picture\"",
    );
    let text = changed("[card-number]\nfield = \"card_number\"", "[card-number]\nfield = \"number\"");
    assert_fault(&text, FaultKind::UndeclaredField, "field = \"number\"");
    let text = format!("{IDENTITY}{}", FACE.replace("\"name\"", "\"nickname\""));
    assert_fault(&text, FaultKind::UndeclaredField, "field = \"nickname\"");
}

#[test]
fn an_element_that_is_not_declared_is_refused() {
    let text = changed("content = [\"number\"]", "content = [\"numeral\"]");
    assert_fault(&text, FaultKind::UndeclaredElement, "content = [\"numeral\"]");
}

#[test]
fn a_doubled_dgi_is_refused() {
    let again = "[[application.dgi]]\nidentifier = \"0101\" # again\ncontent = [\"holder-name\"]\nprotection = \"clear\"\n\
                 personal = true\n\n# The manifest comes last";
    assert_fault(&changed("# The manifest comes last", again), FaultKind::DuplicateDgi, "# again");
}

#[test]
fn a_manifest_that_is_not_last_is_refused() {
    let after = format!(
        "{IDENTITY}\n[[application.dgi]]\nidentifier = \"0110\"\ncontent = [\"valid-to\"]\nprotection = \"clear\"\npersonal = true\n"
    );
    assert_fault(&after, FaultKind::ManifestNotLast, "identifier = \"7FFF\"");
}

#[test]
fn a_dgi_that_the_application_does_not_know_or_needs_is_told() {
    let text = changed("identifier = \"0201\"", "identifier = \"0202\"");
    assert_fault(&text, FaultKind::UnknownDgi, "identifier = \"0202\"");
    let (before, _) = IDENTITY.split_once("# The manifest comes last").unwrap();
    let found = faults(before);
    assert_eq!(found[0].kind, FaultKind::MissingDgi);
    assert!(found[0].message.contains("7FFF"));
}

#[test]
fn a_photo_needs_a_pin_that_every_order_brings() {
    let text = changed("min = 4\nmax = 12\nrequired = true", "min = 4\nmax = 12\nrequired = false");
    assert_fault(&text, FaultKind::MissingDgi, "content = [\"pin-block\"]");
}

#[test]
fn a_dgi_over_its_size_is_refused() {
    assert_fault(&changed("max = 100 #", "max = 101 #"), FaultKind::DgiSize, "content = [\"holder-name\"]");
    assert_fault(&changed("min = 8", "min = 7"), FaultKind::DgiSize, "content = [\"number\"]");
    let value = "00".repeat(16_385);
    let text = with_file(&format!("source = \"constant\"\nencoding = \"hex\"\nvalue = \"{value}\""));
    assert_fault(&text, FaultKind::DgiSize, "content = [\"further\"]");
}

#[test]
fn a_dgi_of_other_content_is_refused() {
    for wrong in
        ["[\"valid-to\", \"valid-from\"]", "[\"valid-from\"]", "[]", "[\"valid-from\", \"valid-to\", \"number\"]"]
    {
        let text = changed("[\"valid-from\", \"valid-to\"]", wrong);
        assert_fault(&text, FaultKind::DgiContent, &format!("content = {wrong}"));
    }
    let text = with_file("source = \"pin-block\"\nfield = \"pin\"\nencoding = \"iso-9564-2\"");
    let text = text.replace(
        "content = [\"further\"]\nprotection = \"clear\"\npersonal = false",
        "content = [\"further\"]\nprotection = \"clear\"\npersonal = true",
    );
    assert_fault(&text, FaultKind::DgiContent, "content = [\"further\"]");
}

#[test]
fn below_level_33_a_pin_must_be_under_the_dek() {
    for level in ["03", "13"] {
        let text = changed("security-level = \"33\"", &format!("security-level = \"{level}\""));
        assert_fault(
            &text,
            FaultKind::Protection,
            "protection = \"clear\"\npersonal = true\n\n# The manifest comes last",
        );
        let text = text.replace(PIN_GROUPING, &PIN_GROUPING.replace("clear", "dek"));
        assert!(Profile::parse(&text).is_ok());
    }
    assert!(Profile::parse(&changed(PIN_GROUPING, &PIN_GROUPING.replace("clear", "dek"))).is_ok());
}

#[test]
fn a_pin_is_written_as_a_pin_block_and_never_printed() {
    let text = changed(
        "source = \"pin-block\"\nfield = \"pin\"\nencoding = \"iso-9564-2\"",
        "source = \"field\"\nfield = \"pin\"\nencoding = \"ascii\"",
    );
    assert_fault(&text, FaultKind::Encoding, "encoding = \"ascii\"\n\n[[element]]\nname = \"manifest\"");
    let text = format!("{IDENTITY}{}", FACE.replace("\"name\"", "\"pin\""));
    assert_fault(&text, FaultKind::Protection, "field = \"pin\"\nleft");
}

#[test]
fn a_pin_block_is_made_of_a_pin_only() {
    let text = changed("field = \"pin\"", "field = \"card_number\" # no PIN");
    assert!(faults(&text).iter().any(|fault| fault.kind == FaultKind::Encoding && fault.message.contains("no PIN")));
}

#[test]
fn an_order_brings_one_photo_at_most() {
    let second = "[[field]]\nname = \"second\"\ntype = \"photo\" # 2\nmin = 1\nmax = 9\nrequired = false\n\n";
    let text = changed("[[field]]\nname = \"pin\"", &format!("{second}[[field]]\nname = \"pin\""));
    assert_fault(&text, FaultKind::DuplicateName, "type = \"photo\" # 2");
}

#[test]
fn what_tells_about_the_holder_must_be_declared_personal() {
    let text = changed(
        "content = [\"number\"]\nprotection = \"clear\"\npersonal = true",
        "content = [\"number\"]\nprotection = \"clear\"\npersonal = false",
    );
    assert_fault(&text, FaultKind::Personal, "personal = false");
}

#[test]
fn a_bad_length_range_is_refused() {
    assert_fault(&changed("min = 8\nmax = 19", "min = 19\nmax = 8"), FaultKind::LengthRange, "min = 19");
    assert_fault(&changed("min = 4\nmax = 12", "min = 3\nmax = 12"), FaultKind::LengthRange, "min = 3");
    assert_fault(&changed("max = 16384", "max = 16385"), FaultKind::LengthRange, "max = 16385");
    assert_fault(&changed("min = 8\n", "min = -8\n"), FaultKind::LengthRange, "min = -8");
}

#[test]
fn a_bad_date_rule_is_refused() {
    assert_fault(&changed("years = 5", "years = 0"), FaultKind::DateRule, "years = 0");
    assert_fault(&changed("years = 5", "years = 51"), FaultKind::DateRule, "years = 51");
    assert_fault(&changed("years = 5", "years = 5\ndays = 3"), FaultKind::DateRule, "[validity]");
    assert_fault(&changed("years = 5\n", ""), FaultKind::DateRule, "[validity]");
    assert_fault(&changed("from = \"preparation\"", "from = \"birth\""), FaultKind::DateRule, "from = \"birth\"");
}

#[test]
fn a_bad_retention_is_refused() {
    assert_fault(&changed("days = 30", "days = 0"), FaultKind::OutOfRange, "days = 0");
    assert_fault(&changed("days = 30", "days = 99999999999"), FaultKind::OutOfRange, "days = 99999999999");
}

#[test]
fn names_are_well_formed_and_unique() {
    assert_fault(
        &changed("name = \"identity\"", "name = \"Identity card\""),
        FaultKind::Name,
        "name = \"Identity card\"",
    );
    let text =
        changed("name = \"photo\"\n", "name = \"reference\"\n").replace("field = \"photo\"", "field = \"reference\"");
    assert_fault(&text, FaultKind::DuplicateName, "name = \"reference\"");
    let text = changed("name = \"valid-to\"", "name = \"valid-from\" # 2")
        .replace("\"valid-from\", \"valid-to\"", "\"valid-from\"");
    assert!(faults(&text).iter().any(|fault| fault.kind == FaultKind::DuplicateName));
}

#[test]
fn a_charset_is_for_texts_and_from_the_list() {
    let text = changed("charset = \"unicode\"", "charset = \"ebcdic\"");
    assert_fault(&text, FaultKind::UnknownValue, "charset = \"ebcdic\"");
    let text = changed("type = \"digits\"", "type = \"digits\"\ncharset = \"ascii\"");
    assert_fault(&text, FaultKind::Encoding, "charset = \"ascii\"");
}

#[test]
fn an_encoding_that_does_not_go_with_its_source_is_refused() {
    assert_fault(
        &changed("encoding = \"raw\"", "encoding = \"bcd\" # photo"),
        FaultKind::Encoding,
        "encoding = \"bcd\" # photo",
    );
    assert_fault(&changed("encoding = \"sha-256\"", "encoding = \"md5\""), FaultKind::Encoding, "encoding = \"md5\"");
}

#[test]
fn a_field_that_nobody_needs_is_not_asked_for() {
    let text = changed(
        "[[element]]\nname = \"holder-name\"",
        "[[field]] # unused\nname = \"birthday\"\ntype = \"date\"\nrequired = true\n\n[[element]]\nname = \"holder-name\"",
    );
    assert_fault(&text, FaultKind::Unused, "[[field]] # unused");
    let text = changed(
        "[[element]]\nname = \"manifest\"",
        "[[element]] # unused\nname = \"motto\"\nsource = \"constant\"\nencoding = \"utf-8\"\nvalue = \"x\"\n\n[[element]]\nname = \"manifest\"",
    );
    assert_fault(&text, FaultKind::Unused, "[[element]] # unused");
}

#[test]
fn all_faults_are_told_at_once_in_the_order_of_the_lines() {
    let text = changed("years = 5", "years = 500")
        .replace("max = 19", "max = 1900")
        .replace("personal = true\n\n# The manifest", "personal = 1\n\n# The manifest");
    let kinds: Vec<_> = faults(&text).iter().map(|fault| fault.kind).collect();
    assert_eq!(kinds, [FaultKind::DateRule, FaultKind::LengthRange, FaultKind::WrongType]);
}

#[test]
fn no_text_makes_the_reader_panic() {
    for cut in (0..IDENTITY.len()).filter(|cut| IDENTITY.is_char_boundary(*cut)) {
        let _ = Profile::parse(&IDENTITY[..cut]);
        let _ = Profile::parse(&IDENTITY[cut..]);
    }
}
