//! An issuance given up: its outcome is unknown, and the order blocked until the card is seen again.

use cardwright_relay::message::{Outcome, Refusal, ScriptResult, Verdict};

use super::{about, ended, order_moved, told};
use crate::Id;
use crate::change::{Change, Changes};
use crate::entry::Event;
use crate::row::{Card, Issuance};
use crate::state::{CardState, IssuanceState, OrderState};

/// How an issuance is given up.
#[derive(Debug, Clone, Copy)]
pub struct GivenUp {
    /// whether this center handed the last script out and had no RESULT
    pub sent: bool,
    /// a new id for what the issuer's host is told
    pub outbox: Id,
    /// whether the order is to end the card
    pub ends: bool,
    /// what is said of the card's opening
    pub tried: Tried,
}

/// What became of EXTERNAL AUTHENTICATE, by the terminal's word. It decides how many openings may follow and nothing else:
/// a terminal that lies here could spend a card's tries without the center as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// nothing is known: it counts
    Perhaps,
    /// the card took it, and counts anew
    Opened,
    /// it was never sent
    Never,
}

impl Tried {
    pub(super) fn said_by(result: &ScriptResult) -> Self {
        let first = result.answers.first().is_some_and(|answer| answer.ends_with(&[0x90, 0x00]));
        if first || result.step > 1 { Self::Opened } else { Self::Perhaps }
    }

    fn counted(self, issuance: &Issuance, card: &Card) -> u8 {
        match self {
            Self::Opened => 0,
            _ if issuance.step > 1 => 0,
            Self::Never => card.open_tries.saturating_sub(1),
            Self::Perhaps => card.open_tries,
        }
    }
}

/// The commit that gives an issuance up without a RESULT.
pub fn unknown(now: i64, issuance: &Issuance, card: &Card, why: &Refusal, how: GivenUp) -> Changes {
    let unknown = Event::OutcomeUnknown { step: issuance.step, code: why.code.0, parameters: why.parameters.clone() };
    let sent = how.sent.then_some(Event::Sent { step: issuance.step });
    let mut entries: Vec<_> = sent.into_iter().chain([unknown]).map(|event| about(issuance, now, event)).collect();
    if how.ends && issuance.state == IssuanceState::Activating {
        let ended = ended(now, issuance, card, how.outbox);
        entries.extend(ended.entries);
        return Changes { rows: ended.rows, entries };
    }
    let rows = vec![
        Change::MoveIssuance {
            issuance: issuance.id,
            epoch: issuance.epoch,
            from: (issuance.state, issuance.step),
            to: (given_up(issuance.state), issuance.step),
            deadline: issuance.deadline,
        },
        Change::move_card(card, CardState::Unknown, how.tried.counted(issuance, card)),
        order_moved(issuance, OrderState::Blocked),
        told(issuance, now, "unknown", how.outbox),
    ];
    Changes { rows, entries }
}

/// How an issuance in `state` ends without a proof: what was proven to be written stays known to be.
fn given_up(state: IssuanceState) -> IssuanceState {
    if state == IssuanceState::Activating { IssuanceState::Interrupted } else { IssuanceState::Unknown }
}

/// The verdict on a session whose outcome is unknown.
#[must_use]
pub fn unknown_verdict(session: Id, why: &Refusal) -> Verdict {
    Verdict { session, outcome: Outcome::Unknown, refusal: Some(why.clone()), card: None, waiting: None, notice: None }
}
