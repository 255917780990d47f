//! The issuer's host is told what happens to cards, and gets what it needs to know of them. `docs/host.md` is the
//! reference for who builds that host.
//!
//! An event is written in the commit of what it tells, waits in the outbox, and is posted, signed, until the host has
//! taken it: at least once, and never before an earlier one about the same card. Where no host is set, events wait and
//! nothing else does.

mod address;
pub mod delivery;
mod event;
pub mod issuance_data;
mod line;
mod pin;
mod setting;
mod signature;
mod standing;

use cardwright_issuance::Id;

use crate::center::Center;
use crate::refused::Refused;
use crate::store::Store;

pub use event::Told;
pub use issuance_data::{Page, Record};
pub use pin::{PinBlock, PinRecord};
pub use setting::{SharedSecret, rotate_key, set};
pub use standing::Standing;

/// Whether the host has taken every event of `kind` about `card` that there is; true where no host is set.
///
/// # Errors
/// The store's own.
pub async fn is_told<S: Store>(center: &Center<S>, card: Id, kind: &str) -> Result<bool, Refused> {
    if center.store.host().await?.is_none() {
        return Ok(true);
    }
    Ok(!center.store.has_event_waiting(card, kind).await?)
}
