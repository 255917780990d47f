//! What is done with AES and 3DES keys besides sealing: derivations, check values, encryption for a token.

use aes::{Aes128, Aes192, Aes256};
use aws_lc_rs::hmac;
use cipher::KeyInit;
use cmac::{Cmac, Mac};
use zeroize::Zeroizing;

use super::block_cipher::{BlockCipher, aes, tdes};
use crate::{Derivation, Error, Kcv, KeyKind, RewrapMechanism, Secret};

/// The most bytes that a derivation gives.
const LONGEST_DERIVED: usize = 64;

/// What `derivation` makes of a key.
pub(super) fn derive(kind: KeyKind, key: &[u8], derivation: &Derivation) -> Result<Secret, Error> {
    let length = derivation.length();
    let mut output = Zeroizing::new([0; LONGEST_DERIVED]);
    let output = output.get_mut(..length).filter(|output| !output.is_empty()).ok_or(Error::Length {
        what: "the output of a derivation",
        length,
        allowed: "1 to 64",
    })?;
    match derivation {
        Derivation::AesCmac { blocks, .. } => derive_by_cmac(kind, key, blocks, output)?,
        Derivation::TdesCbc { block } => {
            output.copy_from_slice(block);
            tdes(kind, key, "a 3DES derivation")?.encrypt_cbc_zero_iv(output);
        }
        Derivation::TdesEcb { blocks } => {
            output.copy_from_slice(blocks.as_flattened());
            tdes(kind, key, "a 3DES derivation")?.encrypt_ecb(output);
        }
        Derivation::AesEcb { blocks } => {
            output.copy_from_slice(blocks.as_flattened());
            aes(kind, key, "an AES derivation")?.encrypt_ecb(output);
        }
    }
    Secret::take(output)
}

fn derive_by_cmac(kind: KeyKind, key: &[u8], blocks: &[Vec<u8>], output: &mut [u8]) -> Result<(), Error> {
    if blocks.len() != output.len().div_ceil(16) {
        return Err(Error::Length {
            what: "the output of an AES-CMAC derivation",
            length: output.len(),
            allowed: "1 to 16 for each block, more than the blocks before the last give",
        });
    }
    match kind {
        KeyKind::Aes128 => cmacs::<Cmac<Aes128>>(kind, key, blocks, output),
        KeyKind::Aes192 => cmacs::<Cmac<Aes192>>(kind, key, blocks, output),
        KeyKind::Aes256 => cmacs::<Cmac<Aes256>>(kind, key, blocks, output),
        _ => Err(Error::Unsuitable { kind, what: "an AES-CMAC derivation" }),
    }
}

fn cmacs<M: Mac + KeyInit + Clone>(
    kind: KeyKind,
    key: &[u8],
    blocks: &[Vec<u8>],
    output: &mut [u8],
) -> Result<(), Error> {
    let keyed = <M as KeyInit>::new_from_slice(key).map_err(|_| Error::KeyValue(kind))?;
    for (place, block) in output.chunks_mut(16).zip(blocks) {
        let mac = Zeroizing::new(keyed.clone().chain_update(block).finalize().into_bytes());
        place.copy_from_slice(&mac[..place.len()]);
    }
    Ok(())
}

/// A key's check value; `None` for P-256 and RSA.
pub(super) fn check_value(kind: KeyKind, key: &[u8]) -> Result<Option<Kcv>, Error> {
    Ok(match kind {
        KeyKind::P256 | KeyKind::Rsa(_) => None,
        KeyKind::Hmac256 => Some(first_three(&hmac_sha_256(key, &[]))),
        KeyKind::Tdes2 => Some(first_three(&encrypted(kind, key, [0x00; 8])?)),
        KeyKind::Aes128 | KeyKind::Aes192 | KeyKind::Aes256 => Some(first_three(&encrypted(kind, key, [0x01; 16])?)),
    })
}

fn encrypted<const N: usize>(kind: KeyKind, key: &[u8], mut block: [u8; N]) -> Result<[u8; N], Error> {
    BlockCipher::new(kind, key, "encrypting a block")?.encrypt(&mut block);
    Ok(block)
}

fn first_three(bytes: &[u8]) -> Kcv {
    Kcv([bytes[0], bytes[1], bytes[2]])
}

/// HMAC-SHA-256 of `message`.
pub(super) fn hmac_sha_256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message);
    tag.as_ref().try_into().expect("SHA-256 gives 32 bytes")
}

/// `key` encrypted under the key `under` of kind `under_kind`.
pub(super) fn encrypt_key(
    under_kind: KeyKind,
    under: &[u8],
    key: &[u8],
    mechanism: RewrapMechanism,
) -> Result<Vec<u8>, Error> {
    let cipher = match mechanism {
        RewrapMechanism::AesCbcZeroIv => aes(under_kind, under, "AES-CBC")?,
        RewrapMechanism::TdesEcb => tdes(under_kind, under, "3DES-ECB")?,
    };
    // Made at its full length: a vector that grows leaves a copy of the key behind.
    let mut bytes = vec![0; key.len().next_multiple_of(cipher.block_length())];
    bytes[..key.len()].copy_from_slice(key);
    match mechanism {
        RewrapMechanism::AesCbcZeroIv => cipher.encrypt_cbc_zero_iv(&mut bytes),
        RewrapMechanism::TdesEcb => cipher.encrypt_ecb(&mut bytes),
    }
    Ok(bytes)
}
