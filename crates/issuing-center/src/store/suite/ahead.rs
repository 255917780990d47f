//! The pool of cards' keys, card numbers, PIN mailers, and data prepared again.

use cardwright_issuance::change::Change;
use cardwright_issuance::row::Ticket;
use cardwright_issuance::state::OrderState;

use super::world::{NOW, assert_conflict, change, id, place, prepared, prepared_order, register};
use crate::store::{CardNumber, Commit, Novelty, PinMailer, PoolKey, PoolLevel, Registration, Store};

fn pool_key(byte: u8, bits: u16, exponent: u32) -> PoolKey {
    let (modulus, sealed) = (vec![byte; usize::from(bits / 8)], vec![byte; 100]);
    PoolKey { id: id(byte), bits, exponent, modulus, sealed, made: NOW + i64::from(byte) }
}

pub(super) async fn a_key_of_the_pool_is_taken_once_and_is_gone<S: Store>(store: &S) {
    let keys = [pool_key(3, 1152, 3), pool_key(1, 1152, 3), pool_key(2, 1152, 65_537), pool_key(4, 1408, 3)];
    register(store, keys.clone().map(Registration::PoolKey).into()).await.unwrap();
    let level = |bits, exponent, keys| PoolLevel { bits, exponent, keys };
    let levels = [level(1152, 3, 2), level(1152, 65_537, 1), level(1408, 3, 1)];
    assert_eq!(store.pool_levels().await.unwrap(), levels);
    assert_eq!(store.pool_keys(1152, 3, 9).await.unwrap(), [keys[1].clone(), keys[0].clone()], "oldest first");
    assert_eq!(store.pool_keys(1152, 3, 1).await.unwrap(), [keys[1].clone()]);
    register(store, vec![Registration::TakePoolKey(id(1))]).await.unwrap();
    assert_conflict(register(store, vec![Registration::TakePoolKey(id(1))]).await);
    assert_eq!(store.pool_keys(1152, 3, 9).await.unwrap(), [keys[0].clone()]);
    assert_eq!(store.pool_levels().await.unwrap(), [level(1152, 3, 1), levels[1], levels[2]]);
}

pub(super) async fn a_modulus_is_in_the_pool_once<S: Store>(store: &S) {
    register(store, vec![Registration::PoolKey(pool_key(1, 1152, 3))]).await.unwrap();
    let again = PoolKey { id: id(2), ..pool_key(1, 1152, 3) };
    assert_conflict(register(store, vec![Registration::PoolKey(again)]).await);
    let same_id = PoolKey { modulus: vec![9; 144], ..pool_key(1, 1152, 3) };
    assert_conflict(register(store, vec![Registration::PoolKey(same_id)]).await);
}

pub(super) async fn a_key_that_was_taken_in_a_refused_commit_is_still_there<S: Store>(store: &S) {
    register(store, vec![Registration::PoolKey(pool_key(1, 1152, 3))]).await.unwrap();
    let both = vec![Registration::TakePoolKey(id(1)), Registration::TakePoolKey(id(2))];
    assert_conflict(register(store, both).await);
    assert_eq!(store.pool_keys(1152, 3, 9).await.unwrap().len(), 1);
}

fn number(order: u8, hash: u8, sequence: u8) -> CardNumber {
    let masked = "492900******1234".to_owned();
    CardNumber { order: id(order), hash: [hash; 32], sequence, masked, sealed: vec![hash; 40] }
}

async fn take<S: Store>(store: &S, number: CardNumber, novelty: Novelty) -> Result<(), crate::store::StoreError> {
    register(store, vec![Registration::CardNumber(number, novelty)]).await
}

pub(super) async fn a_number_is_given_once<S: Store>(store: &S) {
    place(store).await;
    for order in 1..=5 {
        prepared_order(store, order).await;
    }
    take(store, number(1, 7, 0), Novelty::Number).await.unwrap();
    assert_eq!(store.number_of(id(1)).await.unwrap(), Some(number(1, 7, 0)));
    assert_eq!(store.number_of(id(2)).await.unwrap(), None);
    assert_conflict(take(store, number(2, 7, 0), Novelty::Number).await);
    assert_conflict(take(store, number(2, 7, 1), Novelty::Number).await);
    assert_conflict(take(store, number(2, 7, 0), Novelty::Sequence).await);
    take(store, number(2, 7, 1), Novelty::Sequence).await.unwrap();
    assert_conflict(take(store, number(1, 8, 0), Novelty::Number).await); // the order has one
    take(store, number(3, 8, 0), Novelty::Number).await.unwrap();
    assert_eq!(store.sequences_of([7; 32]).await.unwrap(), [0, 1]);
    assert!(store.sequences_of([9; 32]).await.unwrap().is_empty());
}

pub(super) async fn a_range_steps_from_where_it_is<S: Store>(store: &S) {
    let step = |before, after| {
        let step = Registration::StepRange { range: "gold".into(), before, after };
        register(store, vec![step])
    };
    assert_eq!(store.numbers_taken("gold").await.unwrap(), None);
    assert_conflict(step(1, 2).await);
    step(0, 1).await.unwrap();
    assert_conflict(step(0, 1).await);
    step(1, 4).await.unwrap();
    assert_conflict(step(1, 2).await);
    assert_eq!(store.numbers_taken("gold").await.unwrap(), Some(4));
    assert_eq!(store.numbers_taken("silver").await.unwrap(), None);
}

