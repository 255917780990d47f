//! Who calls: a person's name and secret by HTTP Basic (RFC 7617), with a bound on wrong tries.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, HeaderMap};
use base64ct::{Base64, Encoding};
use cardwright_relay::Code;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::answer::Refusal;
use crate::center::Center;
use crate::rate::{Bucket, Rate};
use crate::refused::Refused;
use crate::registry::person::{self, Role};
use crate::store::{Person, Store};

/// Secrets that are compared at a time: each takes 19 MiB and a core for a moment.
const COMPARISONS: usize = 2;
/// Wrong tries of one address: so many at once, then one each six seconds.
const TRIES: Rate = Rate { burst: 10, every: 6_000_000 };
/// Wrong tries of all.
const ALL_TRIES: Rate = Rate { burst: 200, every: 1_000_000 };
/// Addresses that are remembered.
const MOST_ADDRESSES: usize = 4_096;

/// Asks for names and secrets.
pub(super) struct Credentials<S> {
    center: Center<S>,
    comparisons: Semaphore,
    tries: Mutex<Tries>,
}

struct Tries {
    all: Bucket,
    addresses: BTreeMap<IpAddr, Bucket>,
}

impl<S: Store + 'static> Credentials<S> {
    pub(super) fn new(center: Center<S>) -> Self {
        let all = Bucket::full(ALL_TRIES, center.now());
        let tries = Mutex::new(Tries { all, addresses: BTreeMap::new() });
        Self { center, comparisons: Semaphore::new(COMPARISONS), tries }
    }

    /// The person who calls, if they have one of `roles`. Refusals are in the log.
    pub(super) async fn person(&self, headers: &HeaderMap, from: IpAddr, roles: &[Role]) -> Result<Person, Refusal> {
        let (name, secret) = basic(headers).ok_or_else(|| Refused::new(Code::PERSON_REFUSED))?;
        let comparison = self.comparisons.acquire().await.map_err(|_| Refused::new(Code::STORE_UNAVAILABLE))?;
        if !self.may_try(from) {
            return Err(Refusal::too_many_tries());
        }
        let (center, roles) = (self.center.clone(), roles.to_vec());
        let compared = tokio::task::spawn_blocking(move || {
            let now = center.now();
            Handle::current().block_on(person::authenticate(&*center.store, now, &name, secret.as_bytes(), &roles))
        });
        let person = compared.await.map_err(|_| Refused::new(Code::STORE_UNAVAILABLE))?;
        drop(comparison);
        if person.is_ok() {
            self.was_right(from);
        }
        Ok(person?)
    }

    /// Counts a try; it is given back where it was right.
    fn may_try(&self, from: IpAddr) -> bool {
        let now = self.center.now();
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let Tries { all, addresses } = &mut *tries;
        if addresses.len() >= MOST_ADDRESSES {
            addresses.retain(|_, bucket| !bucket.is_full(TRIES, now));
        }
        if addresses.len() >= MOST_ADDRESSES && !addresses.contains_key(&from) {
            return false;
        }
        let bucket = addresses.entry(from).or_insert_with(|| Bucket::full(TRIES, now));
        bucket.take(TRIES, now, 1) && all.take(ALL_TRIES, now, 1)
    }

    fn was_right(&self, from: IpAddr) {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        tries.all.give_back(ALL_TRIES);
        if let Some(bucket) = tries.addresses.get_mut(&from) {
            bucket.give_back(TRIES);
        }
    }
}

/// Name and secret (RFC 7617 §2).
fn basic(headers: &HeaderMap) -> Option<(String, Zeroizing<String>)> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = Zeroizing::new(Base64::decode_vec(encoded.trim()).ok()?);
    let (name, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((name.to_owned(), Zeroizing::new(secret.to_owned())))
}

/// The caller's Idempotency-Key: 1 to 128 visible ASCII characters.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<String, Refusal> {
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if (1..=128).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(key.to_owned());
    }
    let next = "Send one of 1 to 128 visible ASCII characters with each new order, and the same one to repeat it.";
    Err(Refusal::wrong_use(StatusCode::BAD_REQUEST, "The header Idempotency-Key is missing or malformed.", next))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())])
    }

    #[test]
    fn name_and_secret_are_read_and_the_secret_may_hold_colons() {
        let value = format!("basic {}", Base64::encode_string("olga:a:b ü".as_bytes()));
        let (name, secret) = basic(&with(&value)).unwrap();
        assert_eq!((name.as_str(), secret.as_str()), ("olga", "a:b ü"));
        for wrong in ["Basic", "Basic b2xnYQ==", "Bearer b2xnYTph", "Basic ==", "Basic b2xnYTph!"] {
            assert!(basic(&with(wrong)).is_none(), "{wrong}");
        }
        assert!(basic(&HeaderMap::new()).is_none());
    }
}
