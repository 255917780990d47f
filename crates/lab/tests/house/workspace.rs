//! The workspace as Cargo and the disk tell it.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One crate of ours, named without the `cardwright-` in front.
#[derive(Debug, Clone)]
pub(crate) struct Crate {
    pub(crate) name: String,
    pub(crate) directory: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
}

/// What a crate's manifest asks for, ours without the `cardwright-` in front.
#[derive(Debug, Clone)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) ours: bool,
    pub(crate) for_tests: bool,
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_path_buf()
}

pub(crate) fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All crates of the workspace, as `cargo metadata` lists them.
pub(crate) fn crates() -> Vec<Crate> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().iter().map(read_crate).collect()
}

fn read_crate(package: &Value) -> Crate {
    let manifest = PathBuf::from(package["manifest_path"].as_str().unwrap());
    Crate {
        name: short(package["name"].as_str().unwrap()).to_owned(),
        directory: manifest.parent().unwrap().to_path_buf(),
        dependencies: package["dependencies"].as_array().unwrap().iter().map(read_dependency).collect(),
    }
}

fn read_dependency(dependency: &Value) -> Dependency {
    let name = dependency["name"].as_str().unwrap();
    Dependency {
        name: short(name).to_owned(),
        ours: name.starts_with("cardwright-"),
        for_tests: dependency["kind"] == "dev",
    }
}

fn short(package: &str) -> &str {
    package.strip_prefix("cardwright-").unwrap_or(package)
}

/// Every Rust source file below `directory`, in the order of their names.
pub(crate) fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut entries: Vec<PathBuf> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}