pub(super) async fn a_pin_mailer_is_handed_out_once<S: Store>(store: &S) {
    place(store).await;
    let mailer = |order: u8, zone_key: &str| PinMailer {
        order: id(order),
        zone_key: zone_key.into(),
        masked: "492900******1234".into(),
        block_format: 0,
        sealed: vec![order; 36],
        prepared: NOW + i64::from(order),
        exported: None,
    };
    for order in 1..=3 {
        prepared_order(store, order).await;
    }
    let rows = [mailer(2, "printer.1"), mailer(1, "printer.1"), mailer(3, "other.1")];
    register(store, rows.map(Registration::PinMailer).into()).await.unwrap();
    assert_conflict(register(store, vec![Registration::PinMailer(mailer(1, "other.1"))]).await);
    let waiting = store.pin_mailers_waiting("printer.1", 9).await.unwrap();
    assert_eq!(waiting, [mailer(1, "printer.1"), mailer(2, "printer.1")], "oldest first");
    assert_eq!(store.pin_mailers_waiting("printer.1", 1).await.unwrap().len(), 1);
    register(store, vec![Registration::PinMailerExported(id(1), NOW)]).await.unwrap();
    assert_conflict(register(store, vec![Registration::PinMailerExported(id(1), NOW)]).await);
    assert_eq!(store.pin_mailers_waiting("printer.1", 9).await.unwrap(), [mailer(2, "printer.1")]);
    assert_eq!(store.pin_mailer(id(1)).await.unwrap().unwrap().exported, Some(NOW));
    assert_eq!(store.pin_mailer(id(9)).await.unwrap(), None);
}

/// Whoever has read the first data and opens with a ticket is refused: the ticket is gone.
pub(super) async fn data_prepared_again_takes_the_tickets_with_it<S: Store>(store: &S) {
    place(store).await;
    prepared_order(store, 1).await;
    prepared_order(store, 2).await;
    let ticket = |byte, order, used_by| Ticket {
        id: id(byte),
        order: Some(id(order)),
        confirms_deletion: false,
        terminal: id(0x70),
        operator: id(0xE2),
        expires: NOW + 10,
        used_by,
    };
    let tickets = [ticket(10, 1, None), ticket(11, 2, None), ticket(12, 1, Some(id(0x50)))];
    register(store, tickets.clone().map(Registration::Ticket).into()).await.unwrap();
    register(store, vec![Registration::PreparedAgain(id(1), prepared(9))]).await.unwrap();
    assert_eq!(store.prepared(id(1)).await.unwrap(), Some(prepared(9)));
    assert_eq!(store.order(id(1)).await.unwrap().unwrap().state, OrderState::Prepared);
    assert_conflict(change(store, Change::UseTicket { ticket: id(10), session: id(0x50) }).await);
    assert_eq!(store.ticket(id(12)).await.unwrap(), Some(tickets[2].clone()), "a used one stays");
    assert_eq!(store.tickets_for(id(0x70), NOW).await.unwrap(), [tickets[1].clone()], "another order's stays");
    let issuing = Change::MoveOrder { order: id(1), from: OrderState::Prepared, to: OrderState::Issuing, card: None };
    change(store, issuing).await.unwrap();
    assert_conflict(register(store, vec![Registration::PreparedAgain(id(1), prepared(8))]).await);
    assert_eq!(store.prepared(id(1)).await.unwrap(), Some(prepared(9)), "an order that is written keeps its data");
    assert_conflict(register(store, vec![Registration::PreparedAgain(id(9), prepared(8))]).await);
}

/// Whoever is overtaken gets nothing: no key and no number goes to two orders.
pub(super) async fn of_two_who_want_the_same_key_and_number_one_gets_both<S: Store>(store: &S) {
    place(store).await;
    prepared_order(store, 1).await;
    prepared_order(store, 2).await;
    register(store, vec![Registration::PoolKey(pool_key(1, 1152, 3))]).await.unwrap();
    let wanted = |order| Commit {
        registrations: vec![
            Registration::CardNumber(number(order, 7, 0), Novelty::Number),
            Registration::StepRange { range: "gold".into(), before: 0, after: 1 },
            Registration::TakePoolKey(id(1)),
        ],
        ..Commit::default()
    };
    store.commit(wanted(1)).await.unwrap();
    assert_conflict(store.commit(wanted(2)).await);
    assert_eq!(store.number_of(id(2)).await.unwrap(), None);
    assert_eq!(store.pool_levels().await.unwrap(), []);
    assert_eq!(store.numbers_taken("gold").await.unwrap(), Some(1));
}

/// All at once: the databases themselves decide who is first.
pub(super) async fn of_many_at_the_same_time_one_takes_the_key<S: Store>(store: &S) {
    place(store).await;
    for order in 1..=4 {
        prepared_order(store, order).await;
    }
    register(store, vec![Registration::PoolKey(pool_key(1, 1152, 3))]).await.unwrap();
    let wanted = |order| Commit {
        registrations: vec![
            Registration::TakePoolKey(id(1)),
            Registration::CardNumber(number(order, 7, order), Novelty::Number),
        ],
        ..Commit::default()
    };
    let (one, two, three, four) = tokio::join!(
        store.commit(wanted(1)),
        store.commit(wanted(2)),
        store.commit(wanted(3)),
        store.commit(wanted(4)),
    );
    let (done, refused): (Vec<_>, Vec<_>) = [one, two, three, four].into_iter().partition(Result::is_ok);
    assert_eq!((done.len(), refused.len()), (1, 3));
    refused.into_iter().for_each(assert_conflict);
    assert_eq!(store.sequences_of([7; 32]).await.unwrap().len(), 1);
}
