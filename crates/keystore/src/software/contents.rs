//! What is inside the file: the keys, one after the other.
//!
//! Count (4 bytes); for each key: length of its name (1), name, version (4), kind (1), purpose (1), time made (8, µs),
//! value (as long as its kind; an RSA key's first bytes tell its size). Numbers are big-endian.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::rsa::{self, Blinding};
use super::{Keys, signature, symmetric};
use crate::{Error, KeyId, KeyInfo, KeyKind, NewKey, Public, Purpose, RsaComponents, Secret};

/// One key.
#[derive(Clone)]
pub(super) struct Entry {
    /// what may be shown
    pub(super) info: KeyInfo,
    /// its value
    pub(super) value: Arc<Secret>,
    /// what an RSA key's operations are blinded with
    pub(super) blinding: Arc<Blinding>,
}

impl Entry {
    /// The key `new` with this value.
    pub(super) fn new(new: &NewKey, value: Secret) -> Result<Self, Error> {
        let public = match (symmetric::check_value(new.kind, value.expose())?, new.kind) {
            (Some(kcv), _) => Public::Kcv(kcv),
            (None, KeyKind::Rsa(_)) => Public::Key(rsa::subject_public_key_info(value.expose())?),
            (None, _) => Public::Key(signature::public_key(value.expose())?),
        };
        let NewKey { id, kind, purpose, created } = new.clone();
        let info = KeyInfo { id, kind, purpose, created, public };
        Ok(Self { info, value: Arc::new(value), blinding: Arc::default() })
    }
}

/// The contents for `keys`.
pub(super) fn encode(keys: &Keys) -> Zeroizing<Vec<u8>> {
    let length = |id: &KeyId, entry: &Entry| 15 + id.name().len() + entry.value.expose().len();
    // The whole length at once: a vector that grows leaves copies of keys behind.
    let total = 4 + keys.iter().map(|(id, entry)| length(id, entry)).sum::<usize>();
    let mut bytes = Zeroizing::new(Vec::with_capacity(total));
    bytes.extend_from_slice(&(keys.len() as u32).to_be_bytes());
    for (id, Entry { info, value, .. }) in keys {
        bytes.push(id.name().len() as u8);
        bytes.extend_from_slice(id.name().as_bytes());
        bytes.extend_from_slice(&id.version().to_be_bytes());
        bytes.extend_from_slice(&[kind_code(info.kind), purpose_code(info.purpose)]);
        bytes.extend_from_slice(&info.created.to_be_bytes());
        bytes.extend_from_slice(value.expose());
    }
    debug_assert_eq!(bytes.len(), total);
    bytes
}

/// The keys in `contents`.
pub(super) fn decode(contents: &[u8]) -> Result<Keys, Error> {
    let mut rest = contents;
    let count = u32::from_be_bytes(take(&mut rest)?);
    let mut keys = Keys::new();
    for _ in 0..count {
        let entry = decode_entry(&mut rest)?;
        keys.insert(entry.info.id.clone(), entry);
    }
    if !rest.is_empty() || keys.len() != count as usize {
        return Err(DAMAGED);
    }
    Ok(keys)
}

const DAMAGED: Error = Error::Damaged("its contents are not a list of keys");

fn decode_entry(rest: &mut &[u8]) -> Result<Entry, Error> {
    let [name_length] = take(rest)?;
    let name = take_slice(rest, usize::from(name_length))?;
    let name = str::from_utf8(name).map_err(|_| DAMAGED)?;
    let id = KeyId::new(name, u32::from_be_bytes(take(rest)?)).map_err(|_| DAMAGED)?;
    let [kind, purpose] = take(rest)?;
    let purpose = Purpose::ALL.into_iter().find(|known| purpose_code(*known) == purpose).ok_or(DAMAGED)?;
    let created = i64::from_be_bytes(take(rest)?);
    let kind = decode_kind(kind, rest)?;
    let value = Secret::copy_of(take_slice(rest, kind.length())?)?;
    Entry::new(&NewKey { id, kind, purpose, created }, value)
}

/// The kind of a code; `value` is the key's value and whatever comes after it.
fn decode_kind(code: u8, value: &[u8]) -> Result<KeyKind, Error> {
    if code == RSA {
        return RsaComponents::size_of(value).map(KeyKind::Rsa);
    }
    KeyKind::ALL_BUT_RSA.into_iter().find(|known| kind_code(*known) == code).ok_or(DAMAGED)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Error> {
    let (taken, left) = rest.split_first_chunk::<N>().ok_or(DAMAGED)?;
    *rest = left;
    Ok(*taken)
}

fn take_slice<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], Error> {
    let (taken, left) = rest.split_at_checked(length).ok_or(DAMAGED)?;
    *rest = left;
    Ok(taken)
}

const RSA: u8 = 7;

/// The kind in the file and in sealed keys: these numbers never change.
pub(super) const fn kind_code(kind: KeyKind) -> u8 {
    match kind {
        KeyKind::Aes128 => 1,
        KeyKind::Aes192 => 2,
        KeyKind::Aes256 => 3,
        KeyKind::Tdes2 => 4,
        KeyKind::Hmac256 => 5,
        KeyKind::P256 => 6,
        KeyKind::Rsa(_) => RSA,
    }
}

const fn purpose_code(purpose: Purpose) -> u8 {
    match purpose {
        Purpose::Wrap => 1,
        Purpose::Derive => 2,
        Purpose::Mac => 3,
        Purpose::Sign => 4,
        Purpose::Token => 5,
        Purpose::Personalize => 6,
        Purpose::RetailMac => 7,
        Purpose::Zone => 8,
        Purpose::RsaSign => 9,
    }
}
