//! Who the host is, and the keys that it knows the center by.

use cardwright_keystore::{KeyId, KeyKind, NewKey, PublishedKeys, Purpose};
use cardwright_relay::Code;
use zeroize::Zeroizing;

use super::line::Line;
use crate::calendar::DAY;
use crate::center::{Center, HOST_SIGNATURE_KEY};
use crate::refused::Refused;
use crate::registry::registered;
use crate::store::{Commit, HostRow, Person, Registration, Store};

/// How long the key before a new one signs as well, microseconds: until the host has the new one.
const OVERLAP: i64 = DAY;

/// A key that the host is to have: shown once, and kept in the keystore alone.
pub struct SharedSecret {
    /// its name in signatures
    pub key: String,
    /// 32 bytes in hexadecimal
    pub hexadecimal: Zeroizing<String>,
}

/// Sets the host, with the first key where there was none; `ca` are certificates that the host's must lead to, PEM.
///
/// # Errors
/// `HOST_REFUSED` with the reason; the store's and the keystore's own.
pub async fn set<S: Store>(
    center: &Center<S>,
    person: &Person,
    url: &str,
    ca: Option<&[u8]>,
) -> Result<Option<SharedSecret>, Refused> {
    let before = center.store.host().await?;
    let mut row = HostRow {
        url: url.to_owned(),
        ca: ca.map(<[u8]>::to_vec),
        key: String::new(),
        previous_key: None,
        previous_until: 0,
    };
    Line::new(&row)?;
    let mut secret = None;
    match before {
        Some(before) => {
            row = HostRow { url: row.url, ca: row.ca, ..before };
        }
        None => {
            let made = new_secret(center)?;
            row.key.clone_from(&made.key);
            secret = Some(made);
        }
    }
    keep(center, person, row, secret.as_ref()).await?;
    Ok(secret)
}

/// A new key. The one before it signs as well for a day, so that the host can take up the new one in between.
///
/// # Errors
/// `HOST_UNKNOWN`; the store's and the keystore's own.
pub async fn rotate_key<S: Store>(center: &Center<S>, person: &Person) -> Result<SharedSecret, Refused> {
    let before = center.store.host().await?.ok_or_else(|| Refused::new(Code::HOST_UNKNOWN))?;
    let secret = new_secret(center)?;
    let previous_until = center.now().saturating_add(OVERLAP);
    let row = HostRow { key: secret.key.clone(), previous_key: Some(before.key.clone()), previous_until, ..before };
    keep(center, person, row, Some(&secret)).await?;
    Ok(secret)
}

/// Without row and log entry there is no new key.
async fn keep<S: Store>(
    center: &Center<S>,
    person: &Person,
    row: HostRow,
    secret: Option<&SharedSecret>,
) -> Result<(), Refused> {
    let mut entries = vec![registered(center.now(), person, "host", &row.url)];
    entries.extend(secret.map(|secret| registered(center.now(), person, "key", &secret.key)));
    let commit = Commit { registrations: vec![Registration::Host(row)], entries, ..Commit::default() };
    let kept = center.store.commit(commit).await;
    if let (Err(_), Some(secret)) = (&kept, secret) {
        center.keystore.destroy(&secret.key.parse::<KeyId>()?)?;
    }
    Ok(kept?)
}

fn new_secret<S>(center: &Center<S>) -> Result<SharedSecret, Refused> {
    let keys = center.keystore.list()?;
    let newest = keys.iter().filter(|key| key.id.name() == HOST_SIGNATURE_KEY).map(|key| key.id.version()).max();
    let id = KeyId::new(HOST_SIGNATURE_KEY, newest.unwrap_or(0) + 1)?;
    let value = Zeroizing::new(center.keystore.random(KeyKind::Hmac256.length())?);
    let new = NewKey { id: id.clone(), kind: KeyKind::Hmac256, purpose: Purpose::Mac, created: center.now() };
    center.keystore.import(&new, &value, None, PublishedKeys::Refused)?;
    Ok(SharedSecret { key: id.to_string(), hexadecimal: Zeroizing::new(hex::encode(&*value)) })
}
