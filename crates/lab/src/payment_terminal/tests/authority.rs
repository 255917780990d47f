//! An authority, an issuer and a card with RSA keys made for the test run, and what they sign.

use std::sync::LazyLock;

use openssl::bn::BigNum;
use openssl::pkey::Private;
use openssl::rsa::{Padding, Rsa};
use openssl::sha::sha1;

use crate::payment_terminal::AuthorityKey;

pub(super) const PROVIDER: [u8; 5] = [0xF0, 0x45, 0x4D, 0x56, 0x01];
pub(super) const INDEX: u8 = 0x92;

/// Whose key.
#[derive(Clone, Copy)]
pub(super) enum Owner {
    /// 176 bytes
    Authority,
    /// 144 bytes: 4 more than the authority's certificate has room for
    Issuer,
    /// 128 bytes: 26 more than the issuer's certificate has room for
    Card,
    /// 96 bytes: 6 fewer than there is room for
    Pin,
}

static KEYS: LazyLock<[Rsa<Private>; 4]> = LazyLock::new(|| {
    [(176, 3), (144, 65_537), (128, 3), (96, 65_537)]
        .map(|(bytes, exponent)| Rsa::generate_with_e(bytes * 8, &BigNum::from_u32(exponent).unwrap()).unwrap())
});

pub(super) fn key(owner: Owner) -> &'static Rsa<Private> {
    &KEYS[owner as usize]
}

pub(super) fn modulus(owner: Owner) -> Vec<u8> {
    key(owner).n().to_vec()
}

pub(super) fn exponent(owner: Owner) -> Vec<u8> {
    key(owner).e().to_vec()
}

/// The authority's key as the terminal is given it.
pub(super) fn authority_key() -> AuthorityKey {
    let (modulus, exponent) = (modulus(Owner::Authority), exponent(Owner::Authority));
    let checksum = sha1(&[&PROVIDER, &[INDEX][..], &modulus, &exponent].concat());
    AuthorityKey::new(PROVIDER, INDEX, &modulus, &exponent, checksum).unwrap()
}

/// `6A body hash BC`, with as much of `filler` between body and hash as there is room for.
pub(super) fn sign(signer: Owner, body: &[u8], further: &[u8]) -> Vec<u8> {
    let room = modulus(signer).len() - 22;
    let mut signed = body.to_vec();
    signed.resize(room, 0xBB);
    let hash = sha1(&[&signed[..], further].concat());
    raw(signer, &[&[0x6A][..], &signed, &hash, &[0xBC]].concat())
}

/// The private operation on a whole block.
pub(super) fn raw(signer: Owner, block: &[u8]) -> Vec<u8> {
    let mut signature = vec![0; block.len()];
    key(signer).private_encrypt(block, &mut signature, Padding::NONE).unwrap();
    signature
}

/// A certificate for `subject`, and the remainder of its key.
pub(super) fn certificate(
    signer: Owner,
    subject: Owner,
    format: u8,
    name: &[u8],
    end: [u8; 2],
    static_data: &[u8],
) -> (Vec<u8>, Vec<u8>) {
    let (modulus, exponent) = (modulus(subject), exponent(subject));
    let header = [&[format][..], name, &end, &[0x00, 0x00, 0x01, 0x01, 0x01]].concat();
    let lengths = [modulus.len() as u8, exponent.len() as u8];
    let room = self::modulus(signer).len() - 22 - header.len() - lengths.len();
    let (within, remainder) = modulus.split_at(room.min(modulus.len()));
    let body = [&header, &lengths[..], within].concat();
    (sign(signer, &body, &[remainder, &exponent, static_data].concat()), remainder.to_vec())
}
