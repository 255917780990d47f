//! The terminal's half: one session, as a machine without IO.
//!
//! Each state is a value that its event consumes: [`Transmit`] wants what became of one command, [`Posting`]
//! what the center answered. Both hand back [`Next`]. No card command is ever sent twice, because the value
//! that holds it is gone once it was sent; only a message is repeated, with the same bytes, as long as its
//! [`Posting`] is held.
//!
//! Preamble → OPEN → SCRIPT, run to its end or to its first wrong answer → RESULT → … → VERDICT.

mod posting;
mod preamble;
mod script;

use std::time::Duration;

use zeroize::Zeroizing;

pub use posting::{Awaited, Posting};
pub use preamble::Start;

use crate::message::{Outcome, Progress, Refusal, Verdict};
use preamble::PreambleRun;
use script::ScriptRun;

/// How long a card may take where the command does not say.
pub(crate) const USUAL_LIMIT: Duration = Duration::from_secs(10);

/// What to do next.
#[must_use]
pub enum Next {
    /// send a command to the card
    Transmit(Transmit),
    /// post a message to the center
    Post(Posting),
    /// the session is over
    Done(End),
}

/// What became of one command.
pub enum CardEvent {
    /// the card's answer, status word included
    Answer(Zeroizing<Vec<u8>>),
    /// the card was taken out, or reset by someone else
    CardGone,
    /// no answer within the limit
    TimedOut,
    /// the reader is gone
    ReaderGone,
}

/// One command on its way to the card.
#[must_use]
pub struct Transmit {
    /// the command, as it goes to the card
    pub apdu: Zeroizing<Vec<u8>>,
    /// how long the card may take
    pub limit: Duration,
    /// to be posted without waiting for it, and without repeating it; at most 4 a second
    pub progress: Option<Progress>,
    /// what the operator is told before a script's first command
    pub notice: Option<Refusal>,
    run: Run,
}

enum Run {
    Preamble(Box<PreambleRun>),
    Script(Box<ScriptRun>),
}

impl Transmit {
    /// Goes on with what became of the command. `now` is any clock that never goes back.
    pub fn done(self, event: CardEvent, now: Duration) -> Next {
        match self.run {
            Run::Preamble(run) => run.answered(event),
            Run::Script(run) => run.answered(event, now),
        }
    }

    /// The operator or the center no longer wants the session: nothing more is sent after this command.
    pub fn cancel(&mut self) {
        match &mut self.run {
            Run::Preamble(run) => run.cancelled = true,
            Run::Script(run) => run.cancelled = true,
        }
    }

    /// How far the session is: commands answered, and commands in all; `None` before the first script.
    #[must_use]
    pub fn progress_of_script(&self) -> Option<(usize, usize)> {
        match &self.run {
            Run::Preamble(_) => None,
            Run::Script(run) => Some(run.position()),
        }
    }
}

/// How a session ended, seen from the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// the center's word; or, where none came, what the terminal can know by itself
    pub outcome: Outcome,
    /// why, unless the card was issued
    pub refusal: Option<Refusal>,
    /// what the operator may see of the card
    pub card: Option<String>,
    /// how many further changes wait for this card
    pub waiting: u32,
    /// what the operator is told beside the outcome
    pub notice: Option<Refusal>,
    /// ABORT, to be posted once, where the center may hold a session that never got to the card
    pub farewell: Option<Vec<u8>>,
}

impl End {
    /// The end that a verdict tells.
    #[must_use]
    pub fn told(verdict: Verdict) -> Self {
        let Verdict { session: _, outcome, refusal, card, waiting, notice } = verdict;
        Self { outcome, refusal, card, waiting: waiting.unwrap_or(0), notice, farewell: None }
    }

    fn own(outcome: Outcome, code: crate::Code, parameters: Vec<String>) -> Self {
        Self::without_word(outcome, Refusal { code, parameters })
    }

    /// An end of which the center's verdict is not known.
    #[must_use]
    pub fn without_word(outcome: Outcome, refusal: Refusal) -> Self {
        Self { outcome, refusal: Some(refusal), card: None, waiting: 0, notice: None, farewell: None }
    }
}
