//! The binary: makes cards, serves them to a reader, keeps their state. The reader here is a socket of the test's own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use cardwright_virtual_card::CardState;
use cardwright_virtual_card::applications::built_in;
use sha2::{Digest, Sha256};

fn tool(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cardwright-card")).args(arguments).output().unwrap()
}

fn product(name: &str) -> String {
    format!("{}/../../products/{name}.toml", env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A card in the test's reader.
struct Inserted {
    process: Child,
    wire: TcpStream,
}

impl Inserted {
    fn new(state: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        let process = Command::new(env!("CARGO_BIN_EXE_cardwright-card"))
            .args(["insert", text(state), "--port", &port])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let wire = listener.accept().unwrap().0;
        wire.set_nodelay(true).unwrap();
        Self { process, wire }
    }

    /// Length and body in two writes, as vpcd does.
    fn write(&mut self, body: &[u8]) {
        self.wire.write_all(&(body.len() as u16).to_be_bytes()).unwrap();
        self.wire.write_all(body).unwrap();
    }

    fn transmit(&mut self, command: &str) -> String {
        self.write(&hex::decode(command).unwrap());
        let mut length = [0; 2];
        self.wire.read_exact(&mut length).unwrap();
        let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
        self.wire.read_exact(&mut answer).unwrap();
        hex::encode_upper(answer)
    }

    fn remove(mut self) -> Option<i32> {
        drop(self.wire);
        let mut said = String::new();
        BufReader::new(self.process.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert!(said.contains("is in the reader"), "{said}");
        self.process.wait().unwrap().code()
    }
}

fn blanks(directory: &Path, more: &[&str]) -> PathBuf {
    let out = directory.join("blanks");
    let product = product("scp03-i70");
    let arguments = [&["make", "--product", &product, "--count", "2", "--out", text(&out)], more].concat();
    let made = tool(&arguments);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    out
}

#[test]
fn the_shipment_file_agrees_with_the_cards_and_holds_no_key() {
    let directory = tempfile::tempdir().unwrap();
    let out = blanks(directory.path(), &[]);
    let shipment = std::fs::read_to_string(out.join("shipment.csv")).unwrap();
    let lines: Vec<Vec<&str>> = shipment.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(lines[0], ["product", "iin", "cin", "cplc", "kdd", "kvn", "kcvs"]);
    assert_eq!(lines.len(), 3);
    for (line, name) in lines[1..].iter().zip(["card-0001.json", "card-0002.json"]) {
        let state = CardState::from_json(&std::fs::read(out.join(name)).unwrap()).unwrap();
        assert_eq!(line[4], hex::encode_upper(&state.identity.key_diversification_data));
        let kcvs: Vec<String> = state.key_sets[0].keys.iter().map(|key| hex::encode_upper(key.check_value())).collect();
        assert_eq!((line[5], line[6]), ("30", kcvs.join("/").as_str()));
        for key in &state.key_sets[0].keys {
            assert!(!shipment.contains(&hex::encode_upper(key.value.expose())));
        }
    }
    assert_ne!(lines[1][3..5], lines[2][3..5], "no two cards are alike");
}

#[test]
fn the_same_batch_key_gives_the_keys_that_the_host_derives() {
    let directory = tempfile::tempdir().unwrap();
    let out = blanks(directory.path(), &["--master", "000102030405060708090A0B0C0D0E0F"]);
    let state = CardState::from_json(&std::fs::read(out.join("card-0001.json")).unwrap()).unwrap();
    let data = &state.identity.key_diversification_data;
    let master: Vec<u8> = (0..16).collect();
    for (number, key) in (1..).zip(&state.key_sets[0].keys) {
        let derived = crate::host::cmac(&master, &[&[1, 0, 0, 0, number, 0][..], data].concat());
        assert!(key.value.equals(&derived), "key {number}");
    }
    let again = tool(&[
        "make",
        "--product",
        &product("scp03-i70"),
        "--count",
        "1",
        "--out",
        text(&directory.path().join("more")),
        "--batch-key-file",
        text(&out.join("batch-key.toml")),
    ]);
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    std::fs::remove_file(out.join("shipment.csv")).unwrap();
    let key = std::fs::read(out.join("batch-key.toml")).unwrap();
    let other = ["make", "--product", &product("scp03-i70"), "--count", "1", "--out", text(&out)];
    let other = tool(&[&other[..], &["--master", "FF0102030405060708090A0B0C0D0E0F"]].concat());
    assert_eq!(other.status.code(), Some(1));
    assert_eq!(std::fs::read(out.join("batch-key.toml")).unwrap(), key, "a batch key is never written over");
    let wrong = String::from_utf8(key).unwrap().replace("000102", "FF0102");
    std::fs::write(out.join("wrong.toml"), wrong).unwrap();
    let elsewhere = directory.path().join("no");
    let refused = ["make", "--product", &product("scp03-i70"), "--count", "1", "--out", text(&elsewhere)];
    let refused = tool(&[&refused[..], &["--batch-key-file", text(&out.join("wrong.toml"))]].concat());
    assert_eq!(refused.status.code(), Some(1), "the key's check value is wrong");
}

#[test]
fn the_same_card_comes_back_with_what_was_written() {
    let directory = tempfile::tempdir().unwrap();
    let card = blanks(directory.path(), &[]).join("card-0001.json");
    for expected in 1..=2 {
        let mut inserted = Inserted::new(&card);
        inserted.write(&[0x01]); // power on
        assert_eq!(inserted.transmit("04"), "3BE500008131FE4543572D3730D0", "the ATR");
        assert!(inserted.transmit("00A4040000").ends_with("9000"));
        let answer = inserted.transmit("8050000008001122334455667700");
        assert!(answer.ends_with(&format!("0000{expected:02X}9000")), "the counter is on the disk: {answer}");
        let on_disk = CardState::from_json(&std::fs::read(&card).unwrap()).unwrap();
        assert_eq!(on_disk.key_sets[0].sequence_counter, expected, "before the answer went out");
        assert_eq!(inserted.remove(), Some(0));
    }
}

#[test]
fn a_card_is_in_one_reader_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let card = blanks(directory.path(), &[]).join("card-0001.json");
    let mut first = Inserted::new(&card);
    first.transmit("00A4040000");
    let second = tool(&["insert", text(&card), "--port", "1"]);
    assert_eq!(second.status.code(), Some(1));
    assert_eq!(first.remove(), Some(0));
}

#[test]
fn exit_codes_say_who_has_to_do_something() {
    let directory = tempfile::tempdir().unwrap();
    let out = blanks(directory.path(), &[]);
    let card = out.join("card-0001.json");
    let code = |arguments: &[&str]| tool(arguments).status.code();
    let product = product("scp03-i70");
    assert_eq!(code(&["show", text(&card)]), Some(0));
    assert_eq!(
        code(&["make", "--product", &product, "--count", "1", "--out", text(&out)]),
        Some(1),
        "never overwritten"
    );
    assert_eq!(code(&["make", "--product", &product, "--count", "0", "--out", "x"]), Some(2));
    assert_eq!(
        code(&["make", "--product", &product, "--count", "1", "--out", text(directory.path()), "--master", "00"]),
        Some(2)
    );
    assert_eq!(code(&["show", text(&directory.path().join("none.json"))]), Some(3));
    assert_eq!(code(&["insert", text(&card), "--port", "1"]), Some(3), "no reader listens");
    std::fs::write(&card, "{}").unwrap();
    assert_eq!(code(&["show", text(&card)]), Some(1));
}

#[test]
fn a_security_access_module_comes_with_its_certificate_and_show_hides_keys() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("sam.json");
    let made =
        tool(&["--json", "make-sam", "--product", &product("scp03-i70"), "--name", "Reader 1", "--out", text(&state)]);
    assert!(made.status.success());
    let said: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
    let certificate = said["certificate"].as_str().unwrap();
    let public_key = said["public_key"].as_str().unwrap();
    assert!(public_key.starts_with("3059301306072A8648CE3D0201") && certificate.contains(public_key));
    assert!(std::fs::read_to_string(state.with_extension("certificate.pem")).unwrap().starts_with("-----BEGIN CERT"));

    let shown = String::from_utf8(tool(&["show", text(&state)]).stdout).unwrap();
    assert!(shown.contains("A000000308000010000100 state 07, PIV, complete, keys [9E: 11]"), "{shown}");
    let card = CardState::from_json(&std::fs::read(&state).unwrap()).unwrap();
    for key in &card.key_sets[0].keys {
        assert!(!shown.contains(&hex::encode_upper(key.value.expose())));
    }
    let mut inserted = Inserted::new(&state);
    inserted.transmit("00A404000BA00000030800001000010000");
    assert!(inserted.transmit("00CB3FFF055C035FC10100").contains(&certificate[..200]));
    assert_eq!(inserted.remove(), Some(0));
}

#[test]
fn the_cap_file_of_a_program_is_written_once_and_told_with_its_hash() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("identity.cap");
    let write = |file: &Path, more: &[&str]| {
        let arguments = ["--json", "cap", "--program", "identity", "--version", "2", text(file)];
        tool(&[&arguments[..], more].concat())
    };
    let written = write(&file, &[]);
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    let [_, _, _, second, ..] = built_in::all();
    assert_eq!(std::fs::read(&file).unwrap(), second.cap_file(second.full_padding()));
    let said: serde_json::Value = serde_json::from_slice(&written.stdout).unwrap();
    assert_eq!(said["package"], second.package.to_string());
    assert_eq!(said["sha256"], hex::encode(Sha256::digest(second.load_file_data_block())));
    assert_eq!(write(&file, &[]).status.code(), Some(1), "never overwritten");
    let padded = directory.path().join("padded.cap");
    assert!(write(&padded, &["--pad", "10000"]).status.success());
    assert_eq!(std::fs::read(&padded).unwrap(), second.cap_file(10_000));
    assert_eq!(write(&directory.path().join("long.cap"), &["--pad", "70000"]).status.code(), Some(2));
    assert_eq!(tool(&["cap", "--program", "other", text(&directory.path().join("o.cap"))]).status.code(), Some(2));
    assert_eq!(write(&directory.path().join("none/x.cap"), &[]).status.code(), Some(3));
}
