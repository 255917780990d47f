//! From a key reference to a key value, if its purpose allows what is asked. The one place that decides that.

use std::sync::Arc;

use super::contents::Entry;
use super::{Keys, symmetric, wrapped};
use crate::{BlockMechanism, Error, KeyId, KeyKind, KeyRef, Purpose, Secret, WrappedKey, WrappedPurpose};

/// What a key is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// encrypt and decrypt data
    Data,
    /// derive a key that stays inside
    Derivation,
    /// derive a secret that goes out
    Session,
    /// be encrypted for a token
    Rewrapped,
    /// encrypt a key for a token
    RewrapsOthers,
    /// encipher data for a token
    ForTokens,
    /// encipher single blocks of 3DES: data for a token, or blocks for another party
    ForTokensOrZones,
    /// encipher or decipher blocks that another party has the key of
    WithZones,
    /// decipher data for a token, which no key does
    DeciphersForTokens,
}

impl Use {
    /// What enciphering by `mechanism` asks of a key.
    pub(super) const fn of_enciphering(mechanism: BlockMechanism) -> Self {
        match mechanism {
            BlockMechanism::AesCbcZeroIv => Self::ForTokens,
            BlockMechanism::TdesEcb => Self::ForTokensOrZones,
            BlockMechanism::AesEcb => Self::WithZones,
        }
    }

    /// What deciphering by `mechanism` asks of a key: nothing is deciphered that was enciphered for a token.
    pub(super) const fn of_deciphering(mechanism: BlockMechanism) -> Self {
        match mechanism {
            BlockMechanism::AesCbcZeroIv => Self::DeciphersForTokens,
            BlockMechanism::AesEcb | BlockMechanism::TdesEcb => Self::WithZones,
        }
    }

    const fn verb(self) -> &'static str {
        match self {
            Self::Data => "encrypting data",
            Self::Derivation => "deriving keys",
            Self::Session => "giving session secrets",
            Self::Rewrapped => "being encrypted for a token",
            Self::RewrapsOthers => "encrypting keys for a token",
            Self::ForTokens => "enciphering data for a token",
            Self::ForTokensOrZones => "enciphering data for a token or another party",
            Self::WithZones => "exchanging blocks with another party",
            Self::DeciphersForTokens => "deciphering what is for a token",
        }
    }

    const fn allows_named(self, purpose: Purpose) -> bool {
        match self {
            Self::Data => matches!(purpose, Purpose::Wrap),
            Self::Derivation => matches!(purpose, Purpose::Derive | Purpose::Token),
            Self::Session => matches!(purpose, Purpose::Token | Purpose::Personalize),
            Self::RewrapsOthers | Self::ForTokens => matches!(purpose, Purpose::Token),
            Self::ForTokensOrZones => matches!(purpose, Purpose::Token | Purpose::Zone),
            Self::WithZones => matches!(purpose, Purpose::Zone),
            Self::Rewrapped | Self::DeciphersForTokens => false,
        }
    }

    /// What a wrapped key must have been wrapped for, if it can do this at all.
    const fn wrapped_purpose(self) -> Option<WrappedPurpose> {
        match self {
            Self::Data => Some(WrappedPurpose::Data),
            Self::WithZones | Self::DeciphersForTokens => None,
            _ => Some(WrappedPurpose::Token),
        }
    }

    const fn allows_derived(self) -> bool {
        matches!(self.wrapped_purpose(), Some(WrappedPurpose::Token))
    }
}

/// A key value for the length of a call.
pub(super) struct Resolved {
    pub(super) kind: KeyKind,
    pub(super) value: Arc<Secret>,
}

/// The value of `key`, for `to_be_used`.
pub(super) fn resolve(keys: &Keys, key: &KeyRef, to_be_used: Use) -> Result<Resolved, Error> {
    resolve_at_depth(keys, key, to_be_used, 0)
}

fn resolve_at_depth(keys: &Keys, key: &KeyRef, to_be_used: Use, depth: usize) -> Result<Resolved, Error> {
    match key {
        KeyRef::Named(id) => {
            let entry = find(keys, id)?;
            if !to_be_used.allows_named(entry.info.purpose) {
                return Err(not_allowed(id.to_string(), to_be_used));
            }
            Ok(Resolved { kind: entry.info.kind, value: Arc::clone(&entry.value) })
        }
        KeyRef::Wrapped(key) => match to_be_used.wrapped_purpose() {
            Some(purpose) => unwrap(keys, key, purpose),
            None => Err(not_allowed(format!("a key wrapped under {}", key.under), to_be_used)),
        },
        KeyRef::Derived { .. } if !to_be_used.allows_derived() => Err(not_allowed("a derived key".into(), to_be_used)),
        KeyRef::Derived { .. } if depth == KeyRef::MAX_DEPTH => {
            Err(Error::Length { what: "a chain of derivations", length: depth + 1, allowed: "1 to 4" })
        }
        KeyRef::Derived { parent, derivation, kind } => {
            check_derived(*kind, derivation.length())?;
            let parent = resolve_at_depth(keys, parent, Use::Derivation, depth + 1)?;
            let value = symmetric::derive(parent.kind, parent.value.expose(), derivation)?;
            Ok(Resolved { kind: *kind, value: Arc::new(value) })
        }
    }
}

/// That a derivation of `length` bytes gives a key of `kind`.
pub(super) fn check_derived(kind: KeyKind, length: usize) -> Result<(), Error> {
    if !WrappedPurpose::Token.takes(kind) {
        return Err(Error::Unsuitable { kind, what: "a derived key is AES or 3DES" });
    }
    if kind.length() != length {
        return Err(Error::Length { what: "a derived key", length, allowed: "the length of its kind" });
    }
    Ok(())
}

/// The named key, if it is there and has `purpose`.
pub(super) fn named<'a>(keys: &'a Keys, id: &KeyId, purpose: Purpose, verb: &'static str) -> Result<&'a Entry, Error> {
    let entry = find(keys, id)?;
    if entry.info.purpose != purpose {
        return Err(Error::NotAllowed { key: id.to_string(), verb });
    }
    Ok(entry)
}

fn find<'a>(keys: &'a Keys, id: &KeyId) -> Result<&'a Entry, Error> {
    keys.get(id).ok_or_else(|| Error::UnknownKey(id.clone()))
}

fn unwrap(keys: &Keys, key: &WrappedKey, purpose: WrappedPurpose) -> Result<Resolved, Error> {
    let under = named(keys, &key.under, Purpose::Wrap, "sealing keys")?;
    let value = wrapped::open(key, purpose, under.value.expose())?;
    Ok(Resolved { kind: key.kind, value: Arc::new(value) })
}

fn not_allowed(key: String, to_be_used: Use) -> Error {
    Error::NotAllowed { key, verb: to_be_used.verb() }
}
