//! The scripts that give a test a machine of its own: private PC/SC daemons and PostgreSQL servers.

use crate::workspace::root;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

fn fresh_directory(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

fn script(name: &str) -> Command {
    Command::new(root().join("script").join(name))
}

fn with_readers(directory: &Path, readers: u8) -> Command {
    let mut command = script("private-pcscd");
    command.arg(directory).arg(readers.to_string()).arg("--");
    command
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Starts a private daemon and waits until its command has printed a line.
fn start_and_wait(directory: &Path) -> Child {
    let mut child =
        with_readers(directory, 1).args(["sh", "-c", "echo up; exec sleep 60"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "up\n");
    child
}

fn terminate(mut child: Child) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let begun = Instant::now();
    assert!(!child.wait().unwrap().success());
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_private_pcscd_has_two_slots_a_reader() {
    let output = with_readers(&fresh_directory("pcscd-slots"), 3).args(["opensc-tool", "-l"]).output().unwrap();
    let said = said(&output);
    for slot in ["Card Reader 0 00 00", "Card Reader 0 00 01", "Card Reader 2 00 00", "Card Reader 2 00 01"] {
        assert!(said.contains(slot), "{slot} is not among: {said}");
    }
}

#[test]
fn a_private_pcscd_hands_on_the_exit_status_and_leaves_nothing() {
    let directory = fresh_directory("pcscd-status");
    let status =
        with_readers(&directory, 1).args(["sh", "-c", "test -S \"$PCSCLITE_CSOCK_NAME\" && exit 7"]).status().unwrap();
    assert_eq!(status.code(), Some(7));
    assert_eq!(std::fs::read_dir(directory).unwrap().count(), 0);
}

#[test]
fn a_private_pcscd_is_reached_by_its_socket_and_by_no_network() {
    let directory = fresh_directory("pcscd-network");
    let child = start_and_wait(&directory);
    let listed = Command::new("opensc-tool")
        .arg("-l")
        .env("PCSCLITE_CSOCK_NAME", directory.join("pcscd.comm"))
        .output()
        .unwrap();
    let reached = TcpStream::connect("127.0.0.1:40001");
    terminate(child);
    assert!(said(&listed).contains("Card Reader 0 00 00"), "{}", said(&listed));
    assert!(reached.is_err(), "the virtual reader's port is open to the machine");
}

#[test]
fn a_directory_serves_one_private_pcscd_at_a_time_and_again_after_it() {
    let directory = fresh_directory("pcscd-twice");
    let child = start_and_wait(&directory);
    assert_eq!(with_readers(&directory, 1).arg("true").status().unwrap().code(), Some(3));
    terminate(child);
    assert_eq!(with_readers(&directory, 1).arg("true").status().unwrap().code(), Some(0));
}

#[test]
fn a_private_postgres_answers_inside_and_is_gone_afterwards() {
    let output =
        script("private-postgres").args(["sh", "-c", "echo \"$CARDWRIGHT_TEST_POSTGRES\"; exit 5"]).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));
    let url = String::from_utf8(output.stdout).unwrap();
    let directory = url.trim_end().split("host=").nth(1).unwrap();
    assert!(url.starts_with("postgres://cardwright:") && !Path::new(directory).exists(), "{directory} is still there");
}
