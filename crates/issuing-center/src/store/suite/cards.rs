//! Cards and their key sets.

use cardwright_issuance::change::Change;
use cardwright_issuance::state::{CardState, KeySetState};

use super::world::{assert_conflict, card, change, id, key_set, place, prepared_order, register, stock};
use crate::store::{Registration, Store};

pub(super) async fn stock_reads_back_with_both_key_sets<S: Store>(store: &S) {
    register(store, vec![stock(0x20), stock(0x21)]).await.unwrap();
    assert_eq!(store.card(id(0x20)).await.unwrap(), Some(card(0x20)));
    let found = store.card_by_identity("blank", &[0x21; 42], [0x21; 10]).await.unwrap();
    assert_eq!(found, Some(card(0x21)));
    assert_eq!(store.card_by_identity("blank", &[0x21; 42], [0x20; 10]).await.unwrap(), None);
    assert_eq!(store.card_by_identity("other", &[0x21; 42], [0x21; 10]).await.unwrap(), None);
    assert_eq!(store.cards_by_kdd([0x20; 10]).await.unwrap(), [card(0x20)]);
    let sets = [key_set(0x20, 0x30, 0, KeySetState::Transport), key_set(0x20, 0x31, 1, KeySetState::Derived)];
    assert_eq!(store.key_sets(id(0x20)).await.unwrap(), sets);
}

pub(super) async fn a_card_is_in_stock_once<S: Store>(store: &S) {
    register(store, vec![stock(0x20)]).await.unwrap();
    assert_conflict(register(store, vec![stock(0x20)]).await);
    let mut again = card(0x22);
    (again.cplc, again.kdd) = (vec![0x20; 42], [0x20; 10]);
    let sets = [key_set(0x22, 0x30, 0, KeySetState::Transport), key_set(0x22, 0x31, 1, KeySetState::Derived)];
    let [transport, issuer] = sets;
    assert_conflict(register(store, vec![Registration::Stock(again, transport, issuer)]).await);
    assert_eq!(store.key_sets(id(0x22)).await.unwrap(), []);
}

fn to(card: u8, from: CardState, to: CardState, order: Option<u8>) -> Change {
    Change::MoveCard {
        card: id(card),
        from,
        to,
        order: order.map(id),
        open_tries: 1,
        masked_number: Some("12**34".into()),
    }
}

pub(super) async fn an_order_has_one_card_at_most<S: Store>(store: &S) {
    place(store).await;
    prepared_order(store, 1).await;
    prepared_order(store, 2).await;
    register(store, vec![stock(0x20), stock(0x21)]).await.unwrap();
    change(store, to(0x20, CardState::Stock, CardState::Dirty, Some(1))).await.unwrap();
    assert_conflict(change(store, to(0x21, CardState::Stock, CardState::Dirty, Some(1))).await);
    assert_conflict(change(store, to(0x21, CardState::Stock, CardState::Live, Some(2))).await);
    assert_conflict(change(store, to(0x20, CardState::Stock, CardState::Dirty, Some(1))).await);
    assert_eq!(store.card(id(0x21)).await.unwrap(), Some(card(0x21)));
    let row = store.card(id(0x20)).await.unwrap().unwrap();
    assert_eq!((row.state, row.order, row.open_tries), (CardState::Dirty, Some(id(1)), 1));
    assert_eq!(row.masked_number.as_deref(), Some("12**34"));
    // A card that the order gives back makes room for another.
    change(store, to(0x20, CardState::Dirty, CardState::Unknown, Some(1))).await.unwrap();
    assert_conflict(change(store, to(0x21, CardState::Stock, CardState::Bound, Some(1))).await);
    change(store, to(0x20, CardState::Unknown, CardState::Stock, None)).await.unwrap();
    change(store, to(0x21, CardState::Stock, CardState::Bound, Some(1))).await.unwrap();
    change(store, to(0x21, CardState::Bound, CardState::Bound, Some(1))).await.unwrap();
}

pub(super) async fn a_key_set_moves_from_the_state_it_is_in<S: Store>(store: &S) {
    register(store, vec![stock(0x20)]).await.unwrap();
    let step = |version, generation, from, to| {
        change(store, Change::MoveKeySet { card: id(0x20), key_set: (version, generation), from, to })
    };
    step(0x31, 1, KeySetState::Derived, KeySetState::Intended).await.unwrap();
    assert_conflict(step(0x31, 1, KeySetState::Derived, KeySetState::Intended).await);
    assert_conflict(step(0x31, 2, KeySetState::Intended, KeySetState::OnCard).await);
    assert_conflict(step(0x31, 1, KeySetState::Intended, KeySetState::Derived).await);
    step(0x31, 1, KeySetState::Intended, KeySetState::OnCard).await.unwrap();
    let next = key_set(0x20, 0x32, 2, KeySetState::Derived);
    change(store, Change::AddKeySet(Box::new(next.clone()))).await.unwrap();
    assert_conflict(change(store, Change::AddKeySet(Box::new(next.clone()))).await);
    let sets = store.key_sets(id(0x20)).await.unwrap();
    assert_eq!(
        sets.iter().map(|set| set.state).collect::<Vec<_>>(),
        [KeySetState::Transport, KeySetState::OnCard, KeySetState::Derived]
    );
    assert_eq!(sets[2], next);
}
