//! A message that waits for the center's answer.

use std::time::Duration;

use zeroize::Zeroizing;

use super::{End, Next};
use crate::message::{Abort, Id, Open, Outcome, Refusal, Reply, ScriptResult, StopReason};
use crate::terminal::script::ScriptRun;
use crate::{Code, Error, Message, decode, encode};

/// What an answer is waited for with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// OPEN was posted: the card has seen nothing that could change it
    FirstScript,
    /// RESULT was posted: without an answer the outcome is unknown
    Settlement,
}

/// One message on its way to the center. As long as it is held it may be posted again, with the same bytes.
#[must_use]
pub struct Posting {
    /// where it is posted
    pub path: &'static str,
    /// what is posted
    pub bytes: Zeroizing<Vec<u8>>,
    /// what is waited for
    pub awaited: Awaited,
    session: Id,
    /// the challenge of an OPEN
    challenge: Option<Id>,
    next_step: u16,
    cancelled: bool,
}

impl Posting {
    pub(super) fn open(open: &Open) -> Self {
        Self { challenge: Some(open.challenge), ..Self::new(open, Awaited::FirstScript, open.session, 1) }
    }

    pub(super) fn result(result: &ScriptResult) -> Self {
        Self::new(result, Awaited::Settlement, result.session, result.step.saturating_add(1))
    }

    fn new<M: Message>(message: &M, awaited: Awaited, session: Id, next_step: u16) -> Self {
        let bytes = Zeroizing::new(encode(message));
        Self { path: M::PATH, bytes, awaited, session, challenge: None, next_step, cancelled: false }
    }

    /// The operator or the center no longer wants the session: of the next script no command is sent.
    pub fn cancel(&mut self) {
        self.cancelled = true;
    }

    /// Goes on with the body of the center's answer. `now` is the clock of [`super::Transmit::done`].
    pub fn replied(self, body: &[u8], now: Duration) -> Next {
        match decode::<Reply>(body) {
            Err(error) => self.unreadable(&error),
            Ok(Reply::Script(script)) if script.session == self.session && script.step == self.next_step => {
                ScriptRun::begin(script, now, self.cancelled)
            }
            Ok(Reply::Verdict(verdict)) if verdict.session == self.session => Next::Done(End::told(verdict)),
            Ok(_) => self.ended(Outcome::FailedClean, Code::MESSAGE_CONFLICT, Vec::new(), StopReason::Cancelled),
        }
    }

    /// Goes on with the center's refusal.
    pub fn refused(self, refusal: Refusal) -> Next {
        let outcome = match self.awaited {
            Awaited::FirstScript => Outcome::Refused,
            Awaited::Settlement => Outcome::Unknown,
        };
        Next::Done(End::without_word(outcome, refusal))
    }

    /// No answer came, and the caller no longer waits; `reason` is for people.
    pub fn given_up(self, reason: &str) -> Next {
        let why = if self.cancelled { StopReason::Cancelled } else { StopReason::TimedOut };
        self.ended(Outcome::FailedClean, Code::CENTER_UNREACHABLE, vec![reason.to_owned()], why)
    }

    fn unreadable(self, error: &Error) -> Next {
        self.ended(Outcome::FailedClean, error.code(), Vec::new(), StopReason::Cancelled)
    }

    /// The end without the center's word: `before_writing` holds only until a first script was run.
    fn ended(self, before_writing: Outcome, code: Code, parameters: Vec<String>, why: StopReason) -> Next {
        let abort = || encode(&Abort { session: self.session, reason: why, challenge: self.challenge });
        let (outcome, farewell) = match self.awaited {
            Awaited::FirstScript => (before_writing, Some(abort())),
            Awaited::Settlement => (Outcome::Unknown, None),
        };
        Next::Done(End { farewell, ..End::own(outcome, code, parameters) })
    }
}
