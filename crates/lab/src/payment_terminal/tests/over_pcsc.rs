//! The same purchase through a private PC/SC daemon: the card made by hand waits behind the virtual reader's port.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use super::{COMBINED, Card, Shop};
use crate::payment_terminal::{Interface, Link, Outcome, PcscLink, purchase};

const SOCKET: &str = "PCSCLITE_CSOCK_NAME";
const PORT: u16 = 40_001;
const READER: &str = "Card Reader 0 00 00";
const ANSWER_TO_RESET: &[u8] = &[0x3B, 0x80, 0x01, 0x81];

/// Runs itself again under `script/private-pcscd`, which is the only place where the daemon and the port are to be had.
#[test]
fn a_purchase_over_pcsc_ends_as_one_without() {
    if std::env::var_os(SOCKET).is_some() {
        return inside();
    }
    let directory = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../script/private-pcscd");
    let name = "payment_terminal::tests::over_pcsc::a_purchase_over_pcsc_ends_as_one_without";
    let output = Command::new(script)
        .arg(directory.path())
        .args(["1", "--"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("bought over PC/SC"), "{said}");
}

fn inside() {
    let stream = connect();
    thread::spawn(|| serve(stream, Card::new(COMBINED)));
    let mut link = insert();
    assert_eq!(link.interface().unwrap(), Interface::Contact);
    let shop = Shop::online();
    let report = purchase(&mut link, &shop.terminal, &shop.purchase, Some(&shop.issuer)).unwrap();
    assert_eq!(report.outcome, Outcome::ApprovedOnline);
    println!("bought over PC/SC");
}

/// The daemon's reader may need a moment to listen.
fn connect() -> TcpStream {
    for _ in 0..100 {
        match TcpStream::connect(("127.0.0.1", PORT)) {
            Ok(stream) => return stream,
            Err(_) => thread::sleep(Duration::from_millis(50)),
        }
    }
    panic!("the reader does not listen");
}

/// And another to see the card.
fn insert() -> PcscLink {
    for _ in 0..100 {
        match PcscLink::connect(READER) {
            Ok(link) => return link,
            Err(_) => thread::sleep(Duration::from_millis(50)),
        }
    }
    panic!("the reader has no card");
}

/// The virtual reader's side: messages of a length of two bytes; one byte is power (0, 1), reset (2) or the question for
/// the answer to reset (4), more are a command.
fn serve(mut stream: TcpStream, mut card: Card) {
    let mut length = [0; 2];
    while stream.read_exact(&mut length).is_ok() {
        let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut message).unwrap();
        let answer = match message[..] {
            [0x04] => ANSWER_TO_RESET.to_vec(),
            [_] => continue,
            _ => card.transmit(&message).unwrap(),
        };
        stream.write_all(&(answer.len() as u16).to_be_bytes()).unwrap();
        stream.write_all(&answer).unwrap();
    }
}
