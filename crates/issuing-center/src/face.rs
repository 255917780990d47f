//! The face of an order's card: what will be printed, or is, as a picture from the prepared data.
//!
//! It is drawn anew for each look and kept nowhere. No terminal asks for it: nothing of it reaches a base but over the
//! API, as the profile lets a base see it.

use cardwright_data_preparation::{FaceView, face_picture};
use cardwright_issuance::entry::{Entry, Event};
use cardwright_issuance::row::Order;
use cardwright_relay::Code;
use zeroize::Zeroizing;

use crate::center::Center;
use crate::refused::Refused;
use crate::sealing;
use crate::store::{Commit, Person, Store};

/// What a base may see of the face of the card that `reference` orders: an SVG document.
///
/// # Errors
/// `ORDER_UNKNOWN`; `ORDER_NOT_PREPARED` where there is no data yet; the store's and the keystore's own.
pub async fn at_base<S: Store>(center: &Center<S>, reference: &str) -> Result<Zeroizing<String>, Refused> {
    let order = order(center, reference).await?;
    drawn(center, &order, FaceView::AtBase).await
}

/// Everything on the face of the card that `reference` orders: an SVG document. The log says that `person` saw it
/// before they do.
///
/// # Errors
/// As [`at_base`].
pub async fn whole<S: Store>(
    center: &Center<S>,
    person: &Person,
    reference: &str,
) -> Result<Zeroizing<String>, Refused> {
    let order = order(center, reference).await?;
    let picture = drawn(center, &order, FaceView::Whole).await?;
    let (order, person) = (Some(order.id), Some(person.id));
    let entry = Entry { order, person, ..Entry::new(center.now(), Event::FaceSeen) };
    center.store.commit(Commit { entries: vec![entry], ..Commit::default() }).await?;
    Ok(picture)
}

async fn order<S: Store>(center: &Center<S>, reference: &str) -> Result<Order, Refused> {
    let found = center.store.order_by_reference(reference).await?;
    found.ok_or_else(|| Refused::with(Code::ORDER_UNKNOWN, [reference]))
}

async fn drawn<S: Store>(center: &Center<S>, order: &Order, view: FaceView) -> Result<Zeroizing<String>, Refused> {
    match sealing::open_prepared(center, order.id).await {
        Ok(data) => Ok(face_picture(&data.face, view)),
        Err(refused) if refused.code == Code::ORDER_NOT_PREPARED => {
            Err(Refused::with(refused.code, [order.reference.as_str()]))
        }
        Err(refused) => Err(refused),
    }
}
