//! The pool of cards' RSA keys: made ahead, sealed, each used for one card.
//!
//! Making one takes a tenth of a second and more. That is done by [`worker`] beside the running center, or by a
//! command, one key at a time, and never while a card or a person waits. A key is taken in the commit that prepares an
//! order, and is deleted by it: whatever dies, no key is on two cards.

pub mod worker;

use std::collections::BTreeSet;

use cardwright_data_preparation::Profile;
use cardwright_issuance::Id;
use cardwright_keystore::{
    Error, KeyId, KeyRef, Keystore, NewSealedRsa, RsaComponents, RsaExponent, RsaSize, SealedRsa,
};
use cardwright_relay::Code;

use crate::center::{CARD_KEY_POOL_KEY, Center};
use crate::refused::Refused;
use crate::registry::{random_id, registered};
use crate::store::{Commit, Person, PoolKey, PoolLevel, Registration, Store, StoreError};

/// To which level the pool is filled, and below which it warns, for each size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Levels {
    /// so many keys are made ahead
    pub full: u32,
    /// with fewer the center warns
    pub low: u32,
}

impl Default for Levels {
    fn default() -> Self {
        Self { full: 100, low: 20 }
    }
}

/// How one size stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// the size
    pub size: RsaSize,
    /// keys that are left
    pub keys: u32,
    /// whether a profile that is here asks for this size
    pub wanted: bool,
}

/// Where a pool key's private parts belong: what they are sealed with.
fn place(id: Id, size: RsaSize) -> Vec<u8> {
    minicbor::to_vec(("cardwright pool key 1", id, size.bits(), exponent_number(size.exponent())))
        .expect("encoding into a Vec cannot fail: there is no writer that could")
}

/// The exponent as rows have it.
#[must_use]
pub fn exponent_number(exponent: RsaExponent) -> u32 {
    match exponent {
        RsaExponent::Three => 3,
        RsaExponent::F4 => 65_537,
    }
}

/// The exponent of a row or a command line: 3 or 65537.
#[must_use]
pub fn exponent_of(number: u32) -> Option<RsaExponent> {
    [RsaExponent::Three, RsaExponent::F4].into_iter().find(|known| exponent_number(*known) == number)
}

fn sealing_key() -> Result<KeyRef, Error> {
    Ok(KeyRef::Named(KeyId::new(CARD_KEY_POOL_KEY, 1)?))
}

/// The sizes that the newest texts of all profiles ask for.
///
/// # Errors
/// The store's own.
pub async fn wanted<S: Store>(store: &S) -> Result<BTreeSet<RsaSize>, StoreError> {
    let profiles = store.profiles().await?;
    let profiles = profiles.iter().filter_map(|document| Profile::parse(&document.text).ok());
    Ok(profiles.flat_map(|profile| profile.card_keys()).collect())
}

/// How every size stands that is in the pool or wanted.
///
/// # Errors
/// The store's own.
pub async fn standing<S: Store>(store: &S) -> Result<Vec<Standing>, StoreError> {
    let (wanted, levels) = (wanted(store).await?, store.pool_levels().await?);
    let size = |level: &PoolLevel| RsaSize::new(level.bits, exponent_of(level.exponent)?).ok();
    let kept = levels.iter().filter_map(|level| Some((size(level)?, level.keys))).collect::<Vec<_>>();
    let sizes: BTreeSet<_> = wanted.iter().copied().chain(kept.iter().map(|(size, _)| *size)).collect();
    let of = |size| kept.iter().find(|(known, _)| *known == size).map_or(0, |(_, keys)| *keys);
    Ok(sizes.into_iter().map(|size| Standing { size, keys: of(size), wanted: wanted.contains(&size) }).collect())
}

/// Makes one key and puts it into the pool. The key is made on a thread where it keeps nobody waiting.
///
/// # Errors
/// The store's and the keystore's own.
pub async fn add<S: Store>(center: &Center<S>, size: RsaSize) -> Result<(), Refused> {
    let id = random_id()?;
    let keystore = std::sync::Arc::clone(&center.keystore);
    let made = tokio::task::spawn_blocking(move || generate(&*keystore, id, size)).await;
    let SealedRsa { public, sealed } = made.map_err(|_| Refused::new(Code::KEYSTORE_UNAVAILABLE))??;
    let (bits, exponent) = (size.bits(), exponent_number(size.exponent()));
    let key = PoolKey { id, bits, exponent, modulus: public.modulus, sealed, made: center.now() };
    let commit = Commit { registrations: vec![Registration::PoolKey(key)], ..Commit::default() };
    Ok(center.store.commit(commit).await?)
}

fn generate(keystore: &dyn Keystore, id: Id, size: RsaSize) -> Result<SealedRsa, Error> {
    let new = NewSealedRsa { under: &sealing_key()?, associated_data: &place(id, size), size };
    let made = keystore.rsa_generate_sealed_batch(&[new])?;
    made.into_iter().next().ok_or_else(|| Error::Unavailable("no key for one that was asked for".into()))
}

/// The private parts of a key of the pool.
///
/// # Errors
/// `NotAuthentic` where they were sealed for another row; the keystore's own.
pub fn open(keystore: &dyn Keystore, key: &PoolKey) -> Result<RsaComponents, Error> {
    let exponent = exponent_of(key.exponent).ok_or(Error::NotAuthentic)?;
    let size = RsaSize::new(key.bits, exponent)?;
    let clear = keystore.decrypt(&sealing_key()?, &place(key.id, size), &key.sealed)?;
    let parts = RsaComponents::from_bytes(&clear)?;
    if parts.n == key.modulus { Ok(parts) } else { Err(Error::NotAuthentic) }
}

/// Keys that one commit takes: each once.
#[derive(Debug, Default)]
pub struct Taking {
    taken: BTreeSet<Id>,
}

impl Taking {
    /// A key of `size` that this commit has not taken yet, and what takes it out of the pool.
    ///
    /// # Errors
    /// `POOL_EMPTY` with the size; the store's and the keystore's own.
    pub async fn take<S: Store>(
        &mut self,
        center: &Center<S>,
        size: RsaSize,
    ) -> Result<(RsaComponents, Registration), Refused> {
        let most = u32::try_from(self.taken.len() + 1).unwrap_or(u32::MAX);
        let keys = center.store.pool_keys(size.bits(), exponent_number(size.exponent()), most).await?;
        let free = keys.into_iter().find(|key| !self.taken.contains(&key.id));
        let key = free.ok_or_else(|| Refused::with(Code::POOL_EMPTY, [size.to_string()]))?;
        self.taken.insert(key.id);
        Ok((open(&*center.keystore, &key)?, Registration::TakePoolKey(key.id)))
    }
}

/// Tells the log that a person had so many keys made.
///
/// # Errors
/// The store's own.
pub async fn filled<S: Store>(center: &Center<S>, person: &Person, made: u32) -> Result<(), Refused> {
    if made == 0 {
        return Ok(());
    }
    let entries = vec![registered(center.now(), person, "pool keys", &made.to_string())];
    Ok(center.store.commit(Commit { entries, ..Commit::default() }).await?)
}
