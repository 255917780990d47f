//! Where key values come from: randomness, derivations, and what is handed in.

use zeroize::Zeroizing;

use super::contents::Entry;
use super::resolve::{Use, check_derived, named, resolve};
use super::wrapped::{self, Description};
use super::{Keys, SoftwareKeystore, rsa, signature, symmetric};
use crate::{Error, Kcv, KeyInfo, KeyKind, NewKey, NewWrappedKey, PublishedKeys, Purpose, Secret, Source, Wrapped};

impl SoftwareKeystore {
    /// Keeps a key under a handle that is free.
    pub(super) fn keep(&self, entry: Entry) -> Result<KeyInfo, Error> {
        self.kept.change(&*self.random, |keys| {
            let info = entry.info.clone();
            if keys.contains_key(&info.id) {
                return Err(Error::KeyExists(info.id));
            }
            keys.insert(info.id.clone(), entry);
            Ok(info)
        })
    }

    /// A new key, sealed under a named one.
    pub(super) fn wrap(&self, keys: &Keys, item: &NewWrappedKey<'_>) -> Result<Wrapped, Error> {
        let NewWrappedKey { under, associated_data, kind, purpose, .. } = *item;
        if !purpose.takes(kind) {
            return Err(Error::Unsuitable { kind, what: "the purpose it is wrapped for" });
        }
        let wrapping_key = named(keys, under, Purpose::Wrap, "sealing keys")?;
        let value = self.value_from(keys, item)?;
        let description = Description { under, kind, purpose, associated_data };
        let key = wrapped::seal(&description, wrapping_key.value.expose(), value.expose(), &*self.random)?;
        Ok(Wrapped { key, kcv: kcv(kind, value.expose())? })
    }

    fn value_from(&self, keys: &Keys, item: &NewWrappedKey<'_>) -> Result<Secret, Error> {
        match item.source {
            Source::Random => self.random_key(item.kind),
            Source::Derived(parent, derivation) => {
                check_derived(item.kind, derivation.length())?;
                let parent = resolve(keys, parent, Use::Derivation)?;
                symmetric::derive(parent.kind, parent.value.expose(), derivation)
            }
            Source::Clear { value, expected, published } => {
                clear_value(item.kind, value, expected, published, item.purpose.may_transport())
            }
        }
    }

    /// A value that a key of `kind` can have.
    pub(super) fn random_key(&self, kind: KeyKind) -> Result<Secret, Error> {
        if let KeyKind::Rsa(size) = kind {
            return rsa::generate(size);
        }
        // A random scalar is none of P-256's once in 2^32 draws; a source that fails 8 times is broken.
        for _ in 0..8 {
            let mut value = Zeroizing::new([0; 32]);
            let value = &mut value[..kind.length()];
            self.random.fill(value)?;
            if kind != KeyKind::P256 || signature::public_key(value).is_ok() {
                return Secret::take(value);
            }
        }
        Err(Error::Unavailable("the source of randomness repeats itself".into()))
    }
}

/// That the purpose takes the kind.
pub(super) fn check_purpose(new: &NewKey) -> Result<(), Error> {
    if new.purpose.takes(new.kind) {
        Ok(())
    } else {
        Err(Error::Unsuitable { kind: new.kind, what: "the key's purpose" })
    }
}

/// A value handed in, if it can be one of `kind`, is the one that was expected, and is not known to everybody.
pub(super) fn clear_value(
    kind: KeyKind,
    clear: &[u8],
    expected: Option<Kcv>,
    published: PublishedKeys,
    transports: bool,
) -> Result<Secret, Error> {
    let value = match kind {
        KeyKind::Rsa(size) => rsa::import(size, clear)?,
        _ if clear.len() == kind.length() => Secret::copy_of(clear)?,
        _ => return Err(Error::Length { what: "a key", length: clear.len(), allowed: "the length of its kind" }),
    };
    let found = symmetric::check_value(kind, value.expose())?;
    match (expected, found) {
        (Some(expected), Some(found)) if expected != found => return Err(Error::KcvMismatch { expected, found }),
        (Some(_), None) => return Err(Error::Unsuitable { kind, what: "a key check value" }),
        _ => published.admit(kind, value.expose(), found, transports)?,
    }
    Ok(value)
}

/// That the halves of a triple DES key differ in more than their parity bits: otherwise it is one DES key.
pub(super) fn check_halves(kind: KeyKind, key: &[u8]) -> Result<(), Error> {
    let (first, second) = key.split_at(key.len() / 2);
    let differing = first.iter().zip(second).fold(0, |differing, (one, other)| differing | (one ^ other) & 0xFE);
    if kind == KeyKind::Tdes2 && differing == 0 { Err(Error::KeyValue(kind)) } else { Ok(()) }
}

/// The check value of a key that has one.
pub(super) fn kcv(kind: KeyKind, value: &[u8]) -> Result<Kcv, Error> {
    symmetric::check_value(kind, value)?.ok_or(Error::Unsuitable { kind, what: "a key check value" })
}
