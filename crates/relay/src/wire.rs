//! From message to bytes and back: where each is posted, how long it may be, how many parts it may have.

use std::ops::Deref;

use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

use crate::message::bounds::{
    MOST_CHALLENGES, MOST_COMMANDS, MOST_PARAMETERS, MOST_PREAMBLES, MOST_TICKETS, OPEN_ANSWERS, PREAMBLE_COMMANDS,
};
use crate::message::{
    Abort, Enrol, Enrolled, Hello, Open, Progress, Refusal, Reply, Script, ScriptResult, Welcome, Work, WorkQuery,
};
use crate::{Error, FORMAT};

/// The content type of every message and every answer.
pub const CONTENT_TYPE: &str = "application/cbor";

/// The longest answer of a card: 65,536 bytes and its status word.
const LONGEST_ANSWER: usize = 65_538;
/// The longest command: extended header, 65,535 bytes, extended Le.
const LONGEST_COMMAND: usize = 65_544;
const LONGEST_NAME: usize = 256;
const KIBI: usize = 1_024;

/// A message, its limits, and where it is posted.
pub trait Message: Encode<()> + for<'b> Decode<'b, ()> {
    /// the message's name, for people
    const NAME: &'static str;
    /// the path it is posted to; empty for what is only answered
    const PATH: &'static str;
    /// the most bytes it may have
    const LONGEST: usize;

    /// Whether every part is within its limits.
    ///
    /// # Errors
    /// `Error::Limit`, `Error::Format` or `Error::ScriptId` for the first part that is not.
    fn check(&self) -> Result<(), Error>;
}

/// The bytes of a message. The same value gives the same bytes: definite lengths, shortest forms, ascending keys.
#[must_use]
pub fn encode<M: Message>(message: &M) -> Vec<u8> {
    minicbor::to_vec(message).expect("encoding into a Vec cannot fail: there is no writer that could")
}

/// Reads a message from exactly `bytes`, within its limits. Unknown keys are ignored.
///
/// # Errors
/// `Error::TooLong`, `Error::Malformed` (bytes left over are malformed too), or what [`Message::check`] finds.
pub fn decode<M: Message>(bytes: &[u8]) -> Result<M, Error> {
    if bytes.len() > M::LONGEST {
        return Err(Error::TooLong { message: M::NAME, found: bytes.len(), allowed: M::LONGEST });
    }
    let malformed = |reason: String| Error::Malformed { message: M::NAME, reason };
    let mut decoder = minicbor::Decoder::new(bytes);
    let message: M = decoder.decode().map_err(|error| malformed(error.to_string()))?;
    if decoder.position() != bytes.len() {
        return Err(malformed(format!("{} bytes left over", bytes.len() - decoder.position())));
    }
    message.check()?;
    Ok(message)
}

/// SHA-256 over a message's bytes: what the center keeps to tell a repeated message from another one.
#[must_use]
pub fn message_hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// `Error::Limit` for the first of `parts` (name, found, allowed) that has too much.
fn within(message: &'static str, parts: &[(&'static str, usize, usize)]) -> Result<(), Error> {
    match parts.iter().find(|(_, found, allowed)| found > allowed) {
        Some(&(part, found, allowed)) => Err(Error::Limit { message, part, found, allowed }),
        None => Ok(()),
    }
}

fn spoken(found: u16) -> Result<(), Error> {
    if found == FORMAT { Ok(()) } else { Err(Error::Format { found }) }
}

fn longest<T: Deref<Target: AsRef<[u8]>>>(items: &[T]) -> usize {
    items.iter().map(|item| item.deref().as_ref().len()).max().unwrap_or(0)
}

impl Message for Enrol {
    const NAME: &'static str = "ENROL";
    const PATH: &'static str = "/v1/enrol";
    const LONGEST: usize = 16 * KIBI;

    fn check(&self) -> Result<(), Error> {
        spoken(self.format)?;
        within(
            Self::NAME,
            &[("code bytes", self.code.len(), 16), ("request bytes", self.certificate_request.len(), 8_192)],
        )
    }
}

impl Message for Enrolled {
    const NAME: &'static str = "ENROLLED";
    const PATH: &'static str = "";
    const LONGEST: usize = 64 * KIBI;

    fn check(&self) -> Result<(), Error> {
        within(
            Self::NAME,
            &[("name bytes", self.name.len(), LONGEST_NAME), ("base bytes", self.base.len(), LONGEST_NAME)],
        )
    }
}

impl Message for Hello {
    const NAME: &'static str = "HELLO";
    const PATH: &'static str = "/v1/hello";
    const LONGEST: usize = KIBI;

    fn check(&self) -> Result<(), Error> {
        spoken(self.format)?;
        within(Self::NAME, &[("software bytes", self.software.len(), LONGEST_NAME)])
    }
}

