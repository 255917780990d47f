//! Changes of rows. Each names what it expects to find, touches exactly one row, or stops the whole commit.

use crate::Id;
use crate::content::Content;
use crate::entry::Entry;
use crate::row::{Card, Intent, Issuance, KeySet, Outbox};
use crate::state::{CardState, IssuanceState, KeySetState, OrderState};

/// One row change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// marks an unused challenge as used
    UseChallenge {
        /// the challenge
        challenge: Id,
        /// by this session
        session: Id,
    },
    /// marks an unused ticket as used
    UseTicket {
        /// the ticket
        ticket: Id,
        /// by this session
        session: Id,
    },
    /// a new issuance
    OpenIssuance(Box<Issuance>),
    /// an issuance goes on; expects `from`, `from_step` and `epoch`
    MoveIssuance {
        /// the session
        issuance: Id,
        /// the fence
        epoch: i64,
        /// state and step it must be in
        from: (IssuanceState, u16),
        /// state and step it will be in
        to: (IssuanceState, u16),
        /// its new deadline
        deadline: i64,
    },
    /// an order goes on, or is as it was; expects `from`
    MoveOrder {
        /// the order
        order: Id,
        /// state it must be in
        from: OrderState,
        /// state it will be in
        to: OrderState,
        /// the card that carries it from now on
        card: Option<Id>,
    },
    /// a card goes on, or is as it was; expects `from`
    MoveCard {
        /// the card
        card: Id,
        /// state it must be in
        from: CardState,
        /// state it will be in
        to: CardState,
        /// the order it belongs to from now on
        order: Option<Id>,
        /// openings intended and not proven, in a row
        open_tries: u8,
        /// what people may see of its number
        masked_number: Option<String>,
    },
    /// what a card holds, as it was proven
    SetContent {
        /// the card
        card: Id,
        /// all of it
        content: Box<Content>,
    },
    /// a new key set
    AddKeySet(Box<KeySet>),
    /// a key set goes on; expects `from`
    MoveKeySet {
        /// the card
        card: Id,
        /// key version and generation
        key_set: (u8, u32),
        /// state it must be in
        from: KeySetState,
        /// state it will be in
        to: KeySetState,
    },
    /// a new intent: nothing of it was sent before this is committed
    AddIntent(Box<Intent>),
    /// the RESULT of an intent; expects that there is none yet
    CloseIntent {
        /// the session
        issuance: Id,
        /// the step
        step: u16,
        /// the message's bytes
        result: Vec<u8>,
        /// when it came
        received: i64,
    },
    /// something to tell the issuer's host
    AddOutbox(Outbox),
}

impl Change {
    /// The card comes to another state and keeps its order and its number. `open_tries` are its openings that are intended
    /// and not proven from now on.
    #[must_use]
    pub fn move_card(card: &Card, to: CardState, open_tries: u8) -> Self {
        let Card { id, state, order, ref masked_number, .. } = *card;
        Self::MoveCard { card: id, from: state, to, order, open_tries, masked_number: masked_number.clone() }
    }
}

/// What one event changes: committed whole or not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Changes {
    /// in order
    pub rows: Vec<Change>,
    /// in order
    pub entries: Vec<Entry>,
}
