//! Certificates of EMV: keys and data signed with message recovery (`EMV B2`).
//!
//! Each is a block as long as the signer's modulus: `6A`, what is certified, SHA-1, `BC`. Building gives the block,
//! which the keystore signs; recovering takes the certificate and the signer's public key, as a terminal does.

mod card;
mod issuer;
mod static_data;

pub use card::CardCertificate;
pub use issuer::IssuerCertificate;
pub use static_data::{SignedStaticData, signed_part, static_data_to_be_authenticated};

use sha1::{Digest, Sha1};

use super::rsa::{PublicKey, RsaFault};

const HEADER: u8 = 0x6A;
const TRAILER: u8 = 0xBC;
const PADDING: u8 = 0xBB;
const HASH: usize = 20;

/// A block for the signer's private operation, and the part of the key that did not fit into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToBeSigned {
    /// as long as the signer's modulus, and below it
    pub block: Vec<u8>,
    /// the rest of the key's modulus; empty where all of it fits: then there is no remainder element
    pub remainder: Vec<u8>,
}

/// Why a certificate is none, or cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    /// the signer's or the certified key is no EMV key, or the certificate is not below the signer's modulus
    #[error(transparent)]
    Rsa(#[from] RsaFault),
    /// the signer's key is too short, or the certified one longer than 248 bytes
    #[error("the signer's key is too short for a certificate, or the key longer than 248 bytes")]
    KeyLength,
    /// the recovered block does not begin and end as it must: another key signed it, or it was changed
    #[error("another key signed it, or it was changed")]
    Signer,
    /// the recovered block is of another kind or algorithm
    #[error("it is a certificate of another kind, or for another algorithm")]
    Kind,
    /// the padding after the certified key is not BB
    #[error("the key is not filled up with BB")]
    Padding,
    /// the remainder is not as long as the key says
    #[error("the remainder is not as long as the key needs")]
    Remainder,
    /// the hash is that of other data
    #[error("the hash is that of other data")]
    Hash,
    /// the month of its end is no month from 2000 to 2049
    #[error("the month of its end is none")]
    Expiry,
}

/// The longest key that a certificate holds, in bytes.
pub const LONGEST_KEY: usize = 248;

/// Closes a block: `6A`, `body` with the filler up to the signer's length, the hash over both and `also_hashed`, `BC`.
fn close(mut body: Vec<u8>, signer_length: usize, also_hashed: &[&[u8]]) -> Result<Vec<u8>, CertificateFault> {
    let room = signer_length.checked_sub(HASH + 2).filter(|room| body.len() <= *room);
    body.resize(room.ok_or(CertificateFault::KeyLength)?, PADDING);
    let hash = hash(&body, also_hashed);
    let mut block = Vec::with_capacity(signer_length);
    block.push(HEADER);
    block.extend_from_slice(&body);
    block.extend_from_slice(&hash);
    block.push(TRAILER);
    Ok(block)
}

/// Opens a certificate: what stands between `6A` and the hash, the hash proven.
fn open(certificate: &[u8], signer: PublicKey<'_>, also_hashed: &[&[u8]]) -> Result<Vec<u8>, CertificateFault> {
    let mut block = signer.recover(certificate)?;
    if block.first() != Some(&HEADER) || block.last() != Some(&TRAILER) {
        return Err(CertificateFault::Signer);
    }
    let found = block.split_off(block.len() - 1 - HASH);
    block.remove(0);
    if hash(&block, also_hashed) == found[..HASH] { Ok(block) } else { Err(CertificateFault::Hash) }
}

fn hash(body: &[u8], also_hashed: &[&[u8]]) -> [u8; HASH] {
    let hash = also_hashed.iter().fold(Sha1::new_with_prefix(body), |hash, part| hash.chain_update(part));
    hash.finalize().into()
}

/// Builds the certificate of a key: `head` (format to serial number), algorithms and lengths, what of the key fits.
fn certify(
    head: &[u8],
    key: PublicKey<'_>,
    signer_length: usize,
    also_hashed: &[u8],
) -> Result<ToBeSigned, CertificateFault> {
    let (modulus, exponent) = (key.modulus(), key.exponent());
    let room = signer_length.checked_sub(head.len() + 4 + HASH + 2).ok_or(CertificateFault::KeyLength)?;
    if modulus.len() > LONGEST_KEY {
        return Err(CertificateFault::KeyLength);
    }
    let (inside, remainder) = modulus.split_at(modulus.len().min(room));
    let lengths = [0x01, 0x01, modulus.len() as u8, exponent.len() as u8];
    let body = [head, &lengths, inside].concat();
    let block = close(body, signer_length, &[remainder, exponent, also_hashed])?;
    Ok(ToBeSigned { block, remainder: remainder.to_vec() })
}

/// Recovers the certificate of a key. Gives the head, `head_length` bytes, and the key's modulus.
fn recover_key(
    certificate: &[u8],
    head_length: usize,
    signer: PublicKey<'_>,
    (remainder, exponent): (&[u8], &[u8]),
    also_hashed: &[u8],
) -> Result<(Vec<u8>, Vec<u8>), CertificateFault> {
    let mut head = open(certificate, signer, &[remainder, exponent, also_hashed])?;
    if head.len() < head_length + 4 {
        return Err(CertificateFault::KeyLength);
    }
    let rest = head.split_off(head_length);
    let ([hash_algorithm, key_algorithm, key_length, exponent_length], inside) =
        rest.split_first_chunk::<4>().ok_or(CertificateFault::KeyLength)?;
    if (*hash_algorithm, *key_algorithm) != (0x01, 0x01) || usize::from(*exponent_length) != exponent.len() {
        return Err(CertificateFault::Kind);
    }
    let (key, filler) = inside.split_at(inside.len().min(usize::from(*key_length)));
    if key.len() + remainder.len() != usize::from(*key_length) {
        return Err(CertificateFault::Remainder);
    }
    if filler.iter().any(|byte| *byte != PADDING) {
        return Err(CertificateFault::Padding);
    }
    Ok((head, [key, remainder].concat()))
}
