//! Card keys and the keystore: what a conversation asks for, in the keystore's words.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use cardwright_globalplatform::commands::{EncryptedKey, EncryptedKeySet, KeyType};
use cardwright_globalplatform::{DataEncryptionKey, KeyDerivation, KeyRequest, StaticKey};
use cardwright_issuance::flow::{Requests, Ring, Secrets, ToBeSigned};
use cardwright_issuance::row::KeySet;
use cardwright_keystore::{
    BlockMechanism, Derivation, Enciphering, Error, KeyId, KeyKind, KeyRef, Keystore, RewrapMechanism, Rewrapped,
    Rewrapping, Secret,
};
use zeroize::Zeroizing;

use crate::sealing;

/// The three keys of a set as the keystore takes them.
pub(super) struct CardKeys([KeyRef; 3]);

impl CardKeys {
    /// The keys of `set`.
    pub(super) fn new(set: &KeySet) -> Result<Self, Error> {
        let key = |role| sealing::card_key(set, role);
        Ok(Self([key(StaticKey::Enc)?, key(StaticKey::Mac)?, key(StaticKey::Dek)?]))
    }

    fn of(&self, role: StaticKey) -> &KeyRef {
        match role {
            StaticKey::Enc => &self.0[0],
            StaticKey::Mac => &self.0[1],
            StaticKey::Dek => &self.0[2],
        }
    }
}

/// The key sets that a flow works with.
pub(super) struct Rings {
    pub(super) opened: CardKeys,
    pub(super) new: Option<CardKeys>,
}

impl Rings {
    pub(super) fn of(&self, ring: Ring) -> &CardKeys {
        match ring {
            Ring::Opened => &self.opened,
            Ring::New => self.new.as_ref().unwrap_or(&self.opened),
        }
    }
}

/// What a flow asks to be derived, of both key sets in one call.
pub(super) fn derive(keystore: &dyn Keystore, rings: &Rings, asked: &Requests) -> Result<Secrets, Error> {
    let first = (rings.of(Ring::Opened), &asked.opened);
    let second = (rings.of(Ring::New), &asked.new);
    let requests: Vec<(&KeyRef, Derivation)> = [first, second]
        .into_iter()
        .flat_map(|(keys, requests)| {
            requests.iter().map(move |request| (keys.of(request.key), derivation(&request.derivation)))
        })
        .collect();
    let items: Vec<_> = requests.iter().map(|(key, derivation)| (*key, derivation)).collect();
    if items.is_empty() {
        return Ok(Secrets { opened: Vec::new(), new: Vec::new() });
    }
    let mut secrets = keystore.session_secrets(&items)?.into_iter().map(clear);
    let opened = secrets.by_ref().take(asked.opened.len()).collect();
    Ok(Secrets { opened, new: secrets.collect() })
}

/// What is asked of one key set.
pub(super) fn derive_of(
    keystore: &dyn Keystore,
    keys: &CardKeys,
    asked: Vec<KeyRequest>,
) -> Result<Vec<Zeroizing<Vec<u8>>>, Error> {
    let rings = Rings { opened: CardKeys(keys.0.clone()), new: None };
    Ok(derive(keystore, &rings, &Requests { opened: asked, new: Vec::new() })?.opened)
}

/// What encrypts secrets for a card: the static Key-DEK by AES (Amd D §6.2.8), or one that SCP02 derives from it for one
/// channel, by triple DES (GPCS §E.4.7).
pub(super) struct DataEncryption {
    under: KeyRef,
    put_key: RewrapMechanism,
    data: BlockMechanism,
}

impl DataEncryption {
    pub(super) fn new(keys: &CardKeys, key: &DataEncryptionKey) -> Self {
        let under = keys.of(StaticKey::Dek).clone();
        match key {
            DataEncryptionKey::Static => {
                Self { under, put_key: RewrapMechanism::AesCbcZeroIv, data: BlockMechanism::AesCbcZeroIv }
            }
            DataEncryptionKey::Derived(session) => Self {
                under: under.derive(derivation(session), KeyKind::Tdes2),
                put_key: RewrapMechanism::TdesEcb,
                data: BlockMechanism::TdesEcb,
            },
        }
    }
}

