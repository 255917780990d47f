//! Data that is carried over: an application that comes in another version, or beside others, gets what the card's own
//! orders brought, as long as that is kept.

use cardwright_data_preparation::{Error as DataError, OrderFields, Profile};
use cardwright_issuance::state::OrderState;
use cardwright_keystore::Error as KeystoreError;

use super::subject::Subject;
use crate::center::Center;
use crate::refused::Refused;
use crate::sealing;
use crate::store::Store;

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
