//! docs/profiles.md: it names every key that is read and every code that is told.

use cardwright_data_preparation::{Error, Profile};

use crate::sample::IDENTITY;

const DOCUMENT: &str = include_str!("../../../../docs/profiles.md");

/// The keys that the fault for an unknown key lists, once for each kind of table.
fn keys() -> Vec<String> {
    let with_unknown = IDENTITY
        .replace("format = 1\n", "format = 1\nx = 1\n")
        .replace("years = 5", "years = 5\nx = 1")
        .replace("days = 30", "days = 30\nx = 1")
        .replace("required = false", "required = false\nx = 1")
        .replace("source = ", "x = 1\nsource = ")
        .replace("standard = ", "x = 1\nstandard = ")
        .replace("personal = true", "personal = true\nx = 1")
        + "\n[[element]]\nname = \"c\"\nsource = \"constant\"\nx = 1\nencoding = \"hex\"\nvalue = \"00\"\n";
    let Err(Error::Profile(faults)) = Profile::parse(&with_unknown) else { panic!("the keys were taken") };
    let lists = faults.iter().filter_map(|fault| fault.remedy.split_once("one of: ")).map(|(_, list)| list);
    lists.flat_map(|list| list.split(", ")).map(str::to_owned).collect()
}

/// The codes that `source` maps kinds to.
fn codes(source: &str) -> Vec<&str> {
    let lines = source.lines().filter_map(|line| line.trim().strip_prefix("Self::"));
    lines.filter_map(|line| line.split_once(" => \"")).map(|(_, code)| code.trim_end_matches("\",")).collect()
}

#[test]
fn the_reference_names_every_key() {
    let keys = keys();
    assert!(keys.len() > 40, "only {} keys were listed", keys.len());
    for key in keys {
        let written =
            [format!("`{key}`"), format!("`[{key}]`"), format!("`[[{key}]]`"), format!("`[[application.{key}]]`")];
        assert!(written.iter().any(|form| DOCUMENT.contains(form)), "docs/profiles.md does not name {key}");
    }
}

#[test]
fn the_reference_names_every_code() {
    let codes = [codes(include_str!("../../src/profile/fault.rs")), codes(include_str!("../../src/order.rs"))].concat();
    assert!(codes.len() > 30, "only {} codes were found", codes.len());
    for code in codes {
        assert!(DOCUMENT.contains(&format!("| `{code}` |")), "docs/profiles.md does not name {code}");
    }
}

#[test]
fn the_example_of_the_reference_is_taken() {
    let (_, rest) = DOCUMENT.split_once("```toml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let (element, dgi) = example.split_once("[[application.dgi]]").unwrap();
    let text = IDENTITY
        .replace("[[application]]", &format!("{element}[[application]]"))
        .replace("# The manifest comes last", &format!("[[application.dgi]]{dgi}# The manifest comes last"));
    let profile = Profile::parse(&text).unwrap();
    assert!(profile.applications()[0].dgis.iter().any(|dgi| dgi.identifier == 0x0110));
}

#[test]
fn the_fault_shown_in_the_reference_is_the_one_told() {
    let text = IDENTITY.replace("min = 8\nmax = 19", "min = 19\nmax = 8");
    let Err(Error::Profile(faults)) = Profile::parse(&text) else { panic!("the profile was taken") };
    assert!(DOCUMENT.contains(&faults[0].to_string()), "docs/profiles.md does not show: {}", faults[0]);
}
