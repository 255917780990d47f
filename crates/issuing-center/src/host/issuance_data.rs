//! What the host needs to know of the cards it answers for: number, sequence number, expiry, and the PIN as a block
//! under a zone key of the host's, or its verification value.
//!
//! This is the one way on which a whole card number leaves the center. Each record that leaves is in the log.

use cardwright_data_preparation::emv::Pan;
use cardwright_issuance::entry::{Entry, Event};
use cardwright_issuance::state::{CardState, State};
use cardwright_keystore::KeyInfo;
use cardwright_relay::Code;
use serde::{Serialize, Serializer};
use zeroize::Zeroizing;

use super::event::bearer;
use super::pin::{self, PinRecord};
use crate::calendar::day_text;
use crate::center::Center;
use crate::numbers;
use crate::refused::Refused;
use crate::registry::key;
use crate::store::{Commit, HostEvent, Person, Store, StoreError};

/// The most events that one page goes through.
pub const PAGE: u32 = 200;

/// What the host needs to know of one card. It holds a whole card number: neither printable nor copyable.
#[derive(Serialize)]
pub struct Record {
    /// the event that it goes with, in hexadecimal
    pub event: String,
    /// issued, or changed
    pub kind: String,
    /// the order's reference
    pub order: String,
    /// the card, in hexadecimal
    pub card: Option<String>,
    /// live, blocked, …: how the card stands now
    pub state: Option<&'static str>,
    /// all digits
    #[serde(serialize_with = "in_clear")]
    pub number: Zeroizing<String>,
    /// which of the cards of the number it is
    pub sequence_number: u8,
    /// the last day on which the card is valid
    pub expiry: Option<String>,
    /// where the order brought a PIN, or had one made
    pub pin: Option<PinRecord>,
}

/// Records of some events, once `commit` is committed.
pub struct Page {
    /// one for each card with a number that was issued or changed
    pub records: Vec<Record>,
    /// the last event that was gone through, in hexadecimal: where the next page begins
    pub next: Option<String>,
    /// whether there are events after it
    pub more: bool,
    /// what the log tells of it
    pub commit: Commit,
}

fn in_clear<S: Serializer>(number: &Zeroizing<String>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(number)
}

/// The records after the event `after`, in the order of events; with PIN blocks under the zone key `zone_key`.
///
/// # Errors
/// `EVENT_UNKNOWN`, `KEY_UNKNOWN`, `KEY_REFUSED` where the key is for something else; the store's and the keystore's
/// own.
pub async fn page<S: Store>(
    center: &Center<S>,
    person: &Person,
    after: Option<&str>,
    zone_key: Option<&str>,
) -> Result<Page, Refused> {
    let zone = zone_key.map(|name| zone(center, name)).transpose()?;
    let start = match after {
        Some(event) => number_of(&*center.store, event).await?,
        None => 0,
    };
    let events = center.store.events_after(start, PAGE).await?;
    let next = events.last().map(|last| hex::encode(*last.event.id));
    let mut page = Page { records: Vec::new(), next, more: events.len() == PAGE as usize, commit: Commit::default() };
    for event in events.iter().filter(|event| matches!(event.event.kind.as_str(), "issued" | "changed")) {
        let Some(record) = record(center, event, zone.as_ref()).await? else { continue };
        let what = Event::Registered { what: "card for the host".into(), name: record.event.clone(), present: true };
        let entry = Entry::new(center.now(), what);
        let (order, card, person) = (Some(event.event.order), event.event.card, Some(person.id));
        page.commit.entries.push(Entry { order, card, person, ..entry });
        page.records.push(record);
    }
    Ok(page)
}

async fn number_of<S: Store>(store: &S, event: &str) -> Result<i64, Refused> {
    let unknown = || Refused::with(Code::EVENT_UNKNOWN, [event]);
    let id: [u8; 16] = hex::decode(event).ok().and_then(|bytes| bytes.try_into().ok()).ok_or_else(unknown)?;
    Ok(store.event(id.into()).await?.ok_or_else(unknown)?.number)
}

fn zone<S>(center: &Center<S>, name: &str) -> Result<KeyInfo, Refused> {
    let info = key::find(center, name)?;
    pin::may_carry(&info)?;
    Ok(info)
}

/// The record of one event; none where the card has no number that is given once.
async fn record<S: Store>(
    center: &Center<S>,
    event: &HostEvent,
    zone: Option<&KeyInfo>,
) -> Result<Option<Record>, Refused> {
    let missing = || StoreError::Damaged("an event without its order".into());
    let (store, happened) = (&*center.store, &event.event);
    let bearer = bearer(store, happened.order, happened.card).await?;
    let Some(row) = store.number_of(bearer).await? else { return Ok(None) };
    let sealed = store.sealed_order(bearer).await?.ok_or_else(missing)?;
    let number = numbers::open(&*center.keystore, &row, &sealed)?;
    let order = store.order(happened.order).await?.ok_or_else(missing)?;
    let pan = Pan::new(number.as_bytes());
    let pin = match &pan {
        Some(pan) => pin::record(center, &order, pan, zone).await?,
        None => None,
    };
    let card = match happened.card {
        Some(card) => store.card(card).await?,
        None => None,
    };
    Ok(Some(Record {
        event: hex::encode(*happened.id),
        kind: happened.kind.clone(),
        order: order.reference,
        card: happened.card.map(|card| hex::encode(*card)),
        state: card.map(|card| CardState::name(card.state)),
        number,
        sequence_number: row.sequence,
        expiry: store.expiry_of(bearer).await?.map(day_text),
        pin,
    }))
}
