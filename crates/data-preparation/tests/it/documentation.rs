//! docs/profiles.md: it names every key that is read and every code that is told.

use std::collections::BTreeSet;

use cardwright_data_preparation::profile::FaultKind;
use cardwright_data_preparation::{Error, Profile};

use crate::sample::IDENTITY;

const DOCUMENT: &str = include_str!("../../../../docs/profiles.md");

/// The profiles that come with the project: together they have every kind of table.
const PROFILES: [&str; 6] = [
    crate::sample::WITH_FACE,
    include_str!("../../../../profiles/emv-credit.toml"),
    include_str!("../../../../profiles/emv-debit.toml"),
    include_str!("../../../../profiles/piv-employee.toml"),
    include_str!("../../../../profiles/identity-2.toml"),
    include_str!("../../../../profiles/emv-debit-2.toml"),
];

/// `text` with a key that nobody reads in every table.
fn with_unknown(text: &str) -> String {
    let with_key =
        text.lines().map(|line| if line.starts_with('[') { format!("{line}\nx = 1\n") } else { format!("{line}\n") });
    format!("x = 1\n{}", with_key.collect::<String>())
}

/// The keys that the fault for an unknown key lists, once for each kind of table.
fn keys() -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for profile in PROFILES {
        let Err(Error::Profile(faults)) = Profile::parse(&with_unknown(profile)) else { panic!("the keys were taken") };
        let lists = faults.iter().filter(|fault| fault.kind == FaultKind::UnknownKey);
        let lists = lists.filter_map(|fault| fault.remedy.split_once("one of: "));
        keys.extend(lists.flat_map(|(_, list)| list.split(", ")).map(str::to_owned));
    }
    keys
}

/// The codes that `source` maps kinds to.
fn codes(source: &str) -> Vec<&str> {
    let lines = source.lines().filter_map(|line| line.trim().strip_prefix("Self::"));
    lines.filter_map(|line| line.split_once(" => \"")).map(|(_, code)| code.trim_end_matches("\",")).collect()
}

#[test]
fn the_reference_names_every_key() {
    let keys = keys();
    assert!(keys.len() > 100, "only {} keys were listed", keys.len());
    for key in keys {
        let tables = ["", "application.", "application.piv."].map(|table| format!("[{table}{key}]"));
        let written = tables.iter().flat_map(|table| [format!("`{table}`"), format!("`[{table}]`")]);
        let mut written = written.chain([format!("`{key}`")]);
        assert!(written.any(|form| DOCUMENT.contains(&form)), "docs/profiles.md does not name {key}");
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
    let fault = &faults[0];
    let (place, code) = (format!(":{}:{}: ", fault.line, fault.column), fault.kind.code());
    let shown = format!("{place}{} ({code})\n        {}\n", fault.message, fault.remedy);
    assert!(DOCUMENT.contains(&shown), "docs/profiles.md does not show: {shown}");
}
