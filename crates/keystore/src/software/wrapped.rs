//! Keys sealed under a named one: `format 1 (1 byte) ‖ purpose (1) ‖ nonce 12 ‖ ciphertext ‖ tag 16`.
//!
//! The associated data binds format, purpose, kind, the sealing key's handle and the caller's own associated data.

use zeroize::Zeroizing;

use super::contents::kind_code;
use super::{RandomSource, aead};
use crate::{Error, KeyId, KeyKind, Secret, WrappedKey, WrappedPurpose};

const FORMAT: u8 = 1;
const PREFIX: usize = 2;

/// What a sealed key is, besides its value.
pub(super) struct Description<'a> {
    pub(super) under: &'a KeyId,
    pub(super) kind: KeyKind,
    pub(super) purpose: WrappedPurpose,
    pub(super) associated_data: &'a [u8],
}

impl Description<'_> {
    fn prefix(&self) -> [u8; PREFIX] {
        [FORMAT, purpose_code(self.purpose)]
    }

    fn associated_data(&self) -> Vec<u8> {
        let under = self.under.to_string();
        let mut bytes = b"cardwright wrapped key".to_vec();
        bytes.extend_from_slice(&self.prefix());
        bytes.extend_from_slice(&[kind_code(self.kind), under.len() as u8]);
        bytes.extend_from_slice(under.as_bytes());
        bytes.extend_from_slice(self.associated_data);
        bytes
    }
}

/// `value` sealed under `wrapping_key`, which is the value behind `description.under`.
pub(super) fn seal(
    description: &Description<'_>,
    wrapping_key: &[u8],
    value: &[u8],
    random: &dyn RandomSource,
) -> Result<WrappedKey, Error> {
    let blob = aead::seal(wrapping_key, &description.prefix(), &description.associated_data(), value, random)?;
    Ok(WrappedKey {
        under: description.under.clone(),
        blob,
        associated_data: description.associated_data.to_vec(),
        kind: description.kind,
    })
}

/// The value of a sealed key, if it was sealed for `purpose`.
pub(super) fn open(key: &WrappedKey, purpose: WrappedPurpose, wrapping_key: &[u8]) -> Result<Secret, Error> {
    let (prefix, sealed) = key.blob.split_first_chunk::<PREFIX>().ok_or(Error::NotAuthentic)?;
    let WrappedKey { under, associated_data, kind, .. } = key;
    let description = Description { under, kind: *kind, purpose, associated_data };
    if *prefix != description.prefix() {
        return Err(other_purpose(prefix, under));
    }
    let mut value: Zeroizing<Vec<u8>> = aead::open(wrapping_key, &description.associated_data(), sealed)?;
    if value.len() != kind.length() {
        return Err(Error::NotAuthentic);
    }
    Secret::take(&mut value)
}

fn other_purpose(prefix: &[u8; PREFIX], under: &KeyId) -> Error {
    let known = [WrappedPurpose::Data, WrappedPurpose::Token].map(purpose_code);
    if prefix[0] == FORMAT && known.contains(&prefix[1]) {
        Error::NotAllowed { key: format!("a key wrapped under {under}"), verb: "it was wrapped for another purpose" }
    } else {
        Error::NotAuthentic
    }
}

const fn purpose_code(purpose: WrappedPurpose) -> u8 {
    match purpose {
        WrappedPurpose::Data => 1,
        WrappedPurpose::Token => 2,
    }
}
