//! The documents: every link between them leads somewhere.

use crate::workspace::{read, root};
use std::fs;
use std::path::{Path, PathBuf};

/// The Markdown files of the root and of docs/, relative to the root.
fn documents() -> Vec<PathBuf> {
    ["", "docs", "docs/decisions"].iter().flat_map(|folder| markdown_in(&root().join(folder))).collect()
}

fn markdown_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

/// What stands in `](...)`, without addresses on the network and without the part after `#`.
fn links(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets
        .filter(|target| !target.contains("://"))
        .filter_map(|target| target.split('#').next())
        .filter(|target| !target.is_empty())
        .collect()
}

fn broken(document: &Path, text: &str) -> Vec<String> {
    let folder = document.parent().unwrap();
    let dead = links(text).into_iter().filter(|target| !folder.join(target).exists());
    dead.map(|target| format!("{}: {target}", document.display())).collect()
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let documents = documents();
    assert!(documents.len() >= 10, "{documents:?}");
    let found: Vec<String> = documents.iter().flat_map(|document| broken(document, &read(document))).collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_planted_broken_link_is_caught() {
    let planted = "See [a](docs/none.md#part), [b](README.md), [c](https://example.org/x).";
    assert_eq!(broken(&root().join("X.md"), planted), [format!("{}: docs/none.md", root().join("X.md").display())]);
}
