//! Issuances, intents, the outbox.

use cardwright_issuance::change::Change;
use cardwright_issuance::row::{Intent, Outbox};
use cardwright_issuance::state::IssuanceState;

use super::world::{NOW, assert_conflict, change, id, issuance, prepared_order, register, running, stock};
use crate::store::Store;

fn moved(epoch: i64, from: (IssuanceState, u16), to: (IssuanceState, u16)) -> Change {
    Change::MoveIssuance { issuance: id(0x50), epoch, from, to, deadline: NOW + 200 }
}

pub(super) async fn an_issuance_reads_back_and_moves<S: Store>(store: &S) {
    running(store).await;
    let mut expected = issuance(0x50, 1, 0x20);
    assert_eq!(store.issuance(id(0x50)).await.unwrap(), Some(expected.clone()));
    assert_eq!(store.issuance(id(0x51)).await.unwrap(), None);
    change(store, moved(7, (IssuanceState::Leased, 0), (IssuanceState::Authenticated, 0))).await.unwrap();
    change(store, moved(7, (IssuanceState::Authenticated, 0), (IssuanceState::Writing, 1))).await.unwrap();
    change(store, moved(7, (IssuanceState::Writing, 1), (IssuanceState::Writing, 2))).await.unwrap();
    (expected.state, expected.step, expected.deadline) = (IssuanceState::Writing, 2, NOW + 200);
    assert_eq!(store.issuances_of(id(1)).await.unwrap(), [expected]);
}

pub(super) async fn another_epoch_state_or_step_moves_nothing<S: Store>(store: &S) {
    running(store).await;
    let authenticated = (IssuanceState::Authenticated, 0);
    assert_conflict(change(store, moved(6, (IssuanceState::Leased, 0), authenticated)).await);
    assert_conflict(change(store, moved(8, (IssuanceState::Leased, 0), authenticated)).await);
    assert_conflict(change(store, moved(7, (IssuanceState::Leased, 1), authenticated)).await);
    assert_conflict(change(store, moved(7, authenticated, (IssuanceState::Writing, 1))).await);
    assert_conflict(change(store, moved(7, (IssuanceState::Leased, 0), (IssuanceState::Issued, 0))).await);
    assert_eq!(store.issuance(id(0x50)).await.unwrap(), Some(issuance(0x50, 1, 0x20)));
}

pub(super) async fn an_order_and_a_card_have_one_running_issuance<S: Store>(store: &S) {
    running(store).await;
    prepared_order(store, 2).await;
    register(store, vec![stock(0x21)]).await.unwrap();
    let open = |byte, order, card| change(store, Change::OpenIssuance(Box::new(issuance(byte, order, card))));
    assert_conflict(open(0x51, 1, 0x21).await);
    assert_conflict(open(0x51, 2, 0x20).await);
    assert_conflict(open(0x50, 2, 0x21).await);
    assert_conflict(open(0x51, 9, 0x21).await);
    open(0x51, 2, 0x21).await.unwrap();
    change(store, moved(7, (IssuanceState::Leased, 0), (IssuanceState::FailedClean, 0))).await.unwrap();
    open(0x52, 1, 0x20).await.unwrap();
    let sessions: Vec<_> = store.issuances_of(id(1)).await.unwrap().iter().map(|row| row.id).collect();
    assert_eq!(sessions, [id(0x50), id(0x52)], "oldest first");
}

pub(super) async fn an_intent_is_closed_once<S: Store>(store: &S) {
    running(store).await;
    let mut intent = Intent {
        issuance: id(0x50),
        step: 1,
        script_hash: [3; 32],
        commands: 12,
        committed: NOW,
        result: None,
        received: None,
    };
    let add = |intent: &Intent| change(store, Change::AddIntent(Box::new(intent.clone())));
    add(&intent).await.unwrap();
    assert_conflict(add(&intent).await);
    let close =
        |step| change(store, Change::CloseIntent { issuance: id(0x50), step, result: vec![1, 2], received: NOW + 1 });
    assert_conflict(close(2).await);
    close(1).await.unwrap();
    assert_conflict(close(1).await);
    let mut second = intent.clone();
    second.step = 2;
    add(&second).await.unwrap();
    (intent.result, intent.received) = (Some(vec![1, 2]), Some(NOW + 1));
    assert_eq!(store.intents(id(0x50)).await.unwrap(), [intent, second]);
}

pub(super) async fn overdue_are_those_that_run_and_are_late<S: Store>(store: &S) {
    running(store).await;
    assert_eq!(store.overdue(NOW + 100).await.unwrap(), []);
    assert_eq!(store.overdue(NOW + 101).await.unwrap(), [issuance(0x50, 1, 0x20)]);
    change(store, moved(7, (IssuanceState::Leased, 0), (IssuanceState::FailedClean, 0))).await.unwrap();
    assert_eq!(store.overdue(NOW + 1_000).await.unwrap(), []);
}

pub(super) async fn the_outbox_is_in_order<S: Store>(store: &S) {
    running(store).await;
    let told =
        |byte, created| Outbox { id: id(byte), kind: "issued".into(), order: id(1), card: Some(id(0x20)), created };
    change(store, Change::AddOutbox(told(2, NOW + 1))).await.unwrap();
    change(store, Change::AddOutbox(told(3, NOW))).await.unwrap();
    assert_eq!(store.outbox(10).await.unwrap(), [told(2, NOW + 1), told(3, NOW)], "whatever two clocks say");
    assert_eq!(store.outbox(1).await.unwrap(), [told(2, NOW + 1)]);
    assert_conflict(change(store, Change::AddOutbox(told(2, NOW + 2))).await);
}
