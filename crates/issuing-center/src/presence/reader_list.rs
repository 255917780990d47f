//! The reader/writer database as a terminal gets it: the readers of its base, signed, with a version and an end.
//!
//! A version is the time of signing in microseconds, and higher than the one before even where the clock went back:
//! lists of all nodes are in one order, and nothing need be stored.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use cardwright_issuance::row::Reader;
use cardwright_keystore::KeyId;
use cardwright_relay::CENTER_NAME;
use cardwright_relay::reader::{ReaderEntry, ReaderList, SignedReaderList, Tier};

use crate::center::{Center, READER_LIST_KEY};
use crate::refused::Refused;
use crate::store::Store;

/// How long a list may be worked with, microseconds.
pub const READER_LIST_LIFE: i64 = 24 * 3_600 * 1_000_000;
/// A list is signed anew when half of its life is over.
const RENEW_AFTER: i64 = READER_LIST_LIFE / 2;

/// A list as it was signed.
pub(super) struct SignedList {
    version: u64,
    issued: i64,
    readers: Vec<ReaderEntry>,
    /// what WELCOME and WORK carry
    pub(super) signed: Vec<u8>,
}

/// The newest list of each base, signed when something has changed.
pub(super) struct ReaderLists<S> {
    center: Center<S>,
    newest: Mutex<BTreeMap<String, Arc<SignedList>>>,
}

impl<S: Store> ReaderLists<S> {
    pub(super) fn new(center: Center<S>) -> Self {
        Self { center, newest: Mutex::default() }
    }

    /// The list of a base, for a terminal that says that it has held `held` already: not an older one. A version that
    /// is still to come was never signed, and is not believed: nobody has lists made by naming one.
    pub(super) async fn current(&self, base: &str, held: u64) -> Result<Arc<SignedList>, Refused> {
        let list = self.newest(base, 0).await?;
        let held = if i64::try_from(held).is_ok_and(|held| held <= self.center.now()) { held } else { 0 };
        // Another node has signed later than this one did.
        if list.version < held { self.newest(base, list.version + 1).await } else { Ok(list) }
    }

    /// The list of a base, where it is newer than `held`.
    pub(super) async fn newer(&self, base: &str, held: u64) -> Result<Option<Arc<SignedList>>, Refused> {
        let list = self.newest(base, 0).await?;
        Ok((list.version > held).then_some(list))
    }

    /// The list with the readers there are now, of `version` or higher.
    async fn newest(&self, base: &str, version: u64) -> Result<Arc<SignedList>, Refused> {
        let rows = self.center.store.readers().await?;
        let readers: Vec<_> =
            rows.into_iter().filter(|row| row.base == base && row.revoked.is_none()).map(entry).collect();
        let now = self.center.now();
        let before = self.lock().get(base).cloned();
        if let Some(list) = &before
            && list.readers == readers
            && list.version >= version
            && (list.issued..list.issued + RENEW_AFTER).contains(&now)
        {
            return Ok(Arc::clone(list));
        }
        let after = before.map_or(0, |list| list.version + 1);
        let list = Arc::new(self.sign(readers, now, after)?);
        let mut newest = self.lock();
        match newest.get(base) {
            // Somebody signed meanwhile, with readers at least as new.
            Some(other) if other.version >= list.version => Ok(Arc::clone(other)),
            _ => {
                newest.insert(base.to_owned(), Arc::clone(&list));
                Ok(list)
            }
        }
    }

    fn sign(&self, readers: Vec<ReaderEntry>, now: i64, at_least: u64) -> Result<SignedList, Refused> {
        let version = u64::try_from(now).unwrap_or(0).max(at_least);
        let expires = now + READER_LIST_LIFE;
        let list = ReaderList { center: CENTER_NAME.to_owned(), version, issued: now, expires, readers };
        let bytes = list.to_bytes();
        let signature = self.center.keystore.sign(&KeyId::new(READER_LIST_KEY, 1)?, &bytes)?;
        let signed = SignedReaderList { list: bytes.into(), signature: signature.into() }.to_bytes();
        Ok(SignedList { version, issued: now, readers: list.readers, signed })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Arc<SignedList>>> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn entry(reader: Reader) -> ReaderEntry {
    let has_sam = reader.tier >= 2;
    ReaderEntry {
        id: reader.id,
        name: reader.name,
        base: reader.base,
        tier: match reader.tier {
            0 => Tier::R0,
            1 => Tier::R1,
            _ => Tier::R2,
        },
        vendor: String::new(),
        kind: String::new(),
        serial: String::new(),
        card_slot: reader.card_slot,
        sam_slot: has_sam.then_some(reader.sam_slot),
        sam_key: has_sam.then(|| reader.sam_key.into()),
    }
}
