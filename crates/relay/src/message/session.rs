//! OPEN, SCRIPT, RESULT, VERDICT, PROGRESS, ABORT: one attempt to carry out one order on one card.

use minicbor::bytes::{ByteArray, ByteVec};
use minicbor::{Decode, Encode};

use super::Id;
use super::bounds::{MOST_COMMANDS, MOST_PARAMETERS, OPEN_ANSWERS, list};
use crate::Code;

/// A card was inserted and has answered the preamble. Step 0 of its session.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Open {
    /// drawn by the terminal
    #[n(0)]
    pub session: Id,
    /// as in HELLO: the live instance
    #[n(1)]
    pub instance: Id,
    /// the reader, as the reader list names it
    #[n(2)]
    pub reader: Id,
    /// the reader's signature over `reader::proof_hash`, ASN.1 DER; empty where the tier asks for none
    #[n(3)]
    pub reader_proof: ByteVec,
    /// the operator's ticket
    #[n(4)]
    pub ticket: Id,
    /// the order's reference, as the ticket says it; empty under a desk ticket
    #[n(5)]
    pub order: String,
    /// the card product whose preamble was sent
    #[n(6)]
    pub product: String,
    /// the card's answer to reset
    #[n(7)]
    pub atr: ByteVec,
    /// the challenge that was used for the card and the reader
    #[n(8)]
    pub challenge: Id,
    /// the card's answers to the preamble's commands and INITIALIZE UPDATE, each with its status word
    #[n(9)]
    #[cbor(decode_with = "list::<_, _, OPEN_ANSWERS>")]
    pub answers: Vec<ByteVec>,
}

/// Commands for the card, wrapped end to end; the terminal can neither read nor change them.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Script {
    /// the session
    #[n(0)]
    pub session: Id,
    /// 1 for the first script, then 2, …; the RESULT repeats it
    #[n(1)]
    pub step: u16,
    /// the first 16 bytes of the script's hash, as the committed intent holds it
    #[n(2)]
    pub script: Id,
    /// milliseconds from receipt after which no further command is begun
    #[n(3)]
    pub deadline: u32,
    /// the commands, in order
    #[n(4)]
    #[cbor(decode_with = "list::<_, _, MOST_COMMANDS>")]
    pub commands: Vec<ScriptCommand>,
    /// what the operator is told now, before the first command: what the card holds, and what is done to it
    #[n(5)]
    pub notice: Option<Refusal>,
}

/// One command of a [`Script`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ScriptCommand {
    /// the command APDU
    #[n(0)]
    pub apdu: ByteVec,
    /// status words with which the list goes on; none stands for 9000 alone
    #[n(1)]
    pub allowed: Option<Vec<u16>>,
    /// SHA-256 the whole answer, status word included, must have for the list to go on
    #[n(2)]
    pub answer_hash: Option<ByteArray<32>>,
    /// milliseconds the card may take; none stands for 10,000
    #[n(3)]
    pub limit: Option<u32>,
}

/// What the card answered to a [`Script`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ScriptResult {
    /// the session
    #[n(0)]
    pub session: Id,
    /// the script's step
    #[n(1)]
    pub step: u16,
    /// the script's id
    #[n(2)]
    pub script: Id,
    /// the card's answers, each with its status word, as many as there are
    #[n(3)]
    #[cbor(decode_with = "list::<_, _, MOST_COMMANDS>")]
    pub answers: Vec<ByteVec>,
    /// set where the list was not run to its end
    #[n(4)]
    pub stopped: Option<Stop>,
}

/// Where and why a script was left.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Stop {
    /// index of the command that was not answered as it should be, or not sent
    #[n(0)]
    pub index: u16,
    /// why
    #[n(1)]
    pub reason: StopReason,
}

/// Why a script was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum StopReason {
    /// a status word that the command does not allow
    #[n(0)]
    Status,
    /// an answer whose hash is another
    #[n(1)]
    OtherAnswer,
    /// the card was taken out, or was reset by someone else
    #[n(2)]
    CardGone,
    /// the card or the reader did not answer in time
    #[n(3)]
    TimedOut,
    /// the reader is gone
    #[n(4)]
    ReaderGone,
    /// the deadline was over before the command
    #[n(5)]
    Deadline,
    /// the operator, or the center by WORK, stopped it
    #[n(6)]
    Cancelled,
}

/// How far the script is; lost ones are not missed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Progress {
    /// the session
    #[n(0)]
    pub session: Id,
    /// the script's step
    #[n(1)]
    pub step: u16,
    /// commands answered so far
    #[n(2)]
    pub index: u16,
}

/// The terminal gives a session up before it has a script, or tells that it cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Abort {
    /// the session
    #[n(0)]
    pub session: Id,
    /// why
    #[n(1)]
    pub reason: StopReason,
    /// the challenge of its OPEN, where that was posted and not answered: an OPEN that is still on its way is then
    /// refused when it arrives
    #[n(2)]
    pub challenge: Option<Id>,
}

/// What the center answers to OPEN and RESULT.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Reply {
    /// go on
    #[n(0)]
    Script(#[n(0)] Script),
    /// the session is over
    #[n(1)]
    Verdict(#[n(0)] Verdict),
}

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Verdict {
    /// the session
    #[n(0)]
    pub session: Id,
    /// the outcome
    #[n(1)]
    pub outcome: Outcome,
    /// set unless the outcome is `Issued`
    #[n(2)]
    pub refusal: Option<Refusal>,
    /// what the operator may see of the card: masked number, grade of the proof
    #[n(3)]
    pub card: Option<String>,
    /// how many further changes wait for this card; under a desk ticket the terminal goes on with it at once. None where
    /// nothing more may be tried before the card is put in again, as after a try that failed
    #[n(4)]
    pub waiting: Option<u32>,
    /// what the operator is told beside the outcome
    #[n(5)]
    pub notice: Option<Refusal>,
}

/// The four ways a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Outcome {
    /// written, proven and activated
    #[n(0)]
    Issued,
    /// nothing was written; the order waits as before
    #[n(1)]
    FailedClean,
    /// what the card holds cannot be known until it is seen again; the order is blocked
    #[n(2)]
    Unknown,
    /// not let in, or not for this order, terminal, reader or card
    #[n(3)]
    Refused,
}

/// A code with its parameters; the text is made at the edge. A notice is one, too: it tells, and refuses nothing.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Refusal {
    /// the code
    #[n(0)]
    pub code: Code,
    /// the parameters the code's text names, in its order; never personal data
    #[n(1)]
    #[cbor(decode_with = "list::<_, _, MOST_PARAMETERS>")]
    pub parameters: Vec<String>,
}
