//! Centers that make a mistake, for showing that the matrix notices.

use cardwright_issuance::Id;
use cardwright_issuance::change::Change;
use cardwright_issuance::state::{CardState, IssuanceState, OrderState};
use cardwright_issuing_center::store::{Commit, Store};
use cardwright_relay::message::ScriptResult;

use crate::model_store::ModelStore;
use crate::simulation::at_once;

/// A mistake.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Planted {
    /// none: the real thing
    #[default]
    Nothing,
    /// a card is called live, or whatever its order makes of it, before the answers are looked at
    LiveBeforeProof,
    /// what was cut in the middle of writing is taken for written
    UnprovenBelieved,
    /// a key set that was sent and not proven is forgotten
    IntendedKeysForgotten,
}

impl Planted {
    /// What a center that makes the mistake does when a RESULT comes.
    pub(super) fn before_a_result(self, store: &ModelStore, bytes: &[u8]) {
        if self != Self::LiveBeforeProof {
            return;
        }
        if let Ok(result) = cardwright_relay::decode::<ScriptResult>(bytes) {
            live_before_proof(store, result.session);
        }
    }

    /// What it does when an issuance was given up.
    pub(super) fn after_giving_up(self, store: &ModelStore) {
        match self {
            Self::UnprovenBelieved => store.believe_what_was_cut(),
            Self::IntendedKeysForgotten => store.forget_intended_keys(),
            Self::Nothing | Self::LiveBeforeProof => {}
        }
    }
}

fn live_before_proof(store: &ModelStore, session: Id) {
    let Ok(Some(issuance)) = at_once(store.issuance(session)) else { return };
    let Ok(Some(card)) = at_once(store.card(issuance.card)) else { return };
    let states = [IssuanceState::Writing, IssuanceState::Verified, IssuanceState::Issued];
    let cards = [CardState::Dirty, CardState::Verified, CardState::Live];
    if (issuance.state, card.state) != (states[0], cards[0]) {
        return;
    }
    let moved = |pair: &[IssuanceState]| Change::MoveIssuance {
        issuance: session,
        epoch: issuance.epoch,
        from: (pair[0], issuance.step),
        to: (pair[1], issuance.step),
        deadline: issuance.deadline,
    };
    let card_moved = |pair: &[CardState]| Change::MoveCard {
        card: card.id,
        from: pair[0],
        to: pair[1],
        order: card.order,
        open_tries: 0,
        masked_number: card.masked_number.clone(),
    };
    let mut changes: Vec<Change> = states.windows(2).map(moved).chain(cards.windows(2).map(card_moved)).collect();
    let (order, from, to) = (issuance.order, OrderState::Issuing, OrderState::Issued);
    changes.push(Change::MoveOrder { order, from, to, card: Some(card.id) });
    let _ = at_once(store.commit(Commit { changes, ..Commit::default() }));
}
