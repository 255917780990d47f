//! The card host: runs beside a private PC/SC daemon and puts virtual cards into its readers when it is told to.
//!
//! It is the hand of whoever stands at the desk: it puts cards in, takes them out, and pulls them out at the worst
//! moment. It takes one request a line on its standard input and gives one answer a line, both in JSON.
//!
//! A card is a real `cardwright-card insert`; the host stands between it and the reader, writes down every command
//! and answer beside the card's state (`.dialogue`), and can cut, alter or hold what passes.

mod presence;
mod slot;
mod wire;

pub(super) use slot::dialogue;

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use slot::Slot;

/// What the host is told to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// put a card into the slot that listens on this port
    Insert {
        /// the slot's port
        port: u16,
        /// the card's state file
        state: PathBuf,
        /// what happens to what passes
        mischief: Mischief,
    },
    /// take the card out
    Remove {
        /// the slot's port
        port: u16,
    },
    /// of a slot whose answers are held: wait half a second for the card to have answered
    Next {
        /// the slot's port
        port: u16,
    },
    /// of a slot whose answers are held: let the answer pass
    Pass {
        /// the slot's port
        port: u16,
    },
    /// pull out the readers: the daemon ends, and its readers with it
    Unplug,
}

/// What happens to commands and answers on their way; they are counted from 0 since the card was put in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mischief {
    /// nothing
    #[default]
    None,
    /// the card is pulled out when this command comes: it never gets it
    CutBefore(usize),
    /// the card is pulled out when it has carried out this command: nobody gets the answer
    CutAfter(usize),
    /// one bit of the answer to this command is another, before its status word
    Alter(usize),
    /// the last 8 bytes before the status word of this answer are taken away
    Strip(usize),
    /// every answer waits for [`Request::Pass`]
    Hold,
}

/// What the host answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// it is done
    Done,
    /// the answer to this command waits
    Held(usize),
    /// no answer waits, so far
    Idle,
    /// the slot is empty: no answer will come
    Empty,
    /// it could not be done
    Failed(String),
}

/// Serves requests from standard input until it ends; then every card is taken out.
///
/// # Errors
/// Standard input or output failed.
pub fn serve(card_program: &Path) -> io::Result<()> {
    let mut host = Host { card_program: card_program.to_owned(), slots: BTreeMap::new() };
    for line in io::stdin().lock().lines() {
        let answer = match serde_json::from_str(&line?) {
            Ok(request) => host.answer(request),
            Err(error) => Answer::Failed(format!("not a request: {error}")),
        };
        let mut out = io::stdout().lock();
        serde_json::to_writer(&mut out, &answer)?;
        out.write_all(b"\n")?;
        out.flush()?;
    }
    Ok(())
}

struct Host {
    card_program: PathBuf,
    slots: BTreeMap<u16, Slot>,
}

impl Host {
    fn answer(&mut self, request: Request) -> Answer {
        match request {
            Request::Insert { port, state, mischief } => self.insert(port, &state, mischief),
            Request::Remove { port } => self.remove(port),
            Request::Next { port } => self.slots.get(&port).map_or(Answer::Empty, Slot::next),
            Request::Pass { port } => self.slots.get(&port).map_or(Answer::Empty, Slot::pass),
            Request::Unplug => unplug(),
        }
    }

    fn insert(&mut self, port: u16, state: &Path, mischief: Mischief) -> Answer {
        self.remove(port);
        let inserted = Slot::insert(&self.card_program, port, state, mischief).and_then(|slot| {
            self.slots.insert(port, slot);
            presence::wait(port, true)
        });
        inserted.map_or_else(|error| Answer::Failed(error.to_string()), |()| Answer::Done)
    }

    fn remove(&mut self, port: u16) -> Answer {
        if self.slots.remove(&port).is_none() {
            return Answer::Empty;
        }
        presence::wait(port, false).map_or_else(|error| Answer::Failed(error.to_string()), |()| Answer::Done)
    }
}

/// Ends the daemon of this namespace by the number it wrote down itself.
fn unplug() -> Answer {
    let ended = std::fs::read_to_string("/run/pcscd/pcscd.pid").and_then(|text| {
        let number = text.trim_matches(['\0', '\n']).parse().ok().and_then(Pid::from_raw);
        let daemon = number.ok_or_else(|| io::Error::other("the daemon's number is none"))?;
        Ok(kill_process(daemon, Signal::KILL)?)
    });
    ended.map_or_else(|error| Answer::Failed(error.to_string()), |()| Answer::Done)
}
