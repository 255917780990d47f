//! Where the keys are while the keystore is open, and how they are changed.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use super::RandomSource;
use super::contents::Entry;
use super::shared_file::{Read, SharedFile};
use crate::{Error, KeyId};

/// All keys, by handle.
pub(super) type Keys = BTreeMap<KeyId, Entry>;

/// Keys and what keeps them.
pub(super) enum Kept {
    /// the process alone
    InMemory(RwLock<Keys>),
    /// a file, which other programs may have open too
    InFile(SharedFile),
}

/// The keys as they are now, for the length of a verb.
pub(super) enum Current<'a> {
    InMemory(RwLockReadGuard<'a, Keys>),
    InFile(RwLockReadGuard<'a, Read>),
}

impl Deref for Current<'_> {
    type Target = Keys;

    fn deref(&self) -> &Keys {
        match self {
            Self::InMemory(keys) => keys,
            Self::InFile(read) => &read.keys,
        }
    }
}

impl Kept {
    /// The keys, with all that any program changed before this call.
    pub(super) fn current(&self) -> Result<Current<'_>, Error> {
        match self {
            Self::InMemory(keys) => Ok(Current::InMemory(keys.read().unwrap_or_else(PoisonError::into_inner))),
            Self::InFile(file) => file.current().map(Current::InFile),
        }
    }

    /// Makes the change `edit`, in the file first. Where it fails, nothing is changed.
    pub(super) fn change<T>(
        &self,
        random: &dyn RandomSource,
        edit: impl FnOnce(&mut Keys) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match self {
            Self::InMemory(keys) => {
                let mut keys = keys.write().unwrap_or_else(PoisonError::into_inner);
                let mut changed = keys.clone();
                let result = edit(&mut changed)?;
                *keys = changed;
                Ok(result)
            }
            Self::InFile(file) => file.change(None, random, edit),
        }
    }
}
