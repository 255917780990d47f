//! Orders and what is sealed of them.

use cardwright_issuance::change::Change;
use cardwright_issuance::state::{OrderState, State};

use super::world::{
    assert_conflict, base, change, entry, id, order, place, prepared, prepared_order, register, sealed_order,
};
use crate::store::{Commit, Registration, Store};

pub(super) async fn an_order_reads_back_with_what_is_sealed_of_it<S: Store>(store: &S) {
    register(store, vec![Registration::Base(base("north"))]).await.unwrap();
    let rows = [1, 2].map(|byte| Registration::Order(order(byte, &format!("R-{byte}")), sealed_order(byte)));
    register(store, rows.into()).await.unwrap();
    assert_eq!(store.order(id(1)).await.unwrap(), Some(order(1, "R-1")));
    assert_eq!(store.order_by_reference("R-2").await.unwrap(), Some(order(2, "R-2")));
    assert_eq!(store.order_by_reference("R-3").await.unwrap(), None);
    assert_eq!(store.sealed_order(id(2)).await.unwrap(), Some(sealed_order(2)));
    assert_eq!(store.prepared(id(1)).await.unwrap(), None);
    assert_eq!(store.orders(10).await.unwrap(), [order(2, "R-2"), order(1, "R-1")], "newest first");
    assert_eq!(store.orders(1).await.unwrap(), [order(2, "R-2")]);
}

pub(super) async fn a_reference_is_taken_once<S: Store>(store: &S) {
    register(store, vec![Registration::Base(base("north"))]).await.unwrap();
    register(store, vec![Registration::Order(order(1, "R-1"), sealed_order(1))]).await.unwrap();
    assert_conflict(register(store, vec![Registration::Order(order(2, "R-1"), sealed_order(2))]).await);
    assert_conflict(register(store, vec![Registration::Order(order(1, "R-2"), sealed_order(1))]).await);
    let mut elsewhere = order(3, "R-3");
    elsewhere.base = "south".into();
    assert_conflict(register(store, vec![Registration::Order(elsewhere, sealed_order(3))]).await);
    assert_eq!(store.orders(10).await.unwrap().len(), 1);
}

pub(super) async fn an_order_is_approved_by_another_person_once<S: Store>(store: &S) {
    register(store, vec![Registration::Base(base("north"))]).await.unwrap();
    register(store, vec![Registration::Order(order(1, "R-1"), sealed_order(1))]).await.unwrap();
    assert_conflict(register(store, vec![Registration::Approve(id(1), id(0xE0))]).await);
    register(store, vec![Registration::Approve(id(1), id(0xE1))]).await.unwrap();
    assert_conflict(register(store, vec![Registration::Approve(id(1), id(0xE1))]).await);
    assert_conflict(register(store, vec![Registration::Approve(id(9), id(0xE1))]).await);
    let row = store.order(id(1)).await.unwrap().unwrap();
    assert_eq!((row.state, row.approved_by), (OrderState::Approved, Some(id(0xE1))));
}

pub(super) async fn prepared_data_needs_an_approved_order<S: Store>(store: &S) {
    register(store, vec![Registration::Base(base("north"))]).await.unwrap();
    register(store, vec![Registration::Order(order(1, "R-1"), sealed_order(1))]).await.unwrap();
    assert_conflict(register(store, vec![Registration::Prepared(id(1), prepared(1))]).await);
    assert_eq!(store.prepared(id(1)).await.unwrap(), None);
    let both = vec![Registration::Approve(id(1), id(0xE1)), Registration::Prepared(id(1), prepared(1))];
    register(store, both).await.unwrap();
    assert_eq!(store.prepared(id(1)).await.unwrap(), Some(prepared(1)));
    assert_eq!(store.order(id(1)).await.unwrap().unwrap().state, OrderState::Prepared);
}

/// Every pair of states: those of the table move the order, all others are refused.
pub(super) async fn only_steps_of_the_transition_table_are_taken<S: Store>(store: &S) {
    place(store).await;
    prepared_order(store, 1).await;
    let step = |from, to| change(store, Change::MoveOrder { order: id(1), from, to, card: None });
    step(OrderState::Prepared, OrderState::Issuing).await.unwrap();
    assert_conflict(step(OrderState::Prepared, OrderState::Issuing).await);
    // what something else depends on may stay as it is, if it is so
    step(OrderState::Issuing, OrderState::Issuing).await.unwrap();
    assert_conflict(step(OrderState::Prepared, OrderState::Prepared).await);
    for (to, name) in OrderState::NAMES {
        if *to != OrderState::Issuing && !OrderState::Issuing.may_become(*to) {
            assert_conflict(step(OrderState::Issuing, *to).await);
            assert_eq!(store.order(id(1)).await.unwrap().unwrap().state, OrderState::Issuing, "{name}");
        }
    }
    step(OrderState::Issuing, OrderState::Blocked).await.unwrap();
    step(OrderState::Blocked, OrderState::Issued).await.unwrap();
    assert_eq!(store.order(id(1)).await.unwrap().unwrap().state, OrderState::Issued);
}

pub(super) async fn nothing_of_a_refused_commit_stays<S: Store>(store: &S) {
    place(store).await;
    let commit = Commit {
        changes: vec![],
        registrations: vec![
            Registration::Order(order(1, "R-1"), sealed_order(1)),
            Registration::Base(base("south")),
            Registration::Base(base("north")),
        ],
        entries: vec![entry(Some(1))],
    };
    assert_conflict(store.commit(commit).await);
    assert_eq!(store.order(id(1)).await.unwrap(), None);
    assert_eq!(store.sealed_order(id(1)).await.unwrap(), None);
    assert_eq!(store.base("south").await.unwrap(), None);
    assert_eq!(store.log_head().await.unwrap().size, 0);
}