/// The issuer's keys encrypted under the card's transport Key-DEK, for PUT KEY.
pub(super) fn encrypt_for_card(
    keystore: &dyn Keystore,
    issuer: &CardKeys,
    transport: &DataEncryption,
    key_type: KeyType,
) -> Result<EncryptedKeySet, Error> {
    let (under, mechanism) = (&transport.under, transport.put_key);
    let items = issuer.0.each_ref().map(|key| Rewrapping { key, under, mechanism });
    let rewrapped = keystore.rewrap(&items)?;
    let [enc, mac, dek] = <[_; 3]>::try_from(rewrapped)
        .map_err(|results| Error::Unavailable(format!("{} results for three keys", results.len())))?;
    let key = |key: Rewrapped| EncryptedKey::new(key_type, key.ciphertext, key.kcv.0);
    let keys = [key(enc), key(mac), key(dek)].map(|key| key.map_err(|error| Error::Unavailable(error.to_string())));
    let [enc, mac, dek] = keys;
    EncryptedKeySet::new([enc?, mac?, dek?]).map_err(|error| Error::Unavailable(error.to_string()))
}

/// What goes onto the card under its issuer Key-DEK, each value by itself.
pub(super) fn encipher(
    keystore: &dyn Keystore,
    issuer: &DataEncryption,
    values: &[Zeroizing<Vec<u8>>],
) -> Result<Vec<Vec<u8>>, Error> {
    if values.is_empty() {
        return Ok(Vec::new());
    }
    let (under, mechanism) = (&issuer.under, issuer.data);
    let items: Vec<_> = values.iter().map(|data| Enciphering { under, mechanism, data }).collect();
    keystore.encipher_batch(&items)
}

/// The authorities that certify keys which cards made, and the bytes of their moduli. The key of a handle never
/// changes, so each is asked for once.
#[derive(Default)]
pub(super) struct Authorities(Mutex<BTreeMap<KeyId, usize>>);

impl Authorities {
    /// Signatures over certificates: RSA, PKCS#1 v1.5, so that the same key has the same certificate whoever makes it.
    pub(super) fn sign(&self, keystore: &dyn Keystore, wanted: &[ToBeSigned]) -> Result<Vec<Vec<u8>>, Error> {
        let block = |to_be_signed: &ToBeSigned| {
            let key: KeyId = to_be_signed.authority().parse()?;
            let length = self.modulus_length(keystore, &key)?;
            let short = || Error::Unavailable(format!("{key} is too short a key to sign certificates with"));
            let block = to_be_signed.block(length).ok_or_else(short)?;
            Ok((key, block))
        };
        let blocks = wanted.iter().map(block).collect::<Result<Vec<_>, Error>>()?;
        let items: Vec<_> = blocks.iter().map(|(key, block)| (key, &block[..])).collect();
        keystore.rsa_private_batch(&items)
    }

    fn modulus_length(&self, keystore: &dyn Keystore, key: &KeyId) -> Result<usize, Error> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(length) = known().get(key) {
            return Ok(*length);
        }
        let length = keystore.rsa_public_key(key)?.modulus.len();
        known().insert(key.clone(), length);
        Ok(length)
    }
}

fn derivation(asked: &KeyDerivation) -> Derivation {
    match asked {
        KeyDerivation::AesCmac { blocks, length } => Derivation::AesCmac { blocks: blocks.clone(), length: *length },
        KeyDerivation::TdesCbc { block } => Derivation::TdesCbc { block: *block },
        KeyDerivation::TdesEcb { blocks } => Derivation::TdesEcb { blocks: blocks.clone() },
    }
}

fn clear(secret: Secret) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(secret.expose().to_vec())
}
