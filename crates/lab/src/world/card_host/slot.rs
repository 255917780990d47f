//! One slot with a card in it: the card's process, and what stands between it and the reader.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::wire::{self, Frame};
use super::{Answer, Mischief};

/// How long a card may take to get into its reader.
const INSERTION: Duration = Duration::from_secs(10);
/// How long a reader may take to notice that a card is out; the daemon looks every 400 ms.
const NOTICE: Duration = Duration::from_secs(3);
/// How long a held answer is waited for.
const GLANCE: Duration = Duration::from_millis(500);

/// A card in a slot; dropped, it is taken out.
pub(super) struct Slot {
    card: Child,
    reader: TcpStream,
    gate: Arc<Gate>,
    relay: Option<JoinHandle<()>>,
}

impl Slot {
    /// Puts the card of `state` into the slot that listens on `port`.
    pub(super) fn insert(program: &Path, port: u16, state: &Path, mischief: Mischief) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let here = listener.local_addr()?.port().to_string();
        let dialogue = OpenOptions::new().create(true).append(true).open(dialogue(state))?;
        let mut card = Command::new(program)
            .args(["insert", "--port", &here])
            .arg(state)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()?;
        let gate = Arc::new(Gate::default());
        match join(&listener, &mut card, port) {
            Ok((socket, reader)) => {
                let passage = Passage { reader: reader.try_clone()?, card: socket, dialogue, mischief, seen: 0 };
                let held = Arc::clone(&gate);
                let relay = std::thread::spawn(move || {
                    // whatever ended it: the card is out now
                    let _ = passage.run(&held);
                    held.end();
                });
                Ok(Self { card, reader, gate, relay: Some(relay) })
            }
            Err(error) => {
                end(&mut card);
                Err(error)
            }
        }
    }

    /// Waits until the card has answered a command and its answer is held, but not for long.
    pub(super) fn next(&self) -> Answer {
        self.gate.wait_held()
    }

    /// Lets the held answer pass.
    pub(super) fn pass(&self) -> Answer {
        self.gate.open()
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // what is still asked gets no answer; the reader hangs up when it looks for the card the next time
        let _ = self.reader.shutdown(Shutdown::Write);
        self.gate.end();
        end(&mut self.card);
        if let Some(relay) = self.relay.take() {
            let _ = relay.join();
        }
    }
}

/// Where the commands and answers of a card are written down.
pub(in crate::world) fn dialogue(state: &Path) -> PathBuf {
    state.with_extension("dialogue")
}

fn end(card: &mut Child) {
    let _ = card.kill();
    let _ = card.wait();
}

/// The card on one side, the reader on the other.
fn join(listener: &TcpListener, card: &mut Child, port: u16) -> io::Result<(TcpStream, TcpStream)> {
    listener.set_nonblocking(true)?;
    let begun = Instant::now();
    let socket = loop {
        match listener.accept() {
            Ok((socket, _)) => break socket,
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
            Err(_) if begun.elapsed() > INSERTION => return Err(io::Error::other("the card did not come")),
            Err(_) => std::thread::sleep(Duration::from_millis(5)),
        }
        if let Some(status) = card.try_wait()? {
            return Err(io::Error::other(format!("cardwright-card ended with {status}")));
        }
    };
    socket.set_nonblocking(false)?;
    let reader = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    for stream in [&socket, &reader] {
        stream.set_nodelay(true)?;
    }
    Ok((socket, reader))
}

/// What carries commands and answers.
struct Passage {
    reader: TcpStream,
    card: TcpStream,
    dialogue: File,
    mischief: Mischief,
    seen: usize,
}

impl Passage {
    /// Runs until the card is out and the reader has noticed, or the reader is gone.
    fn run(mut self, gate: &Gate) -> io::Result<()> {
        let ended = self.carry(gate);
        // either may be closed already
        let _ = self.card.shutdown(Shutdown::Both);
        let _ = self.reader.shutdown(Shutdown::Write);
        self.reader.set_read_timeout(Some(NOTICE))?;
        while matches!(self.reader.read(&mut [0; 512]), Ok(1..)) {}
        ended
    }

    fn carry(&mut self, gate: &Gate) -> io::Result<()> {
        while let Some(frame) = Frame::read(&mut self.reader) {
            match frame {
                Frame::Power(bytes) => wire::write(&mut self.card, &bytes)?,
                Frame::Question(bytes) => {
                    wire::write(&mut self.card, &bytes)?;
                    let Some(answer) = wire::read(&mut self.card) else { break };
                    wire::write(&mut self.reader, &answer)?;
                }
                Frame::Command(bytes) => {
                    let Some(answer) = self.command(&bytes, gate)? else { break };
                    wire::write(&mut self.reader, &answer)?;
                }
            }
        }
        Ok(())
    }

    /// The answer as the reader gets it; `None` where the card is pulled out.
    fn command(&mut self, bytes: &[u8], gate: &Gate) -> io::Result<Option<Vec<u8>>> {
        let index = self.seen;
        self.seen += 1;
        if self.mischief == Mischief::CutBefore(index) {
            return Ok(None);
        }
        writeln!(self.dialogue, "> {}", hex::encode_upper(bytes))?;
        wire::write(&mut self.card, bytes)?;
        let Some(mut answer) = wire::read(&mut self.card) else { return Ok(None) };
        writeln!(self.dialogue, "< {}", hex::encode_upper(&answer))?;
        let end = answer.len().saturating_sub(2);
        match self.mischief {
            Mischief::CutAfter(cut) if cut == index => return Ok(None),
            Mischief::Alter(altered) if altered == index => answer[end.saturating_sub(1)] ^= 1,
            Mischief::Strip(stripped) if stripped == index => drop(answer.drain(end.saturating_sub(8)..end)),
            Mischief::Hold => gate.hold(index),
            _ => {}
        }
        Ok(Some(answer))
    }
}

/// Where held answers wait.
#[derive(Default)]
struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Default)]
struct GateState {
    held: Option<usize>,
    ended: bool,
}

impl Gate {
    fn hold(&self, index: usize) {
        let mut state = self.state();
        state.held = Some(index);
        self.changed.notify_all();
        while state.held.is_some() && !state.ended {
            state = self.wait(state);
        }
    }

    fn wait_held(&self) -> Answer {
        let nothing = |state: &mut GateState| state.held.is_none() && !state.ended;
        let waited = self.changed.wait_timeout_while(self.state(), GLANCE, nothing);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match state.held {
            Some(index) => Answer::Held(index),
            None if state.ended => Answer::Empty,
            None => Answer::Idle,
        }
    }

    fn open(&self) -> Answer {
        let passed = self.state().held.take();
        self.changed.notify_all();
        if passed.is_some() { Answer::Done } else { Answer::Empty }
    }

    fn end(&self) {
        self.state().ended = true;
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, GateState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, GateState>) -> MutexGuard<'a, GateState> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}
