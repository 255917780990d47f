//! Data that is carried over: an application that comes in another version, or beside others, gets what the card's own
//! orders brought, as long as that is kept.
//!
//! An order that carries over holds no data of its own. It is looked up when the order is prepared, and where the card's
//! data was changed after that, once more when the order is carried out: nothing that was changed meanwhile is changed
//! back.

use cardwright_data_preparation::{Error as DataError, OrderFields, Profile};
use cardwright_issuance::entry::{Entry, Event};
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::row::{Issuance, Order};
use cardwright_issuance::state::{IssuanceState, OrderState};
use cardwright_keystore::Error as KeystoreError;
use cardwright_relay::Code;

use super::approval::TRIES;
use super::preparation::Preparation;
use super::subject::Subject;
use super::validity::{PREPARED_AGAIN, prepared};
use crate::center::Center;
use crate::refused::Refused;
use crate::sealing;
use crate::store::{Commit, Registration, SealedOrder, Store, StoreError};

/// Whether an order of this kind that brings no data gets the card's own.
pub(crate) fn may_be(kind: OrderKind) -> bool {
    matches!(kind, OrderKind::AddApplication | OrderKind::UpgradeApplication)
}

/// The fields that an order is prepared by: what it brought, or what it carries over.
///
/// # Errors
/// `DATA_REFUSED` where what it would carry over is not kept any more; the store's and the keystore's own.
pub(crate) async fn fields_of<S: Store>(
    center: &Center<S>,
    order: &Order,
    sealed: &SealedOrder,
    profile: &Profile,
) -> Result<OrderFields, Refused> {
    let brought = sealing::open_fields(&*center.keystore, order.id, sealed)??;
    let nothing = OrderFields::none(profile).to_bytes();
    if !may_be(order.kind) || *brought != *nothing {
        return OrderFields::reopen(profile, &brought).map_err(sealing::field_refused);
    }
    let card = order.card.ok_or_else(|| StoreError::Damaged("an order about no card".into()))?;
    let subject = Subject::of(&*center.store, card).await?;
    let gone = ["the order", "the card's own data is not kept any more", "enter it anew, with the profile's fields"];
    fields(center, &subject, profile).await?.ok_or_else(|| Refused::with(Code::DATA_REFUSED, gone))
}

/// Prepares an order that carries data over once more, where the card's data was changed after it was prepared. `before`
/// are the card's issuances.
///
/// # Errors
/// As [`fields_of`]; what preparation says; `CHANGED_MEANWHILE`.
pub(crate) async fn bring_up_to_date<S: Store>(
    center: &Center<S>,
    order: &Order,
    before: &[Issuance],
) -> Result<(), Refused> {
    let (Some(card), true) = (order.card, may_be(order.kind)) else { return Ok(()) };
    let data = |id| move |other: &&Order| other.id == id && other.kind.has_data();
    let orders = center.store.orders_of_card(card).await?;
    let changed = before.iter().filter(|issuance| issuance.state == IssuanceState::Issued);
    let changed = changed.filter(|issuance| orders.iter().find(data(issuance.order)).is_some());
    let Some(last) = changed.map(|issuance| issuance.opened).max() else { return Ok(()) };
    if prepared(&*center.store, order).await? > last {
        return Ok(());
    }
    prepare_again(center, order).await
}

async fn prepare_again<S: Store>(center: &Center<S>, order: &Order) -> Result<(), Refused> {
    for _ in 0..TRIES {
        let made = Preparation::default().make(center, order).await?;
        let mut registrations = vec![Registration::CarriedAgain(order.id, made.sealed)];
        registrations.extend(made.registrations);
        let event = Event::Registered { what: PREPARED_AGAIN.to_owned(), name: order.reference.clone(), present: true };
        let entries = vec![Entry { order: Some(order.id), card: order.card, ..Entry::new(center.now(), event) }];
        match center.store.commit(Commit { registrations, entries, ..Commit::default() }).await {
            Err(StoreError::Conflict(reason)) => tracing::debug!(reason, "somebody else was first"),
            other => return Ok(other?),
        }
    }
    Err(Refused::new(Code::CHANGED_MEANWHILE))
}

/// The fields of `profile` out of the orders that the card carries, the newest value of each; `None` where one that
/// must be there was destroyed, or never came.
///
/// # Errors
/// The store's and the keystore's own.
pub(crate) async fn fields<S: Store>(
    center: &Center<S>,
    subject: &Subject,
    profile: &Profile,
) -> Result<Option<OrderFields>, Refused> {
    let own = subject.orders.iter().rev().filter(|order| {
        order.card == Some(subject.card.id) && order.state == OrderState::Issued && order.kind.has_data()
    });
    let mut before = Vec::new();
    for order in own {
        let Some(sealed) = center.store.sealed_order(order.id).await? else { continue };
        match sealing::open_fields(&*center.keystore, order.id, &sealed) {
            Ok(fields) => before.push(fields?),
            Err(KeystoreError::UnknownKey(_)) => {} // destroyed on its day
            Err(other) => return Err(other.into()),
        }
    }
    let before: Vec<&[u8]> = before.iter().map(|fields| fields.as_slice()).collect();
    match OrderFields::carried(profile, &before) {
        Ok(fields) => Ok(Some(fields)),
        Err(DataError::Order(_)) => Ok(None),
        Err(other) => Err(sealing::field_refused(other)),
    }
}
