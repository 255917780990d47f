//! Keys that come from elsewhere: the batch keys of card makers, entered at a ceremony.

use cardwright_keystore::{Error, Kcv, KeyId, KeyInfo, KeyKind, NewKey, PublishedKeys, Purpose};
use cardwright_relay::Code;

use super::registered;
use crate::center::Center;
use crate::refused::Refused;
use crate::store::{Commit, Person, Registration, Store};

/// A key as a ceremony enters it. The caller wipes the value.
pub struct NewMaster<'a> {
    /// its name; the version is the next one
    pub name: &'a str,
    /// what it is
    pub kind: KeyKind,
    /// its value
    pub value: &'a [u8],
    /// the check value on the ceremony's papers
    pub expected: Kcv,
    /// whether a published test key is taken: for card products that say so, as their transport keys alone
    pub published: PublishedKeys,
}

/// The setting that marks a key whose value is published.
fn published_setting(key: &KeyId) -> String {
    format!("published-key/{key}")
}

/// Takes a master key in, from which card keys are derived and nothing else.
///
/// # Errors
/// `KEY_REFUSED` with the reason (another check value, another length), `PUBLISHED_KEY`; the store's and the
/// keystore's own. Where the log cannot be written, the key is not kept.
pub async fn import<S: Store>(center: &Center<S>, person: &Person, new: &NewMaster<'_>) -> Result<KeyInfo, Refused> {
    let keystore = &*center.keystore;
    let refused = |reason: String| Refused::with(Code::KEY_REFUSED, [new.name.to_owned(), reason]);
    let version = next_version(center, new.name)?;
    let id = KeyId::new(new.name, version).map_err(|error| refused(error.to_string()))?;
    let row = NewKey { id: id.clone(), kind: new.kind, purpose: Purpose::Derive, created: center.now() };
    let info = keystore.import(&row, new.value, Some(new.expected), new.published).map_err(|error| match error {
        Error::PublishedKey => Refused::with(Code::PUBLISHED_KEY, [new.name]),
        Error::Name(_) | Error::KeyExists(_) | Error::Unsuitable { .. } => refused(error.to_string()),
        Error::Length { .. } | Error::KeyValue(_) | Error::KcvMismatch { .. } => refused(error.to_string()),
        other => other.into(),
    })?;
    let mut registrations = Vec::new();
    if cardwright_keystore::published::is_published(new.kind, new.value, Some(new.expected)) {
        registrations.push(Registration::Setting { name: published_setting(&id), value: vec![1] });
    }
    let entries = vec![registered(center.now(), person, "key", &id.to_string())];
    if let Err(error) = center.store.commit(Commit { registrations, entries, ..Commit::default() }).await {
        keystore.destroy(&id)?;
        return Err(error.into());
    }
    Ok(info)
}

fn next_version<S>(center: &Center<S>, name: &str) -> Result<u32, Refused> {
    let keys = center.keystore.list()?;
    Ok(keys.iter().filter(|key| key.id.name() == name).map(|key| key.id.version()).max().unwrap_or(0) + 1)
}

/// The key called `name`: `name.version`, or the newest of that name.
///
/// # Errors
/// `KEY_UNKNOWN`; the keystore's own.
pub fn find<S>(center: &Center<S>, name: &str) -> Result<KeyInfo, Refused> {
    let keys = center.keystore.list()?;
    let fits = |key: &&KeyInfo| key.id.name() == name || key.id.to_string() == name;
    let newest = keys.iter().filter(fits).max_by_key(|key| key.id.version()).cloned();
    newest.ok_or_else(|| Refused::with(Code::KEY_UNKNOWN, [name]))
}

/// Whether the key's value is published.
///
/// # Errors
/// The store's.
pub async fn is_published<S: Store>(store: &S, key: &KeyId) -> Result<bool, Refused> {
    Ok(store.setting(&published_setting(key)).await?.is_some())
}
