//! What waits for a card that is in use: its prepared changes, to be offered when the card is seen.

use cardwright_issuance::Id;
use cardwright_issuance::row::Order;
use cardwright_issuance::state::OrderState;

use crate::store::{Store, StoreError};

/// The prepared changes of a card, oldest first: what is offered next is the first of them.
///
/// # Errors
/// The store's own.
pub async fn next_change<S: Store>(store: &S, card: Id) -> Result<Vec<Order>, StoreError> {
    let waits = |order: &Order| !order.kind.is_new_card() && order.state == OrderState::Prepared;
    Ok(store.orders_of_card(card).await?.into_iter().filter(waits).collect())
}
