//! Rows of what the issuer's host is told, and of what two people decide about a card. Times are microseconds since
//! 1970 UTC.

use cardwright_issuance::Id;
use cardwright_issuance::row::Outbox;
use cardwright_issuance::state::CardState;

/// Where the issuer's host is told what happens to cards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostRow {
    /// where events are posted to
    pub url: String,
    /// the certificates that the host's must lead to, PEM; without them the system's
    pub ca: Option<Vec<u8>>,
    /// the keystore handle of the key that events are signed with
    pub key: String,
    /// the key before it, which signs as well for a while
    pub previous_key: Option<String>,
    /// until when it does
    pub previous_until: i64,
}

/// An event on its way to the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostEvent {
    /// what happened
    pub event: Outbox,
    /// its place among all events, from 1; a later event has a greater one
    pub number: i64,
    /// how often it was sent in vain
    pub attempts: u32,
    /// it is not sent before this
    pub next_attempt: i64,
    /// why it was not taken the last time
    pub last_error: Option<String>,
    /// when the host took it
    pub taken: Option<i64>,
}

impl HostEvent {
    /// An event as it is written: due at once, never sent.
    #[must_use]
    pub fn new(event: Outbox, number: i64) -> Self {
        Self { event, number, attempts: 0, next_attempt: 0, last_error: None, taken: None }
    }
}

/// An attempt to tell an event that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedAttempt {
    /// the event
    pub event: Id,
    /// who had leased it
    pub node: Id,
    /// when it is sent again
    pub next: i64,
    /// whether the host answered; without an answer the event is sent again as soon as the host takes another
    pub was_reached: bool,
    /// why it was not taken, for people
    pub error: String,
}

/// Which events that wait are sent again at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// all of them
    All,
    /// those to whose last sending nobody answered
    Unanswered,
}

/// What two people decide about a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DecisionKind {
    /// it will not come back
    Lost,
    /// it is put aside
    Quarantine,
    /// it is no longer put aside
    LiftQuarantine,
}

impl DecisionKind {
    /// Every kind with its name in the database.
    pub const NAMES: [(Self, &'static str); 3] =
        [(Self::Lost, "lost"), (Self::Quarantine, "quarantine"), (Self::LiftQuarantine, "lift-quarantine")];

    /// The name in the database and on screens.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }
}

/// What one person has proposed about a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CardDecision {
    /// its name
    pub id: Id,
    /// the card
    pub card: Id,
    /// what is to be decided
    pub kind: DecisionKind,
    /// the state that the card was in
    pub card_state: CardState,
    /// who proposed it
    pub proposed_by: Id,
    /// when
    pub proposed: i64,
}
