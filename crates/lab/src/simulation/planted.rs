//! A center that stores a result before it has looked at the proof, for showing that this is noticed.

use cardwright_issuance::change::Change;
use cardwright_issuance::state::{CardState, IssuanceState, OrderState};
use cardwright_issuing_center::center::Center;
use cardwright_issuing_center::store::{Commit, Store};
use cardwright_relay::message::ScriptResult;

use super::at_once;
use super::session::Session;
use super::store::SlowStore;

/// Where the session is about to post the RESULT of its last script: the card is called live, whatever it answered.
pub(super) fn store_result_before_proof(center: &Center<SlowStore>, session: &Session) {
    let Some(bytes) = session.next_result() else { return };
    let Ok(result) = cardwright_relay::decode::<ScriptResult>(bytes) else { return };
    let Ok(Some(issuance)) = at_once(center.store.issuance(session.id)) else { return };
    if issuance.state != IssuanceState::Activating {
        return;
    }
    let (issuance_id, step) = (issuance.id, result.step);
    let changes = vec![
        Change::CloseIntent { issuance: issuance_id, step, result: bytes.to_vec(), received: center.now() },
        Change::MoveIssuance {
            issuance: issuance_id,
            epoch: issuance.epoch,
            from: (issuance.state, issuance.step),
            to: (IssuanceState::Issued, issuance.step),
            deadline: issuance.deadline,
        },
        Change::MoveCard {
            card: issuance.card,
            from: CardState::Activating,
            to: CardState::Live,
            order: Some(issuance.order),
            open_tries: 0,
            masked_number: None,
        },
        Change::MoveOrder {
            order: issuance.order,
            from: OrderState::Issuing,
            to: OrderState::Issued,
            card: Some(issuance.card),
        },
    ];
    let _ = at_once(center.store.commit(Commit { changes, ..Commit::default() }));
}

/// Where the session is about to post the RESULT of the survey of a card that was left: the card is called live.
pub(super) fn settle_unseen(center: &Center<SlowStore>, session: &Session) {
    let Some(bytes) = session.next_result() else { return };
    let Ok(Some(issuance)) = at_once(center.store.issuance(session.id)) else { return };
    if issuance.state != IssuanceState::Writing || !issuance.basis.survey {
        return;
    }
    let (epoch, deadline) = (issuance.epoch, issuance.deadline);
    let moved = |from, to| {
        let (from, to) = ((from, issuance.step), (to, issuance.step));
        Change::MoveIssuance { issuance: issuance.id, epoch, from, to, deadline }
    };
    let card_moved = |from, to| {
        let (card, order) = (issuance.card, Some(issuance.order));
        Change::MoveCard { card, from, to, order, open_tries: 0, masked_number: None }
    };
    let (order, card) = (issuance.order, Some(issuance.card));
    let (result, received) = (bytes.to_vec(), center.now());
    let changes = vec![
        Change::CloseIntent { issuance: issuance.id, step: issuance.step, result, received },
        moved(IssuanceState::Writing, IssuanceState::Verified),
        moved(IssuanceState::Verified, IssuanceState::Issued),
        card_moved(CardState::Dirty, CardState::Verified),
        card_moved(CardState::Verified, CardState::Live),
        Change::MoveOrder { order, from: OrderState::Issuing, to: OrderState::Issued, card },
    ];
    let _ = at_once(center.store.commit(Commit { changes, ..Commit::default() }));
}
