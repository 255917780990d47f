//! Card keys as a center has them: wrapped, and used by the keystore alone.

use cardwright_globalplatform::commands::KeyType;
use cardwright_globalplatform::{DataEncryptionKey, KeyDerivation, KeyRequest};
use cardwright_keystore::software::{SoftwareKeystore, SystemRandomness};
use cardwright_keystore::{
    BlockMechanism, Derivation, Enciphering, KeyId, KeyKind, KeyRef, Keystore, NewKey, NewWrappedKey, PublishedKeys,
    Purpose, RewrapMechanism, Source, WrappedPurpose,
};
use zeroize::Zeroizing;

/// A keystore in memory, and the key that card keys are wrapped under.
pub(crate) struct WrappedKeys {
    pub(crate) keystore: SoftwareKeystore,
    wrap: KeyId,
}

impl WrappedKeys {
    pub(crate) fn new() -> Self {
        let keystore = SoftwareKeystore::in_memory(Box::new(SystemRandomness));
        let wrap = KeyId::new("card-storage", 1).unwrap();
        let new = NewKey { id: wrap.clone(), kind: KeyKind::Aes256, purpose: Purpose::Wrap, created: 0 };
        keystore.generate(&new).unwrap();
        Self { keystore, wrap }
    }

    fn wrapped(&self, kind: KeyKind, value: &[u8]) -> (KeyRef, [u8; 3]) {
        let source = Source::Clear { value, expected: None, published: PublishedKeys::Refused };
        let purpose = WrappedPurpose::Token;
        let new = NewWrappedKey { under: &self.wrap, associated_data: b"card", kind, purpose, source };
        let wrapped = self.keystore.wrap_new(&new).unwrap();
        (wrapped.key.into(), wrapped.kcv.0)
    }

    /// ENC, MAC and DEK of `length` bytes, as different as their seeds.
    pub(crate) fn values(seed: u8, length: usize) -> [Vec<u8>; 3] {
        [1u8, 2, 3].map(|role| (0..length).map(|place| seed ^ (place as u8 * 7) ^ (role << 5)).collect())
    }

    /// ENC, MAC and DEK, wrapped, and their check values.
    pub(crate) fn set(&self, seed: u8, key_type: KeyType) -> ([KeyRef; 3], [[u8; 3]; 3]) {
        let (kind, length) = match key_type {
            KeyType::TripleDes => (KeyKind::Tdes2, 16),
            KeyType::Aes128 => (KeyKind::Aes128, 16),
            KeyType::Aes192 => (KeyKind::Aes192, 24),
            KeyType::Aes256 => (KeyKind::Aes256, 32),
        };
        let values = Self::values(seed, length);
        let wrapped = values.map(|value| self.wrapped(kind, &value));
        let check_values = wrapped.each_ref().map(|(_, kcv)| *kcv);
        (wrapped.map(|(key, _)| key), check_values)
    }

    /// `values` under the Key-DEK of `keys` or one derived from it, each by itself.
    pub(crate) fn encipher(
        &self,
        keys: &[KeyRef; 3],
        key: &DataEncryptionKey,
        values: &[Zeroizing<Vec<u8>>],
    ) -> Vec<Vec<u8>> {
        let (under, mechanism, _) = data_encryption(keys, key);
        let items: Vec<_> = values.iter().map(|data| Enciphering { under: &under, mechanism, data }).collect();
        if items.is_empty() { Vec::new() } else { self.keystore.encipher_batch(&items).unwrap() }
    }

    pub(crate) fn derive(&self, keys: &[KeyRef; 3], requests: &[KeyRequest]) -> Vec<Zeroizing<Vec<u8>>> {
        let items: Vec<_> = requests
            .iter()
            .map(|request| {
                let key = &keys[usize::from(request.key.identifier()) - 1];
                (key, derivation(&request.derivation))
            })
            .collect();
        let items: Vec<_> = items.iter().map(|(key, derivation)| (*key, derivation)).collect();
        if items.is_empty() {
            return Vec::new();
        }
        let secrets = self.keystore.session_secrets(&items).unwrap();
        secrets.iter().map(|secret| Zeroizing::new(secret.expose().to_vec())).collect()
    }
}

fn derivation(asked: &KeyDerivation) -> Derivation {
    match asked {
        KeyDerivation::AesCmac { blocks, length } => Derivation::AesCmac { blocks: blocks.clone(), length: *length },
        KeyDerivation::TdesCbc { block } => Derivation::TdesCbc { block: *block },
        KeyDerivation::TdesEcb { blocks } => Derivation::TdesEcb { blocks: blocks.clone() },
    }
}

/// The key that encrypts data for a card, and how it does it: for data, and for keys.
pub(crate) fn data_encryption(
    keys: &[KeyRef; 3],
    key: &DataEncryptionKey,
) -> (KeyRef, BlockMechanism, RewrapMechanism) {
    let dek = keys[2].clone();
    match key {
        DataEncryptionKey::Static => (dek, BlockMechanism::AesCbcZeroIv, RewrapMechanism::AesCbcZeroIv),
        DataEncryptionKey::Derived(session) => {
            let session = dek.derive(derivation(session), KeyKind::Tdes2);
            (session, BlockMechanism::TdesEcb, RewrapMechanism::TdesEcb)
        }
    }
}
