//! The verbs, done in this process.

use zeroize::Zeroizing;

use super::contents::Entry;
use super::kept::Current;
use super::resolve::{Use, check_derived, named, resolve};
use super::stack::leaving_no_trace;
use super::wrapped::{self, Description};
use super::{Keys, SoftwareKeystore, aead, signature, symmetric};
use crate::{
    Decryption, Derivation, Encryption, Error, Kcv, KeyId, KeyInfo, KeyKind, KeyRef, Keystore, NewKey, NewWrappedKey,
    Public, PublishedKeys, Purpose, Rewrapped, Rewrapping, Secret, Source, Wrapped,
};

impl Keystore for SoftwareKeystore {
    fn generate(&self, new: &NewKey) -> Result<KeyInfo, Error> {
        check_purpose(new)?;
        leaving_no_trace(|| self.keep(Entry::new(new, self.random_key(new.kind)?)?))
    }

    fn import(
        &self,
        new: &NewKey,
        clear: &[u8],
        expected: Option<Kcv>,
        published: PublishedKeys,
    ) -> Result<KeyInfo, Error> {
        check_purpose(new)?;
        leaving_no_trace(|| {
            let kcv = checked_clear_value(new.kind, clear, expected)?;
            published.admit(new.kind, clear, kcv, new.purpose.may_transport())?;
            self.keep(Entry::new(new, copied(clear)?)?)
        })
    }

    fn list(&self) -> Result<Vec<KeyInfo>, Error> {
        Ok(self.keys()?.values().map(|entry| entry.info.clone()).collect())
    }

    fn destroy(&self, key: &KeyId) -> Result<(), Error> {
        self.kept.change(&*self.random, |keys| keys.remove(key).map(drop).ok_or_else(|| Error::UnknownKey(key.clone())))
    }

