//! What people enter: themselves, bases, card products, profiles, programs, keys, stock. Each is one commit with its log entry.

pub mod base;
pub mod document;
mod issuer_keys;
pub mod key;
pub mod person;
pub mod program;
pub mod setup;
mod shipment;
pub mod stock;

use cardwright_issuance::Id;
use cardwright_issuance::entry::{Entry, Event};
use cardwright_relay::Code;

use crate::file_fault::FileRefused;
use crate::refused::Refused;
use crate::store::{Commit, Person, Registration, Store, StoreError};

/// Sixteen random bytes.
///
/// # Errors
/// `KEYSTORE_UNAVAILABLE` where the machine has no randomness.
pub fn random_id() -> Result<Id, Refused> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Refused::new(Code::KEYSTORE_UNAVAILABLE))?;
    Ok(bytes.into())
}

/// Puts what was refused to `person` into the log, and hands it on. What the machine or the store could not do is no
/// refusal.
///
/// # Errors
/// What `result` holds; the store's own.
pub async fn told<S: Store, T, E: Refusing>(
    store: &S,
    now: i64,
    person: &Person,
    result: Result<T, E>,
) -> Result<T, E> {
    if let Some(Refused { code, parameters }) = result.as_ref().err().map(Refusing::refused).filter(is_a_refusal) {
        let entry = Entry { person: Some(person.id), ..Entry::new(now, Event::Refused { code: code.0, parameters }) };
        store.commit(Commit { entries: vec![entry], ..Commit::default() }).await.map_err(Refused::from)?;
    }
    result
}

/// An error that says what was refused.
pub trait Refusing: From<Refused> {
    /// The refusal, or the first of several.
    fn refused(&self) -> Refused;
}

impl Refusing for Refused {
    fn refused(&self) -> Refused {
        self.clone()
    }
}

impl Refusing for FileRefused {
    fn refused(&self) -> Refused {
        self.first()
    }
}

pub(crate) fn is_a_refusal(refused: &Refused) -> bool {
    refused.code < Code(5_000) && !matches!(refused.code, Code::KEYSTORE_UNAVAILABLE | Code::KEYSTORE_BUSY)
}

/// The name as people may give it: 1 to 64 letters, digits, `-`, `_`, `.`, and spaces inside.
pub(crate) fn checked_name(name: &str) -> Result<(), Refused> {
    let letter = |sign: char| sign.is_alphanumeric() || matches!(sign, '-' | '_' | '.' | ' ');
    let fits = (1..=64).contains(&name.chars().count()) && name.chars().all(letter) && name.trim() == name;
    if fits { Ok(()) } else { Err(Refused::with(Code::NAME_REFUSED, [name])) }
}

/// The entry that tells of a registration by `person`.
pub(crate) fn registered(now: i64, person: &Person, what: &str, name: &str) -> Entry {
    let event = Event::Registered { what: what.to_owned(), name: name.to_owned(), present: true };
    Entry { person: Some(person.id), ..Entry::new(now, event) }
}

/// Commits rows that bear a name that must be free.
async fn enter<S: Store>(store: &S, registrations: Vec<Registration>, entry: Entry, name: &str) -> Result<(), Refused> {
    match store.commit(Commit { registrations, entries: vec![entry], ..Commit::default() }).await {
        Err(StoreError::Conflict(_)) => Err(Refused::with(Code::NAME_TAKEN, [name])),
        other => Ok(other?),
    }
}
