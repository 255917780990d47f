//! What every source file and manifest keeps to.

use crate::workspace::{crates, read, root, rust_files};
use std::path::{Path, PathBuf};

/// Names that say nothing, and so gather everything.
const EMPTY_NAMES: &[&str] = &["common", "types", "utils", "util", "helpers", "helper", "misc"];

/// The one place where memory is locked and unsafe code is allowed.
const LOCKED_MEMORY: &str = "crates/keystore/src/locked_memory.rs";

fn all_files() -> Vec<(PathBuf, String)> {
    let files = rust_files(&root().join("crates")).into_iter();
    files.map(|path| (path.strip_prefix(root()).unwrap().to_path_buf(), read(&path))).collect()
}

fn empty_names(path: &Path) -> Vec<String> {
    let parts = path.iter().map(|part| part.to_string_lossy().trim_end_matches(".rs").to_owned());
    parts.filter(|part| EMPTY_NAMES.contains(&part.as_str())).collect()
}

/// Lines that switch the ban on unsafe code off; the ban itself is rustc's.
fn loosenings(path: &Path, text: &str) -> Vec<String> {
    let lines = text.lines().enumerate();
    let loose =
        lines.filter(|(_, line)| !line.trim_start().starts_with("//") && line.contains(concat!("unsafe", "_code")));
    let place = loose.map(|(number, line)| (number, line.trim().to_owned()));
    place
        .filter(|_| path != Path::new(LOCKED_MEMORY))
        .map(|(number, line)| format!("{}:{}: {line}", path.display(), number + 1))
        .collect()
}

#[test]
fn every_crate_inherits_the_lints() {
    for krate in crates() {
        let manifest = read(krate.directory.join("Cargo.toml"));
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{} does not inherit the workspace's lints",
            krate.name
        );
    }
    assert!(read("Cargo.toml").contains(concat!("unsafe", "_code = \"deny\"")));
}

#[test]
fn unsafe_stays_where_memory_is_locked() {
    let found: Vec<String> = all_files().iter().flat_map(|(path, text)| loosenings(path, text)).collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_planted_permission_for_unsafe_is_caught() {
    let planted = concat!("//! A module.\n#![allow(unsafe", "_code)]\n");
    assert_eq!(loosenings(Path::new("crates/relay/src/lib.rs"), planted).len(), 1);
    assert_eq!(loosenings(Path::new(LOCKED_MEMORY), planted).len(), 0);
}

#[test]
fn no_file_has_a_name_that_says_nothing() {
    let found: Vec<PathBuf> =
        all_files().into_iter().map(|(path, _)| path).filter(|path| !empty_names(path).is_empty()).collect();
    assert_eq!(found, Vec::<PathBuf>::new());
    assert_eq!(empty_names(Path::new("crates/relay/src/utils.rs")), ["utils"]);
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent = all_files().into_iter().filter(|(_, text)| !text.starts_with("//!")).map(|(path, _)| path);
    assert_eq!(silent.collect::<Vec<_>>(), Vec::<PathBuf>::new());
}

#[test]
fn no_file_is_longer_than_400_lines() {
    let long = all_files().into_iter().filter(|(_, text)| text.lines().count() > 400).map(|(path, _)| path);
    assert_eq!(long.collect::<Vec<_>>(), Vec::<PathBuf>::new());
}