    fn random(&self, length: usize) -> Result<Vec<u8>, Error> {
        if length > 0x1_0000 {
            return Err(Error::Length { what: "randomness", length, allowed: "0 to 65536" });
        }
        let mut bytes = vec![0; length];
        self.random.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn encrypt_batch(&self, items: &[Encryption<'_>]) -> Result<Vec<Vec<u8>>, Error> {
        let keys = self.keys()?;
        let encrypt = |item: &Encryption<'_>| {
            let key = resolve(&keys, item.key, Use::Data)?;
            aead::seal(key.value.expose(), &[], item.associated_data, item.data, &*self.random)
        };
        leaving_no_trace(|| items.iter().map(encrypt).collect())
    }

    fn decrypt_batch(&self, items: &[Decryption<'_>]) -> Result<Vec<Zeroizing<Vec<u8>>>, Error> {
        let keys = self.keys()?;
        let decrypt = |item: &Decryption<'_>| {
            let key = resolve(&keys, item.key, Use::Data)?;
            aead::open(key.value.expose(), item.associated_data, item.sealed)
        };
        leaving_no_trace(|| items.iter().map(decrypt).collect())
    }

    fn mac_batch(&self, items: &[(&KeyId, &[u8])]) -> Result<Vec<[u8; 32]>, Error> {
        let keys = self.keys()?;
        let mac = |(key, message): &(&KeyId, &[u8])| {
            let key = named(&keys, key, Purpose::Mac, "keyed hashes")?;
            Ok(symmetric::hmac_sha_256(key.value.expose(), message))
        };
        leaving_no_trace(|| items.iter().map(mac).collect())
    }

    fn sign_batch(&self, items: &[(&KeyId, &[u8])]) -> Result<Vec<Vec<u8>>, Error> {
        let keys = self.keys()?;
        let sign = |(key, message): &(&KeyId, &[u8])| {
            let key = named(&keys, key, Purpose::Sign, "signing")?;
            signature::sign(key.value.expose(), message)
        };
        leaving_no_trace(|| items.iter().map(sign).collect())
    }

    fn public_key(&self, key: &KeyId) -> Result<Vec<u8>, Error> {
        let keys = self.keys()?;
        match &named(&keys, key, Purpose::Sign, "signing")?.info.public {
            Public::Key(encoded) => Ok(encoded.clone()),
            Public::Kcv(_) => Err(Error::Damaged("a key for signing has no public key")),
        }
    }

    fn wrap_new_batch(&self, items: &[NewWrappedKey<'_>]) -> Result<Vec<Wrapped>, Error> {
        let keys = self.keys()?;
        leaving_no_trace(|| items.iter().map(|item| self.wrap(&keys, item)).collect())
    }

    fn rewrap(&self, items: &[Rewrapping<'_>]) -> Result<Vec<Rewrapped>, Error> {
        let keys = self.keys()?;
        let rewrap = |item: &Rewrapping<'_>| {
            let key = resolve(&keys, item.key, Use::Rewrapped)?;
            let under = resolve(&keys, item.under, Use::RewrapsOthers)?;
            let ciphertext =
                symmetric::encrypt_key(under.kind, under.value.expose(), key.value.expose(), item.mechanism)?;
            Ok(Rewrapped { ciphertext, kcv: kcv(key.kind, key.value.expose())? })
        };
        leaving_no_trace(|| items.iter().map(rewrap).collect())
    }

    fn session_secrets(&self, items: &[(&KeyRef, &Derivation)]) -> Result<Vec<Secret>, Error> {
        let keys = self.keys()?;
        let derive = |(key, derivation): &(&KeyRef, &Derivation)| {
            let key = resolve(&keys, key, Use::Session)?;
            symmetric::derive(key.kind, key.value.expose(), derivation)
        };
        leaving_no_trace(|| items.iter().map(derive).collect())
    }
}

impl SoftwareKeystore {
    fn keys(&self) -> Result<Current<'_>, Error> {
        self.kept.current()
    }

    fn keep(&self, entry: Entry) -> Result<KeyInfo, Error> {
        self.kept.change(&*self.random, |keys| {
            let info = entry.info.clone();
            if keys.contains_key(&info.id) {
                return Err(Error::KeyExists(info.id));
            }
            keys.insert(info.id.clone(), entry);
            Ok(info)
        })
    }

    fn wrap(&self, keys: &Keys, item: &NewWrappedKey<'_>) -> Result<Wrapped, Error> {
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
                let kcv = checked_clear_value(item.kind, value, expected)?;
                published.admit(item.kind, value, kcv, item.purpose.may_transport())?;
                copied(value)
            }
        }
    }

    fn random_key(&self, kind: KeyKind) -> Result<Secret, Error> {
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

fn check_purpose(new: &NewKey) -> Result<(), Error> {
    if new.purpose.takes(new.kind) {
        Ok(())
    } else {
        Err(Error::Unsuitable { kind: new.kind, what: "the key's purpose" })
    }
}

fn checked_clear_value(kind: KeyKind, clear: &[u8], expected: Option<Kcv>) -> Result<Option<Kcv>, Error> {
    if clear.len() != kind.length() {
        return Err(Error::Length { what: "a key", length: clear.len(), allowed: "the length of its kind" });
    }
    let found = symmetric::check_value(kind, clear)?;
    match (expected, found) {
        (Some(expected), Some(found)) if expected != found => Err(Error::KcvMismatch { expected, found }),
        (Some(_), None) => Err(Error::Unsuitable { kind, what: "a key check value" }),
        _ => Ok(found),
    }
}

fn copied(clear: &[u8]) -> Result<Secret, Error> {
    let mut copy = Zeroizing::new([0; Secret::MAX_LENGTH]);
    let copy = &mut copy[..clear.len()];
    copy.copy_from_slice(clear);
    Secret::take(copy)
}

fn kcv(kind: KeyKind, value: &[u8]) -> Result<Kcv, Error> {
    symmetric::check_value(kind, value)?.ok_or(Error::Unsuitable { kind, what: "a key check value" })
}
