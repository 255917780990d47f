//! The bans of the pure crates: that each has them, and that clippy refuses a planted breach of every one.

use crate::arrows::PURE;
use crate::workspace::{read, root};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// For every banned path of the standard library a line that breaks the ban.
const BREACHES: &[(&str, &str)] = &[
    ("std::time::Instant::now", "pub fn f() -> std::time::Instant { std::time::Instant::now() }"),
    ("std::time::Instant::elapsed", "pub fn f(i: std::time::Instant) -> std::time::Duration { i.elapsed() }"),
    ("std::time::SystemTime::now", "pub fn f() -> std::time::SystemTime { std::time::SystemTime::now() }"),
    ("std::time::SystemTime::elapsed", "pub fn f(t: std::time::SystemTime) -> bool { t.elapsed().is_ok() }"),
    ("std::thread::sleep", "pub fn f() { std::thread::sleep(std::time::Duration::from_secs(1)) }"),
    ("std::thread::spawn", "pub fn f() { drop(std::thread::spawn(|| ())) }"),
    ("std::env::var", "pub fn f() -> bool { std::env::var(\"HOME\").is_ok() }"),
    ("std::fs::read", "pub fn f() -> bool { std::fs::read(\"x\").is_ok() }"),
    ("std::fs::read_to_string", "pub fn f() -> bool { std::fs::read_to_string(\"x\").is_ok() }"),
    ("std::fs::write", "pub fn f() -> bool { std::fs::write(\"x\", b\"x\").is_ok() }"),
    ("std::collections::HashMap", "pub fn f() -> usize { std::collections::HashMap::<u8, u8>::new().len() }"),
    ("std::collections::HashSet", "pub fn f() -> usize { std::collections::HashSet::<u8>::new().len() }"),
    ("std::hash::RandomState", "pub fn f() { drop(std::hash::RandomState::new()) }"),
    ("std::fs::File", "pub fn f() -> bool { std::fs::File::open(\"x\").is_ok() }"),
    ("std::net::TcpStream", "pub fn f() -> bool { std::net::TcpStream::connect(\"x\").is_ok() }"),
    ("std::net::TcpListener", "pub fn f() -> bool { std::net::TcpListener::bind(\"x\").is_ok() }"),
    ("std::net::UdpSocket", "pub fn f() -> bool { std::net::UdpSocket::bind(\"x\").is_ok() }"),
    ("std::process::Command", "pub fn f() { drop(std::process::Command::new(\"x\")) }"),
];

/// A workspace of one crate under this one's lints and clippy files, with a module for every line.
fn plant(name: &str, linked: bool) -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let krate = place.join("crates/planted");
    let _ = fs::remove_dir_all(&place);
    fs::create_dir_all(krate.join("src")).unwrap();
    fs::write(
        place.join("Cargo.toml"),
        format!("[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n\n{}", lints()),
    )
    .unwrap();
    fs::copy(root().join("clippy.toml"), place.join("clippy.toml")).unwrap();
    fs::copy(root().join("clippy-pure.toml"), place.join("clippy-pure.toml")).unwrap();
    if linked {
        std::os::unix::fs::symlink("../../clippy-pure.toml", krate.join("clippy.toml")).unwrap();
    }
    let manifest =
        "[package]\nname = \"planted\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[lints]\nworkspace = true\n";
    fs::write(krate.join("Cargo.toml"), manifest).unwrap();
    let modules = BREACHES.iter().enumerate().map(|(number, (_, line))| format!("pub mod m{number} {{ {line} }}\n"));
    fs::write(krate.join("src/lib.rs"), modules.collect::<String>()).unwrap();
    place
}

/// The lints of the real workspace, as its manifest has them.
fn lints() -> String {
    let manifest = read("Cargo.toml");
    let tables = manifest.split("\n[").filter(|table| table.starts_with("workspace.lints"));
    tables.map(|table| format!("[{table}\n")).collect()
}

fn clippy(place: &Path) -> (bool, String) {
    let output = Command::new(env!("CARGO"))
        .args(["clippy", "--offline", "--quiet"])
        .current_dir(place)
        .env("CARGO_TARGET_DIR", place.join("target"))
        .env_remove("CLIPPY_CONF_DIR")
        .output()
        .unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_planted_breach_of_every_ban_is_refused() {
    let (accepted, said) = clippy(&plant("planted-pure", true));
    assert!(!accepted, "clippy accepted every breach");
    for (path, _) in BREACHES {
        let refused =
            ["method", "type"].iter().any(|kind| said.contains(&format!("use of a disallowed {kind} `{path}`")));
        assert!(refused, "{path} was not refused; clippy said:\n{said}");
    }
}

#[test]
fn the_same_lines_pass_in_a_crate_that_acts() {
    let (accepted, said) = clippy(&plant("planted-acting", false));
    assert!(accepted, "{said}");
}

#[test]
fn every_pure_crate_links_to_the_bans() {
    for name in PURE.iter().chain(&["virtual-card"]) {
        let link = root().join("crates").join(name).join("clippy.toml");
        let target = fs::canonicalize(&link).unwrap_or_else(|error| panic!("{}: {error}", link.display()));
        assert_eq!(target, fs::canonicalize(root().join("clippy-pure.toml")).unwrap(), "{name}");
    }
}

#[test]
fn every_ban_has_a_breach_planted_here_and_a_reason() {
    let bans = read("clippy-pure.toml");
    for line in bans.lines().filter(|line| line.trim_start().starts_with("{ path = ")) {
        let path = line.split('"').nth(1).unwrap();
        assert!(line.contains("reason = \"pure crate: "), "{path} has no reason");
        let planted = BREACHES.iter().any(|(known, _)| *known == path);
        assert!(planted || line.contains("allow-invalid = true"), "{path} has no breach");
    }
}

#[test]
fn the_bans_come_on_top_of_the_settings_of_all_crates() {
    let pure = read("clippy-pure.toml");
    for line in read("clippy.toml").lines().filter(|line| !line.starts_with('#')) {
        assert!(pure.lines().any(|other| other == line), "clippy-pure.toml lacks: {line}");
    }
}
