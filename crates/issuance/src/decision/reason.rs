//! Why an issuance does not end well, as codes for the terminal and the log.

use cardwright_relay::Code;
use cardwright_relay::message::{Refusal, ScriptResult, StopReason};

use crate::admission::refusal;
use crate::flow::Flaw;

/// Why a script was left, as a code.
#[must_use]
pub fn left(result: &ScriptResult) -> Option<Refusal> {
    let stop = result.stopped.as_ref()?;
    Some(refusal(Code::CARD_LEFT, &[&stop.index.to_string(), reason(stop.reason)]))
}

/// Why answers do not prove their script, as a code.
#[must_use]
pub fn flawed(flaw: &Flaw) -> Refusal {
    match flaw {
        Flaw::Answer(failure) => {
            refusal(Code::ANSWER_NOT_PROVEN, &[&failure.index.to_string(), &failure.reason.to_string()])
        }
        Flaw::Content(what) => refusal(Code::ANSWER_NOT_PROVEN, &["-", what]),
    }
}

/// Why answers that are right do not make a card live.
#[must_use]
pub fn unproven() -> Refusal {
    refusal(Code::ANSWER_NOT_PROVEN, &["-", "nothing in the answers proves the card"])
}

/// A stop reason in a log's words.
#[must_use]
pub fn reason(reason: StopReason) -> &'static str {
    match reason {
        StopReason::Status => "status word",
        StopReason::OtherAnswer => "other answer",
        StopReason::CardGone => "card gone",
        StopReason::TimedOut => "timed out",
        StopReason::ReaderGone => "reader gone",
        StopReason::Deadline => "deadline",
        StopReason::Cancelled => "cancelled",
    }
}
