//! Bases: the places where cards are written.

use cardwright_issuance::row::Base;

use super::{checked_name, enter, registered};
use crate::refused::Refused;
use crate::store::{Person, Registration, Store};

/// Adds a base at which readers of at least `reader_tier` (0, 1 or 2) are accepted.
///
/// # Errors
/// `NAME_TAKEN`, `NAME_REFUSED`; the store's own.
pub async fn add<S: Store>(store: &S, now: i64, person: &Person, name: &str, reader_tier: u8) -> Result<(), Refused> {
    checked_name(name)?;
    let base = Base { name: name.to_owned(), reader_tier };
    enter(store, vec![Registration::Base(base)], registered(now, person, "base", name), name).await
}
