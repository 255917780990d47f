//! An event as the host reads it: JSON without personal data.

use cardwright_issuance::Id;
use cardwright_issuance::entry::{Entry, Event};
use cardwright_issuance::row::{Order, Outbox};
use serde::Serialize;

use crate::calendar::day_text;
use crate::center::Center;
use crate::refused::Refused;
use crate::store::{HostEvent, Store, StoreError};

/// The version of this form.
const FORMAT: u8 = 1;

/// An event. `docs/host.md` explains the members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    format: u8,
    /// in hexadecimal; the same whenever it is sent
    pub id: String,
    /// its place among all events
    pub number: i64,
    /// issued, changed, blocked, unblocked, terminated, unknown, lost
    pub kind: String,
    card: Option<String>,
    /// the order's reference
    pub order: String,
    /// when it happened, microseconds since 1970 UTC
    time: i64,
    masked_number: Option<String>,
    sequence_number: Option<u8>,
    /// the last day on which the card is valid
    expiry: Option<String>,
    /// A or B, where something was proven
    grade: Option<String>,
}

impl Told {
    /// What the host is told of `waiting`.
    ///
    /// # Errors
    /// The store's own.
    pub async fn of<S: Store>(center: &Center<S>, waiting: &HostEvent) -> Result<Self, Refused> {
        let Outbox { id, kind, order, card, created } = &waiting.event;
        let missing = || StoreError::Damaged("an event without its order".into());
        let reference = center.store.order(*order).await?.ok_or_else(missing)?.reference;
        let bearer = bearer(&*center.store, *order, *card).await?;
        let number = center.store.number_of(bearer).await?;
        let shown = match card {
            Some(card) => center.store.card(*card).await?.and_then(|card| card.masked_number),
            None => None,
        };
        Ok(Self {
            format: FORMAT,
            id: hex::encode(**id),
            number: waiting.number,
            kind: kind.clone(),
            card: card.map(|card| hex::encode(*card)),
            order: reference,
            time: *created,
            masked_number: number.as_ref().map(|number| number.masked.clone()).or(shown),
            sequence_number: number.map(|number| number.sequence),
            expiry: center.store.expiry_of(bearer).await?.map(day_text),
            grade: grade(&*center.store, &waiting.event).await?,
        })
    }

    /// The bytes that are posted.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("names and numbers can be written as JSON")
    }
}

/// The order that the card came from, which has its number and expiry: not a change's, and not the one of a card that
/// takes its place.
pub(super) async fn bearer<S: Store>(store: &S, order: Id, card: Option<Id>) -> Result<Id, Refused> {
    let Some(card) = card else { return Ok(order) };
    let made_it = |order: Order| order.kind.is_new_card() && order.card == Some(card);
    if store.order(order).await?.is_some_and(made_it) {
        return Ok(order);
    }
    Ok(store.card(card).await?.and_then(|card| card.order).unwrap_or(order))
}

/// The grade of the last proof of the card by the event's order, up to the event; an outcome that is unknown and a card that is lost have none.
async fn grade<S: Store>(store: &S, event: &Outbox) -> Result<Option<String>, Refused> {
    if matches!(event.kind.as_str(), "unknown" | "lost") {
        return Ok(None);
    }
    let leaves = store.leaves_of(event.order).await?;
    let entries = leaves.iter().rev().filter_map(|leaf| minicbor::decode::<Entry>(&leaf.entry).ok());
    let about = |entry: &Entry| entry.card == event.card && entry.time <= event.created;
    let proven = entries.filter(about).find_map(|entry| match entry.event {
        Event::Proven { grade, .. } => Some(grade),
        _ => None,
    });
    Ok(proven)
}
