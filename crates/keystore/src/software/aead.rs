//! AES-256-GCM (SP 800-38D) with a nonce drawn at random: `nonce 12 ‖ ciphertext ‖ tag 16`.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, MAX_TAG_LEN, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use super::RandomSource;
use crate::{Error, KeyKind};

/// What sealing adds to the length.
pub(super) const OVERHEAD: usize = NONCE_LEN + MAX_TAG_LEN;

/// `data` encrypted under `key` (32 bytes), behind `prefix`.
pub(super) fn seal(
    key: &[u8],
    prefix: &[u8],
    associated_data: &[u8],
    data: &[u8],
    random: &dyn RandomSource,
) -> Result<Vec<u8>, Error> {
    let mut nonce = [0; NONCE_LEN];
    random.fill(&mut nonce)?;
    let mut sealed = Vec::with_capacity(prefix.len() + data.len() + OVERHEAD);
    sealed.extend_from_slice(prefix);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(data);
    let clear = &mut sealed[prefix.len() + NONCE_LEN..];
    let tag = cipher(key)?
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(associated_data), clear)
        .map_err(|_| Error::Length { what: "data to encrypt", length: data.len(), allowed: "up to 2^36" })?;
    sealed.extend_from_slice(tag.as_ref());
    Ok(sealed)
}

/// What `seal` was given, or [`Error::NotAuthentic`].
pub(super) fn open(key: &[u8], associated_data: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(Error::NotAuthentic)?;
    let mut data = Zeroizing::new(ciphertext.to_vec());
    let length = cipher(key)?
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(associated_data), &mut data)
        .map_err(|_| Error::NotAuthentic)?
        .len();
    data.truncate(length);
    Ok(data)
}

fn cipher(key: &[u8]) -> Result<LessSafeKey, Error> {
    let unbound = UnboundKey::new(&AES_256_GCM, key).map_err(|_| Error::KeyValue(KeyKind::Aes256))?;
    Ok(LessSafeKey::new(unbound))
}
