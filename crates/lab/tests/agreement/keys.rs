//! Static keys as whoever holds them uses them: session keys for the host, key values under the data encryption key.
//! A third piece of cryptography, so that neither the host's nor the card's is asked to vouch for itself.

use aes::{Aes128, Aes192, Aes256};
use cardwright_globalplatform::commands::{EncryptedKey, EncryptedKeySet, KeyType};
use cardwright_globalplatform::{DataEncryptionKey, KeyDerivation, KeyRequest, SessionSecrets, StaticKey};
use cipher::{Array, BlockCipherEncrypt, BlockSizeUser, KeyInit};
use cmac::{Cmac, Mac};
use des::TdesEde2;
use zeroize::Zeroizing;

/// ENC, MAC and DEK of one key set, all of one length.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct StaticKeys {
    pub(crate) values: [Vec<u8>; 3],
    pub(crate) is_aes: bool,
}

impl StaticKeys {
    /// Keys of `length` bytes cut from 96 random ones.
    pub(crate) fn new(random: &[u8], length: usize, is_aes: bool) -> Self {
        let value = |role: usize| random[role * 32..role * 32 + length].to_vec();
        Self { values: [value(0), value(1), value(2)], is_aes }
    }

    pub(crate) fn value(&self, key: StaticKey) -> &[u8] {
        &self.values[usize::from(key.identifier()) - 1]
    }

    /// The same keys with one bit of one of them changed; `bit` wraps around all three.
    pub(crate) fn with_a_changed_bit(&self, key: StaticKey, bit: usize) -> Self {
        let mut changed = self.clone();
        let value = &mut changed.values[usize::from(key.identifier()) - 1];
        let bit = bit % (value.len() * 8);
        value[bit / 8] ^= 1 << (bit % 8);
        changed
    }

    pub(crate) fn derive(&self, request: &KeyRequest) -> Vec<u8> {
        compute(self.value(request.key), &request.derivation)
    }

    pub(crate) fn secrets(&self, requests: &[KeyRequest]) -> SessionSecrets {
        SessionSecrets::new(requests.iter().map(|request| Zeroizing::new(self.derive(request))).collect())
    }

    /// `new` as PUT KEY carries it, encrypted under this set's `data_encryption_key`.
    pub(crate) fn encrypt(&self, new: &Self, data_encryption_key: &DataEncryptionKey) -> EncryptedKeySet {
        let keys = new.values.each_ref().map(|value| {
            let encrypted = self.encrypt_sensitive(value, data_encryption_key);
            EncryptedKey::new(new.key_type(), encrypted, new.check_value(value)).unwrap()
        });
        EncryptedKeySet::new(keys).unwrap()
    }

    /// Sensitive data within a command (Amd D §6.2.8, GPCS §E.4.7).
    pub(crate) fn encrypt_sensitive(&self, plain: &[u8], data_encryption_key: &DataEncryptionKey) -> Vec<u8> {
        let under = self.value(StaticKey::Dek);
        match data_encryption_key {
            DataEncryptionKey::Static => aes_cbc(under, plain),
            DataEncryptionKey::Derived(derivation) => triple_des_ecb(&compute(under, derivation), plain),
        }
    }

    fn key_type(&self) -> KeyType {
        match (self.is_aes, self.values[0].len()) {
            (false, _) => KeyType::TripleDes,
            (true, 16) => KeyType::Aes128,
            (true, 24) => KeyType::Aes192,
            (true, _) => KeyType::Aes256,
        }
    }

    /// AES over 16 bytes 01, triple DES over 8 bytes 00 (GPCS §B.6).
    fn check_value(&self, value: &[u8]) -> [u8; 3] {
        let block = if self.is_aes { aes_block(value, [1; 16]).to_vec() } else { triple_des_ecb(value, &[0; 8]) };
        [block[0], block[1], block[2]]
    }
}

fn compute(key: &[u8], derivation: &KeyDerivation) -> Vec<u8> {
    match derivation {
        KeyDerivation::AesCmac { blocks, length } => {
            let mut derived: Vec<u8> = blocks.iter().flat_map(|block| aes_cmac(key, block)).collect();
            derived.truncate(*length);
            derived
        }
        KeyDerivation::TdesCbc { block } => {
            let first = triple_des_ecb(key, &block[..8]);
            let second: Vec<u8> = first.iter().zip(&block[8..]).map(|(left, right)| left ^ right).collect();
            [first, triple_des_ecb(key, &second)].concat()
        }
        KeyDerivation::TdesEcb { blocks } => triple_des_ecb(key, &blocks.concat()),
    }
}

fn aes_cmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    fn tag<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Vec<u8> {
        let mut mac = <M as KeyInit>::new_from_slice(key).unwrap();
        mac.update(message);
        mac.finalize().into_bytes().to_vec()
    }
    match key.len() {
        16 => tag::<Cmac<Aes128>>(key, message),
        24 => tag::<Cmac<Aes192>>(key, message),
        _ => tag::<Cmac<Aes256>>(key, message),
    }
}

/// AES-CBC with ICV zero, the plain text filled with zero bytes to whole blocks (Amd D §6.2.8).
fn aes_cbc(key: &[u8], plain: &[u8]) -> Vec<u8> {
    let mut previous = [0; 16];
    let mut encrypted = Vec::new();
    for chunk in plain.chunks(16) {
        chunk.iter().zip(&mut previous).for_each(|(plain, byte)| *byte ^= plain);
        previous = aes_block(key, previous);
        encrypted.extend_from_slice(&previous);
    }
    encrypted
}

fn aes_block(key: &[u8], block: [u8; 16]) -> [u8; 16] {
    let encrypted = match key.len() {
        16 => in_blocks::<Aes128>(key, &block),
        24 => in_blocks::<Aes192>(key, &block),
        _ => in_blocks::<Aes256>(key, &block),
    };
    encrypted.try_into().unwrap()
}

fn triple_des_ecb(key: &[u8], plain: &[u8]) -> Vec<u8> {
    in_blocks::<TdesEde2>(key, plain)
}

/// Each block by itself.
fn in_blocks<C: BlockCipherEncrypt + BlockSizeUser + KeyInit>(key: &[u8], plain: &[u8]) -> Vec<u8> {
    let cipher = C::new_from_slice(key).unwrap();
    let mut encrypted = Vec::with_capacity(plain.len());
    for chunk in plain.chunks_exact(C::block_size()) {
        let mut block: Array<u8, C::BlockSize> = Array::try_from(chunk).unwrap();
        cipher.encrypt_block(&mut block);
        encrypted.extend_from_slice(&block);
    }
    encrypted
}
