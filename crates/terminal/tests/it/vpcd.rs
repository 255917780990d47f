//! A card behind vpcd's port: two bytes of length, then a command; one byte is a control (0 off, 1 on, 2 reset,
//! 4 the ATR is wanted).

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::world::ATR;

/// What a card does with one command.
pub(crate) enum Reaction {
    Answer(Vec<u8>),
    /// it is pulled out before it answers
    Pulled,
    /// it never answers
    Hangs,
}

/// The commands a card has seen.
pub(crate) type Seen = Arc<Mutex<Vec<Vec<u8>>>>;

/// Runs the ignored test `inside`, which runs `scenario`, beside a daemon of its own: the daemon's network is private.
pub(crate) fn beside_a_private_pcscd(inside: &str, scenario: &str) {
    let place = tempfile::tempdir().expect("a directory");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../script/private-pcscd");
    let inside = Command::new(script)
        .args([
            place.path().as_os_str(),
            "1".as_ref(),
            "--".as_ref(),
            std::env::current_exe().expect("a path").as_os_str(),
        ])
        .args(["--ignored", "--exact", inside, "--nocapture"])
        .env("CARDWRIGHT_SCENARIO", scenario)
        .output()
        .expect("script/private-pcscd runs");
    let said = String::from_utf8_lossy(&inside.stdout).into_owned() + &String::from_utf8_lossy(&inside.stderr);
    assert!(inside.status.success() && said.contains("1 passed"), "{said}");
}

/// A card that can be taken out again.
pub(crate) struct Inserted {
    pub(crate) seen: Seen,
    slot: TcpStream,
}

impl Inserted {
    pub(crate) fn remove(self) {
        let _ = self.slot.shutdown(Shutdown::Both);
    }
}

/// Puts a card into the slot at `port`.
pub(crate) fn insert(port: u16, react: impl FnMut(&[u8]) -> Reaction + Send + 'static) -> Seen {
    insert_with_atr(port, &ATR, react).seen
}

/// The same with another answer to reset.
pub(crate) fn insert_with_atr(
    port: u16,
    atr: &'static [u8],
    mut react: impl FnMut(&[u8]) -> Reaction + Send + 'static,
) -> Inserted {
    let seen = Seen::default();
    let remembers = Arc::clone(&seen);
    let mut slot = connect(port);
    let socket = slot.try_clone().expect("a socket");
    std::thread::spawn(move || {
        while let Some(message) = read(&mut slot) {
            let answer = match message[..] {
                [4] => atr.to_vec(),
                [_] => continue,
                _ => {
                    remembers.lock().expect("no test panics here").push(message.clone());
                    match react(&message) {
                        Reaction::Answer(answer) => answer,
                        Reaction::Pulled => return,
                        Reaction::Hangs => loop {
                            std::thread::park();
                        },
                    }
                }
            };
            let framed = [&(answer.len() as u16).to_be_bytes()[..], &answer].concat();
            if slot.write_all(&framed).is_err() {
                return;
            }
        }
    });
    Inserted { seen, slot: socket }
}

fn connect(port: u16) -> TcpStream {
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(slot) => return slot,
            Err(error) => assert!(Instant::now() < end, "no reader at {port}: {error}"),
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn read(slot: &mut TcpStream) -> Option<Vec<u8>> {
    let mut length = [0; 2];
    slot.read_exact(&mut length).ok()?;
    let mut message = vec![0; u16::from_be_bytes(length).into()];
    slot.read_exact(&mut message).ok()?;
    Some(message)
}
