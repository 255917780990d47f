//! docs/promises.md: every row either names code and tests that exist, or says "later".
//!
//! A row is `| 2.1 | what is promised | code, as a path with a dot | tests, as crate/name_of_test |`. That the named
//! tests ran and passed is checked by script/test, from what the test run printed.

use crate::workspace::{read, root, rust_files};

/// The words in back quotes of a cell.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// The cells of the rows that are promises: those whose first cell is a number with a dot.
fn rows(document: &str) -> Vec<Vec<&str>> {
    let lines = document.lines().filter(|line| line.starts_with('|'));
    let cells = lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
    cells.filter(|cells| cells[0].contains('.') && cells[0].starts_with(|first: char| first.is_ascii_digit())).collect()
}

fn breaches(document: &str) -> Vec<String> {
    rows(document).iter().flat_map(|cells| breaches_of(cells)).collect()
}

fn breaches_of(cells: &[&str]) -> Vec<String> {
    let [number, _, code, tests] = cells else {
        return vec![format!("{}: {} cells instead of 4", cells[0], cells.len())];
    };
    let missing_code = quoted(code).into_iter().filter(|path| !root().join(path).exists());
    let mut found: Vec<String> = missing_code.map(|path| format!("{number}: no such code: {path}")).collect();
    let named = quoted(tests);
    if named.is_empty() && *tests != "later" {
        found.push(format!("{number}: neither a test nor \"later\""));
    }
    found.extend(
        named.into_iter().filter(|name| !test_exists(name)).map(|name| format!("{number}: no such test: {name}")),
    );
    found
}

/// Whether `crate/name_of_test` is a function marked as a test in that crate.
fn test_exists(reference: &str) -> bool {
    let Some((krate, name)) = reference.split_once('/') else { return false };
    let directory = root().join("crates").join(krate);
    directory.is_dir() && rust_files(&directory).iter().any(|path| has_test(&read(path), name))
}

fn has_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    (0..lines.len()).any(|at| declares(lines[at], name) && is_marked(&lines[..at]))
}

fn declares(line: &str, name: &str) -> bool {
    let rest = line.trim_start_matches("pub(crate) ").trim_start_matches("async ").strip_prefix("fn ");
    rest.is_some_and(|rest| rest.split('(').next() == Some(name))
}

/// Whether the attributes right above say that it is a test.
fn is_marked(above: &[&str]) -> bool {
    above.iter().rev().take(6).take_while(|line| !line.ends_with('}')).any(|line| is_mark(line))
}

fn is_mark(line: &str) -> bool {
    line == "#[test]" || line.starts_with("#[tokio::test")
}

#[test]
fn every_promise_names_code_and_tests_that_exist() {
    let document = read("docs/promises.md");
    assert!(rows(&document).len() >= 8, "docs/promises.md has lost its rows");
    assert_eq!(breaches(&document), Vec::<String>::new());
}

#[test]
fn each_of_the_eight_promises_has_a_row() {
    let document = read("docs/promises.md");
    for promise in 1..=8 {
        assert!(
            rows(&document).iter().any(|cells| cells[0].starts_with(&format!("{promise}."))),
            "promise {promise} has no row"
        );
    }
}

#[test]
fn a_planted_promise_without_its_test_is_caught() {
    let planted = "| 1.1 | x | `crates/apdu/src/lib.rs` | `apdu/no_such_test` |\n| 1.2 | x | `crates/apdu/src/none.rs` | later |\n| 1.3 | x | | |\n";
    let expected = [
        "1.1: no such test: apdu/no_such_test",
        "1.2: no such code: crates/apdu/src/none.rs",
        "1.3: neither a test nor \"later\"",
    ];
    assert_eq!(breaches(planted), expected);
}

#[test]
fn a_function_that_is_not_a_test_proves_nothing() {
    assert!(!test_exists("lab/a_function_without_a_mark"));
    assert!(test_exists("lab/a_function_that_is_not_a_test_proves_nothing"));
}

#[allow(dead_code, reason = "looked for by the test above")]
fn a_function_without_a_mark() {}
