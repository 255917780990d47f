//! The day that a card's validity counts from: a change of a card must not lengthen it.

use cardwright_data_preparation::Date;
use cardwright_issuance::entry::{Entry, Event};
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::row::Order;
use cardwright_issuance::state::{OrderState, State};
use cardwright_relay::Code;

use crate::calendar::day_of;
use crate::center::Center;
use crate::refused::Refused;
use crate::store::{Store, StoreError};

/// What the log says of data that was prepared once more.
pub(super) const PREPARED_AGAIN: &str = "newly prepared data";

/// Today, and for a change of what a card has already, the day on which the card's own data was prepared.
///
/// # Errors
/// The store's own.
pub(super) async fn from<S: Store>(center: &Center<S>, order: &Order) -> Result<Date, Refused> {
    let stays = matches!(order.kind, OrderKind::PersonalData | OrderKind::Pin | OrderKind::UpgradeApplication);
    let prepared = match order.card.filter(|_| stays) {
        Some(card) => {
            let orders = center.store.orders_of_card(card).await?;
            let issued = |order: &&Order| order.state == OrderState::Issued && order.kind.is_new_card();
            match orders.iter().rfind(issued) {
                Some(order) => prepared(&*center.store, order).await?,
                None => return Err(StoreError::Damaged("a card that no order issued".into()).into()),
            }
        }
        None => center.now(),
    };
    day_of(prepared).ok_or_else(|| Refused::with(Code::CLOCK_DIFFERS, ["too many"]))
}

/// When an order's data was prepared: the log tells it.
pub(super) async fn prepared<S: Store>(store: &S, order: &Order) -> Result<i64, Refused> {
    let prepared = OrderState::Prepared.name();
    let mut time = order.entered;
    for leaf in store.leaves_of(order.id).await? {
        let entry: Entry = minicbor::decode(&leaf.entry).map_err(|_| StoreError::Damaged("a log entry".into()))?;
        match &entry.event {
            // A card that was wiped goes back to the data that it was to get: that is no preparation.
            _ if entry.session.is_some() => {}
            Event::OrderMoved { state } if state == prepared => time = entry.time,
            Event::Registered { what, present: true, .. } if what == PREPARED_AGAIN => time = entry.time,
            _ => {}
        }
    }
    Ok(time)
}
