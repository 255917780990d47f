//! The center's half: is a message new, a repeated one, or another than the one that was answered?
//!
//! A terminal repeats a POST whenever the line breaks, with the same bytes. What a session's rows say about the
//! messages received so far decides; the center's clock and memory do not.

use crate::Code;
use crate::message::Refusal;

/// One message of a session, as its row tells. OPEN is step 0, the RESULT of script n is step n.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepRecord {
    /// the step
    pub step: u16,
    /// [`crate::message_hash`] of the message's bytes
    pub message_hash: [u8; 32],
    /// whether an answer was committed for it
    pub answered: bool,
}

/// What a received message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Received {
    /// to be worked on: new, or the same as one whose answer was never committed
    Fresh,
    /// answered before: the stored answer is sent again
    Replay {
        /// the step whose answer it is
        step: u16,
    },
    /// other bytes than the ones this step had, or a step whose turn it is not: HTTP 409 and a log entry
    Conflict,
    /// the session was never opened
    UnknownSession,
}

impl Received {
    /// What a message of `step` with `message_hash` is, in a session of which `rows` are known (in any order),
    /// looked up by session and terminal. No rows: the session is unknown, and only OPEN begins one.
    pub fn judge(rows: &[StepRecord], step: u16, message_hash: &[u8; 32]) -> Self {
        let Some(last) = rows.iter().max_by_key(|row| row.step) else {
            return if step == 0 { Self::Fresh } else { Self::UnknownSession };
        };
        match rows.iter().find(|row| row.step == step) {
            Some(row) if row.message_hash != *message_hash => Self::Conflict,
            Some(row) if row.answered => Self::Replay { step },
            Some(_) => Self::Fresh,
            None if last.answered && last.step.checked_add(1) == Some(step) => Self::Fresh,
            None => Self::Conflict,
        }
    }

    /// The refusal, for the two that are refused.
    #[must_use]
    pub fn refusal(self) -> Option<Refusal> {
        let code = match self {
            Self::Conflict => Code::MESSAGE_CONFLICT,
            Self::UnknownSession => Code::SESSION_UNKNOWN,
            Self::Fresh | Self::Replay { .. } => return None,
        };
        Some(Refusal { code, parameters: Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(step: u16, byte: u8, answered: bool) -> StepRecord {
        StepRecord { step, message_hash: [byte; 32], answered }
    }

    #[test]
    fn the_same_bytes_get_the_same_answer_and_other_bytes_a_conflict() {
        let rows = [row(1, 0xB1, true), row(0, 0xA0, true)];
        assert_eq!(Received::judge(&rows, 0, &[0xA0; 32]), Received::Replay { step: 0 });
        assert_eq!(Received::judge(&rows, 1, &[0xB1; 32]), Received::Replay { step: 1 });
        assert_eq!(Received::judge(&rows, 1, &[0xB2; 32]), Received::Conflict);
        assert_eq!(Received::judge(&rows, 1, &[0xB2; 32]).refusal().unwrap().code, Code::MESSAGE_CONFLICT);
    }

    #[test]
    fn a_message_whose_answer_was_never_committed_is_worked_on_again() {
        assert_eq!(Received::judge(&[row(0, 1, false)], 0, &[1; 32]), Received::Fresh);
        assert_eq!(Received::judge(&[row(0, 1, false)], 0, &[2; 32]), Received::Conflict);
        assert_eq!(Received::judge(&[row(0, 1, false)], 1, &[1; 32]), Received::Conflict);
    }

    #[test]
    fn only_open_begins_a_session_and_no_step_is_left_out() {
        assert_eq!(Received::judge(&[], 0, &[1; 32]), Received::Fresh);
        assert_eq!(Received::judge(&[], 1, &[1; 32]), Received::UnknownSession);
        assert_eq!(Received::judge(&[row(0, 1, true)], 1, &[2; 32]), Received::Fresh);
        assert_eq!(Received::judge(&[row(0, 1, true)], 2, &[2; 32]), Received::Conflict);
        assert_eq!(Received::judge(&[row(u16::MAX, 1, true)], 0, &[2; 32]), Received::Conflict);
    }
}
