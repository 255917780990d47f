//! A keystore for tests: static keys in memory, executing derivations as any keystore would.

use cardwright_globalplatform::{KeyDerivation, KeyRequest, SessionSecrets, StaticKey};
use cipher::{Array, BlockCipherEncrypt, BlockModeEncrypt, KeyInit, KeyIvInit};
use cmac::{Cmac, Mac};
use zeroize::Zeroizing;

/// The static keys of one key set.
#[derive(Clone)]
pub(crate) struct KeySet {
    pub(crate) enc: Vec<u8>,
    pub(crate) mac: Vec<u8>,
    pub(crate) dek: Vec<u8>,
}

impl KeySet {
    pub(crate) fn derive(&self, request: &KeyRequest) -> Vec<u8> {
        let key = match request.key {
            StaticKey::Enc => &self.enc,
            StaticKey::Mac => &self.mac,
            StaticKey::Dek => &self.dek,
        };
        execute(key, &request.derivation)
    }

    pub(crate) fn secrets(&self, requests: &[KeyRequest]) -> SessionSecrets {
        SessionSecrets::new(requests.iter().map(|request| Zeroizing::new(self.derive(request))).collect())
    }
}

/// Computes `derivation` under `key`.
pub(crate) fn execute(key: &[u8], derivation: &KeyDerivation) -> Vec<u8> {
    match derivation {
        KeyDerivation::AesCmac { blocks, length } => {
            let mut out: Vec<u8> = blocks.iter().flat_map(|block| aes_cmac(key, block)).collect();
            out.truncate(*length);
            out
        }
        KeyDerivation::TdesCbc { block } => {
            let mut encryptor =
                cbc::Encryptor::<des::TdesEde2>::new_from_slices(key, &[0; 8]).expect("keys are of 16 bytes");
            let mut out = *block;
            encryptor.encrypt_blocks(Array::slice_as_chunks_mut(&mut out).0);
            out.to_vec()
        }
        KeyDerivation::TdesEcb { blocks } => tdes_ecb(key, &blocks.concat()),
    }
}

/// Whole blocks under a two-key triple DES key.
pub(crate) fn tdes_ecb(key: &[u8], data: &[u8]) -> Vec<u8> {
    let cipher = des::TdesEde2::new_from_slice(key).expect("keys are of 16 bytes");
    let mut out = data.to_vec();
    cipher.encrypt_blocks(Array::slice_as_chunks_mut(&mut out).0);
    out
}

/// The full CMAC under an AES key of any size.
pub(crate) fn aes_cmac(key: &[u8], message: &[u8]) -> [u8; 16] {
    fn of<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Vec<u8> {
        let mut mac = <M as KeyInit>::new_from_slice(key).expect("the key's length chose the cipher");
        mac.update(message);
        mac.finalize().into_bytes().to_vec()
    }
    let tag = match key.len() {
        16 => of::<Cmac<aes::Aes128>>(key, message),
        24 => of::<Cmac<aes::Aes192>>(key, message),
        _ => of::<Cmac<aes::Aes256>>(key, message),
    };
    tag.try_into().expect("AES blocks are of 16 bytes")
}

/// One block under an AES key of any size.
pub(crate) fn aes_ecb_block(key: &[u8], block: [u8; 16]) -> [u8; 16] {
    fn of<C: BlockCipherEncrypt<BlockSize = cipher::consts::U16> + KeyInit>(key: &[u8], block: [u8; 16]) -> [u8; 16] {
        let mut block = Array::from(block);
        C::new_from_slice(key).expect("the key's length chose the cipher").encrypt_block(&mut block);
        block.into()
    }
    match key.len() {
        16 => of::<aes::Aes128>(key, block),
        24 => of::<aes::Aes192>(key, block),
        _ => of::<aes::Aes256>(key, block),
    }
}
