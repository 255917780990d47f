//! Several programs with one keystore: they make keys at the same time, and are killed while they do.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use cardwright_keystore::software::SoftwareKeystore;
use cardwright_keystore::{KeyKind, Keystore, Purpose};

use crate::seeded::generated;
use crate::sharing::{PASSPHRASE, open, own_randomness};

const PLACE: &str = "CARDWRIGHT_TEST_KEYSTORE";
const NAME: &str = "CARDWRIGHT_TEST_NAME";
const COUNT: &str = "CARDWRIGHT_TEST_COUNT";

/// The program: makes keys, and says of each that it is made.
#[test]
#[ignore = "the program that the other tests start"]
fn make_keys() {
    let Some(path) = env::var_os(PLACE) else { return };
    let name = env::var(NAME).unwrap();
    let keystore = open(Path::new(&path), own_randomness());
    let mut out = std::io::stdout();
    for number in 0..env::var(COUNT).unwrap().parse().unwrap() {
        let made = generated(&keystore, &format!("{name}/{number}.1"), KeyKind::Aes256, Purpose::Wrap);
        writeln!(out, "\nmade {made}").and_then(|()| out.flush()).unwrap();
    }
}

fn start(path: &Path, name: &str, count: u32) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "programs::make_keys", "--nocapture"]);
    command.env(PLACE, path).env(NAME, name).env(COUNT, count.to_string());
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// What the program says it made, until it ends.
fn made(program: &mut Child) -> impl Iterator<Item = String> + use<> {
    let lines = BufReader::new(program.stdout.take().unwrap()).lines().map_while(Result::ok);
    lines.filter_map(|line| line.strip_prefix("made ").map(str::to_owned))
}

fn handles(keystore: &dyn Keystore) -> Vec<String> {
    keystore.list().unwrap().into_iter().map(|info| info.id.to_string()).collect()
}

#[test]
fn keys_that_several_programs_make_at_the_same_time_are_all_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    let own = SoftwareKeystore::create(&path, PASSPHRASE, own_randomness()).unwrap();
    let mut programs = ["a", "b", "c"].map(|name| start(&path, name, 20));
    for number in 0..20 {
        generated(&own, &format!("own/{number}.1"), KeyKind::Aes256, Purpose::Wrap);
    }
    for program in &mut programs {
        assert_eq!(made(program).count(), 20);
        assert!(program.wait().unwrap().success());
    }
    assert_eq!(handles(&own).len(), 80);
    assert_eq!(handles(&open(&path, own_randomness())), handles(&own));
}

#[test]
fn a_program_killed_while_it_changes_keys_leaves_every_key_it_told_of_and_no_lock() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    let own = SoftwareKeystore::create(&path, PASSPHRASE, own_randomness()).unwrap();
    let mut expected = Vec::new();
    for round in 1..=8 {
        let mut program = start(&path, &format!("round-{round}"), u32::MAX);
        let mut told = made(&mut program);
        expected.extend(told.by_ref().take(round));
        // It is in the midst of the next change, somewhere else each time.
        std::thread::sleep(std::time::Duration::from_micros(300 * round as u64));
        program.kill().unwrap();
        program.wait().unwrap();
        expected.extend(told);
        expected.push(generated(&own, &format!("own/{round}.1"), KeyKind::Aes256, Purpose::Wrap).to_string());
        let kept = handles(&own);
        assert!(expected.iter().all(|told| kept.contains(told)), "round {round}");
        assert!(kept.len() <= expected.len() + round, "at most one key of each round was not told of");
        assert_eq!(handles(&open(&path, own_randomness())), kept);
    }
}
