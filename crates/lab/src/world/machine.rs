//! One base's machine as far as PC/SC goes: a private daemon with readers of two slots, and the hand that puts cards
//! into them.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::time::Duration;

use super::card_host::{Answer, Mischief, Request};
use super::process::Running;
use super::programs::{Programs, source};

/// How long the host may take for one request.
const LIMIT: Duration = Duration::from_secs(30);

/// Which of a reader's two slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// the one that cards are put into
    Card,
    /// the one that holds the reader's SAM
    Sam,
}

/// A slot's PC/SC name: `reader` counts from 0.
#[must_use]
pub fn slot_name(reader: u16, slot: Slot) -> String {
    format!("Card Reader {reader} 00 {:02}", slot as u8)
}

/// The first slot's port; a reader has ten, of which it uses two.
const FIRST_PORT: u16 = 40_001;

/// The port on which a slot waits for a virtual card.
fn port(reader: u16, slot: Slot) -> u16 {
    FIRST_PORT + 10 * reader + slot as u16
}

/// The PC/SC name of the slot that waits on a port.
pub(super) fn slot_of(port: u16) -> String {
    let place = port.saturating_sub(FIRST_PORT);
    slot_name(place / 10, if place.is_multiple_of(10) { Slot::Card } else { Slot::Sam })
}

/// A private daemon that runs.
pub struct Machine {
    host: Running,
    input: ChildStdin,
    socket: PathBuf,
}

impl Machine {
    /// Starts a daemon with `readers` readers in `directory`, which must be there and be empty.
    ///
    /// # Errors
    /// A sentence that says what this machine lacks, and what to do.
    pub fn start(programs: &Programs, directory: &Path, readers: u16) -> io::Result<Self> {
        let log = directory.with_extension("log");
        let mut command = Command::new(source().join("script/private-pcscd"));
        command.arg(directory).arg(readers.to_string()).arg("--");
        command.arg(programs.lab()).arg("card-host").arg("--card").arg(programs.card());
        let mut host = Running::start(&command, Stdio::piped(), &log)?;
        let input = host.input().ok_or_else(|| io::Error::other("the card host has no input"))?;
        let mut machine = Self { host, input, socket: directory.join("pcscd.comm") };
        // the first answer says that everything is there
        match machine.ask(&Request::Remove { port: port(0, Slot::Card) }) {
            Ok(Answer::Empty) => Ok(machine),
            _ => {
                let said = std::fs::read_to_string(&log).unwrap_or_default();
                Err(io::Error::other(format!("no private PC/SC daemon; run script/prepare.\n{}", said.trim_end())))
            }
        }
    }

    /// The daemon's socket, for `PCSCLITE_CSOCK_NAME`.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Puts the card of a state file into a slot.
    ///
    /// # Errors
    /// The card did not start, or the slot does not listen.
    pub fn insert(&mut self, reader: u16, slot: Slot, state: &Path, mischief: Mischief) -> io::Result<()> {
        self.done(&Request::Insert { port: port(reader, slot), state: state.to_owned(), mischief })
    }

    /// Takes the card out; says whether there was one.
    ///
    /// # Errors
    /// The host did not answer.
    pub fn remove(&mut self, reader: u16, slot: Slot) -> io::Result<bool> {
        Ok(self.ask(&Request::Remove { port: port(reader, slot) })? == Answer::Done)
    }

    /// Whether an answer of the card in a reader waits, and for which command.
    ///
    /// # Errors
    /// The host did not answer.
    pub fn next(&mut self, reader: u16) -> io::Result<Answer> {
        self.ask(&Request::Next { port: port(reader, Slot::Card) })
    }

    /// Lets the waiting answer pass.
    ///
    /// # Errors
    /// None waits.
    pub fn pass(&mut self, reader: u16) -> io::Result<()> {
        self.done(&Request::Pass { port: port(reader, Slot::Card) })
    }

    /// Pulls out the readers, with the daemon that serves them.
    ///
    /// # Errors
    /// The daemon could not be ended.
    pub fn unplug(&mut self) -> io::Result<()> {
        self.done(&Request::Unplug)
    }

    fn done(&mut self, request: &Request) -> io::Result<()> {
        match self.ask(request)? {
            Answer::Done => Ok(()),
            answer => Err(io::Error::other(format!("card host: {request:?}: {answer:?}"))),
        }
    }

    fn ask(&mut self, request: &Request) -> io::Result<Answer> {
        let line = serde_json::to_string(request)? + "\n";
        self.input.write_all(line.as_bytes())?;
        let answer = self.host.line(LIMIT).ok_or_else(|| io::Error::other("the card host has ended"))?;
        Ok(serde_json::from_str(&answer)?)
    }
}