impl Message for Welcome {
    const NAME: &'static str = "WELCOME";
    const PATH: &'static str = "";
    const LONGEST: usize = 4 * KIBI * KIBI;

    fn check(&self) -> Result<(), Error> {
        spoken(self.format)?;
        let most = self.preambles.iter().map(|preamble| preamble.commands.len()).max().unwrap_or(0);
        within(
            Self::NAME,
            &[
                ("challenges", self.challenges.len(), MOST_CHALLENGES),
                ("preambles", self.preambles.len(), MOST_PREAMBLES),
                ("preamble commands", most, PREAMBLE_COMMANDS),
            ],
        )
    }
}

impl Message for WorkQuery {
    const NAME: &'static str = "WORK query";
    const PATH: &'static str = "/v1/work";
    const LONGEST: usize = 16 * KIBI;

    fn check(&self) -> Result<(), Error> {
        within(Self::NAME, &[("known tickets", self.known_tickets.len(), MOST_TICKETS)])
    }
}

impl Message for Work {
    const NAME: &'static str = "WORK";
    const PATH: &'static str = "";
    const LONGEST: usize = 4 * KIBI * KIBI;

    fn check(&self) -> Result<(), Error> {
        within(
            Self::NAME,
            &[
                ("tickets", self.tickets.len(), MOST_TICKETS),
                ("challenges", self.challenges.len(), MOST_CHALLENGES),
                ("cancelled sessions", self.cancelled.len(), MOST_TICKETS),
            ],
        )
    }
}

impl Message for Open {
    const NAME: &'static str = "OPEN";
    const PATH: &'static str = "/v1/open";
    const LONGEST: usize = 64 * KIBI;

    fn check(&self) -> Result<(), Error> {
        within(
            Self::NAME,
            &[
                ("answers", self.answers.len(), OPEN_ANSWERS),
                ("ATR bytes", self.atr.len(), 33), // ISO/IEC 7816-3 §8.1: TS and at most 32 characters
                ("reader proof bytes", self.reader_proof.len(), 1_024),
                ("order bytes", self.order.len(), LONGEST_NAME),
                ("product bytes", self.product.len(), LONGEST_NAME),
            ],
        )
    }
}

impl Message for Script {
    const NAME: &'static str = "SCRIPT";
    const PATH: &'static str = "";
    const LONGEST: usize = 4 * KIBI * KIBI;

    fn check(&self) -> Result<(), Error> {
        let longest_apdu = self.commands.iter().map(|command| command.apdu.len()).max().unwrap_or(0);
        within(
            Self::NAME,
            &[("commands", self.commands.len(), MOST_COMMANDS), ("command bytes", longest_apdu, LONGEST_COMMAND)],
        )?;
        if self.script != Self::id(&self.session, self.step, &self.commands) {
            return Err(Error::ScriptId);
        }
        self.notice.as_ref().map_or(Ok(()), Refusal::check)
    }
}

impl Message for Reply {
    const NAME: &'static str = "SCRIPT or VERDICT";
    const PATH: &'static str = "";
    const LONGEST: usize = Script::LONGEST;

    fn check(&self) -> Result<(), Error> {
        match self {
            Self::Script(script) => script.check(),
            Self::Verdict(verdict) => {
                within("VERDICT", &[("card bytes", verdict.card.as_ref().map_or(0, String::len), LONGEST_NAME)])?;
                [&verdict.refusal, &verdict.notice].into_iter().flatten().try_for_each(Refusal::check)
            }
        }
    }
}

impl Message for ScriptResult {
    const NAME: &'static str = "RESULT";
    const PATH: &'static str = "/v1/result";
    const LONGEST: usize = 4 * KIBI * KIBI;

    fn check(&self) -> Result<(), Error> {
        within(
            Self::NAME,
            &[("answers", self.answers.len(), MOST_COMMANDS), ("answer bytes", longest(&self.answers), LONGEST_ANSWER)],
        )
    }
}

impl Message for Progress {
    const NAME: &'static str = "PROGRESS";
    const PATH: &'static str = "/v1/progress";
    const LONGEST: usize = KIBI;

    fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}

impl Message for Abort {
    const NAME: &'static str = "ABORT";
    const PATH: &'static str = "/v1/abort";
    const LONGEST: usize = KIBI;

    fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}

impl Message for Refusal {
    const NAME: &'static str = "REFUSAL";
    const PATH: &'static str = "";
    const LONGEST: usize = 16 * KIBI;

    fn check(&self) -> Result<(), Error> {
        within(
            Self::NAME,
            &[
                ("parameters", self.parameters.len(), MOST_PARAMETERS),
                ("parameter bytes", longest(&self.parameters), 1_024),
            ],
        )
    }
}
