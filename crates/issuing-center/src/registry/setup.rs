//! A new center: its keys, and the person who comes first.

use cardwright_issuance::entry::{Entry, Event};
use cardwright_keystore::{Error, KeyId, KeyKind, NewKey, Purpose};
use cardwright_relay::Code;

use super::person::{self, Role};
use super::registered;
use crate::authority::{Authority, CERTIFICATE_SETTING};
use crate::center::{
    AUTHORITY_KEY, CARD_KEY_POOL_KEY, CARD_STORAGE_KEY, Center, ISSUER_MASTER_KEY, READER_LIST_KEY, SEARCH_KEY,
};
use crate::refused::Refused;
use crate::store::{Commit, Person, Registration, Store};

/// The keys that every center has, version 1 each.
const KEYS: [(&str, KeyKind, Purpose); 6] = [
    (CARD_STORAGE_KEY, KeyKind::Aes256, Purpose::Wrap),
    (ISSUER_MASTER_KEY, KeyKind::Aes256, Purpose::Derive),
    (CARD_KEY_POOL_KEY, KeyKind::Aes256, Purpose::Wrap),
    (SEARCH_KEY, KeyKind::Hmac256, Purpose::Mac),
    (AUTHORITY_KEY, KeyKind::P256, Purpose::Sign),
    (READER_LIST_KEY, KeyKind::P256, Purpose::Sign),
];

/// Makes the keys in an empty keystore and enters the first person, an admin, in an empty database.
///
/// # Errors
/// Those of [`person::new`]; the store's and the keystore's own.
pub async fn set_up<S: Store>(center: &Center<S>, admin: &str, secret: &[u8]) -> Result<Person, Refused> {
    let person = person::new(admin, &[Role::Admin], secret)?;
    let now = center.now();
    for (name, kind, purpose) in KEYS {
        match center.keystore.generate(&NewKey { id: KeyId::new(name, 1)?, kind, purpose, created: now }) {
            Ok(_) | Err(Error::KeyExists(_)) => {} // made before a crash
            Err(other) => return Err(other.into()),
        }
    }
    let certificate = Authority::create(&center.keystore, now).map_err(|error| {
        tracing::error!(%error, "the authority cannot be made");
        Refused::new(Code::KEYSTORE_UNAVAILABLE)
    })?;
    let registrations = vec![
        Registration::Person(person.clone()),
        Registration::Setting { name: CERTIFICATE_SETTING.to_owned(), value: certificate },
    ];
    let mut entries = vec![Entry::new(now, Event::CenterCreated), registered(now, &person, "person", admin)];
    entries.extend(KEYS.map(|(name, ..)| registered(now, &person, "key", &format!("{name}.1"))));
    center.store.commit(Commit { registrations, entries, ..Commit::default() }).await?;
    Ok(person)
}
