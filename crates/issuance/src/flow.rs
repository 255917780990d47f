//! Flows: what is done on a card, script by script, from the first answer to the last proof.
//!
//! A flow is a chain of values: each stage holds the script that goes out, and gives the next stage only for
//! answers that are proven. What is to be done is a function of what the order asks for and of what the card holds
//! ([`crate::task`]): as recorded, or where an outcome is unknown as surveyed. The same inputs give the same scripts.

mod ahead;
mod begin;
mod certificate;
mod cryptogram;
mod end;
mod fitness;
mod groupings;
mod next;
mod piv;
mod plan;
mod question;
mod run;
mod showing;
mod stage;
mod worth;

use cardwright_globalplatform::Error as ChannelError;
use cardwright_relay::Code;
use cardwright_relay::message::Refusal;

use crate::admission::refusal;

pub use ahead::{Requests, Secrets};
pub use begin::{Authenticated, NeedsKeys, begin};
pub use certificate::ToBeSigned;
pub use fitness::unwritable;
pub use next::{Certification, Foresight, ForesightKeys, Next, Reopening};
pub use stage::{Stage, StageKind};
pub use worth::{Flaw, Verified};

pub use crate::work::{Inputs, Keys, LoadFile, Observed, Ring};

/// What a card answered wrongly at its opening, as the terminal is told.
pub(crate) fn card_refused(error: &ChannelError) -> Refusal {
    match error {
        ChannelError::CardCryptogram | ChannelError::CardChallenge => refusal(Code::CARD_CRYPTOGRAM_WRONG, &[]),
        ChannelError::SecretCount { .. } | ChannelError::SessionKeyLength { .. } => {
            refusal(Code::KEYSTORE_UNAVAILABLE, &[])
        }
        other => refusal(Code::CARD_ANSWER_REFUSED, &[&other.to_string()]),
    }
}

/// What cannot be wrapped, as the terminal is told.
pub(crate) fn caller_refused(inputs: &Inputs, error: &ChannelError) -> Refusal {
    match error {
        ChannelError::PersonalInClear { level, .. } => refusal(Code::LEVEL_REFUSED, &[&format!("{level:02X}")]),
        other => refusal(Code::PROFILE_REFUSED, &[inputs.about(), &other.to_string()]),
    }
}
