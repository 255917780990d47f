//! Who may depend on whom. An arrow that is not here wants its reason in ARCHITECTURE.md first.

use crate::workspace::{Crate, Dependency, crates};
use std::collections::BTreeSet;

/// Each crate with what it may depend on; `lab` stands above all and may see everything.
const ARROWS: &[(&str, &[&str])] = &[
    ("apdu", &[]),
    ("keystore", &[]),
    ("transparency-log", &[]),
    ("data-preparation", &["keystore", "apdu"]),
    ("globalplatform", &["apdu"]),
    ("relay", &["apdu"]),
    ("virtual-card", &["apdu"]),
    ("issuance", &["data-preparation", "globalplatform", "relay", "apdu"]),
    ("terminal", &["relay", "apdu"]),
    (
        "issuing-center",
        &["issuance", "data-preparation", "globalplatform", "relay", "keystore", "transparency-log", "apdu"],
    ),
];

/// Crates that answer and never act.
pub(crate) const PURE: &[&str] =
    &["apdu", "transparency-log", "globalplatform", "data-preparation", "relay", "issuance"];

/// Crates from outside that bring IO, a clock or randomness with them.
const ACTING: &[&str] = &[
    "aws-lc-rs",
    "axum",
    "chrono",
    "getrandom",
    "hyper",
    "mio",
    "openssl",
    "pcsc",
    "rand",
    "reqwest",
    "rustls",
    "sqlx",
    "time",
    "tokio",
    "uuid",
];

fn breaches(crates: &[Crate]) -> Vec<String> {
    crates.iter().flat_map(|krate| breaches_of(krate, crates)).collect()
}

fn breaches_of(krate: &Crate, crates: &[Crate]) -> Vec<String> {
    let mut found = Vec::new();
    let name = &krate.name;
    if name == "lab" {
        return found;
    }
    let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| known == name) else {
        return vec![format!("{name} is a crate that the arrows do not know")];
    };
    for Dependency { name: other, ours, for_tests } in &krate.dependencies {
        if *ours && (other == "lab" || !for_tests && !allowed.contains(&other.as_str())) {
            found.push(format!("{name} -> {other}"));
        }
        if !for_tests && PURE.contains(&name.as_str()) && ACTING.contains(&other.as_str()) {
            found.push(format!("{name} is pure and asks for {other}"));
        }
    }
    let seen = seen_by(krate, crates);
    if seen.contains("globalplatform") && seen.contains("virtual-card") {
        found.push(format!("{name} sees both readings of the specification, globalplatform and virtual-card"));
    }
    found
}

/// Everything of ours that the crate's code or tests are linked with, itself included.
fn seen_by(krate: &Crate, crates: &[Crate]) -> BTreeSet<String> {
    let mut seen = BTreeSet::from([krate.name.clone()]);
    let mut open: Vec<String> = ours(krate, true);
    while let Some(name) = open.pop() {
        if seen.insert(name.clone())
            && let Some(next) = crates.iter().find(|other| other.name == name)
        {
            open.extend(ours(next, false));
        }
    }
    seen
}

fn ours(krate: &Crate, with_tests: bool) -> Vec<String> {
    let wanted = krate.dependencies.iter().filter(|each| each.ours && (with_tests || !each.for_tests));
    wanted.map(|each| each.name.clone()).collect()
}

/// The workspace with one more arrow in it.
fn with_arrow(from: &str, name: &str, for_tests: bool) -> Vec<Crate> {
    let mut crates = crates();
    let krate = crates.iter_mut().find(|krate| krate.name == from).unwrap();
    let ours = ARROWS.iter().any(|(known, _)| *known == name) || name == "lab";
    krate.dependencies.push(Dependency { name: name.to_owned(), ours, for_tests });
    crates
}

#[test]
fn the_arrows_between_crates_hold() {
    assert_eq!(breaches(&crates()), Vec::<String>::new());
}

#[test]
fn every_crate_of_the_design_is_there() {
    let found: BTreeSet<String> = crates().into_iter().map(|krate| krate.name).collect();
    let designed: BTreeSet<String> =
        ARROWS.iter().map(|(name, _)| (*name).to_owned()).chain(["lab".to_owned()]).collect();
    assert_eq!(found, designed);
}

#[test]
fn a_planted_wrong_arrow_is_caught() {
    for (from, to) in [
        ("terminal", "keystore"),
        ("terminal", "globalplatform"),
        ("apdu", "relay"),
        ("issuance", "keystore"),
        ("virtual-card", "globalplatform"),
        ("relay", "lab"),
    ] {
        let found = breaches(&with_arrow(from, to, false));
        assert!(found.contains(&format!("{from} -> {to}")), "{from} -> {to} was not caught: {found:?}");
    }
}

#[test]
fn a_planted_test_arrow_that_joins_both_readings_is_caught() {
    for (from, to) in
        [("virtual-card", "globalplatform"), ("globalplatform", "virtual-card"), ("issuance", "virtual-card")]
    {
        let found = breaches(&with_arrow(from, to, true));
        assert!(
            found.iter().any(|breach| breach.starts_with(&format!("{from} sees both"))),
            "{from} -> {to}: {found:?}"
        );
    }
}

#[test]
fn a_planted_clock_or_socket_in_a_pure_crate_is_caught() {
    let found = breaches(&with_arrow("relay", "tokio", false));
    assert_eq!(found, ["relay is pure and asks for tokio"]);
}

#[test]
fn a_planted_unknown_crate_is_caught() {
    let mut crates = crates();
    crates[0].name = "common".to_owned();
    assert!(breaches(&crates).contains(&"common is a crate that the arrows do not know".to_owned()));
}
