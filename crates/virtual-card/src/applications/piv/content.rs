//! What the application keeps without power.

use cardwright_apdu::tlv;
use serde::{Deserialize, Serialize};

use super::cryptography::{KeyReference, PrivateKey};
use super::stored::StoredPiv;
use crate::secret::Secret;

/// Tries of PIN and PUK (SP 800-73-5 part 1 §5.1: 10 or lower for the PIN, the issuer's for the PUK).
pub(super) const TRIES: u8 = 3;
/// The X.509 certificate for card authentication (part 1 Table 3).
const CARD_AUTHENTICATION_CERTIFICATE: u32 = 0x5F_C1_01;

/// The application's persistent data.
#[derive(Default, Serialize, Deserialize)]
#[serde(try_from = "StoredPiv")]
pub struct PivData {
    /// in the order in which they were first written
    pub(super) objects: Vec<StoredObject>,
    /// in the order in which they were first made
    pub(super) keys: Vec<StoredKey>,
    /// made by the issuer on a card in use: each takes its place together with its certificate
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) waiting: Vec<StoredKey>,
    /// key reference 80
    pub(super) pin: Option<Reference>,
    /// key reference 81
    pub(super) puk: Option<Reference>,
    /// key reference 9B
    pub(super) administration: Option<AdministrationKey>,
    /// whether personalization is complete
    pub(super) complete: bool,
}

/// A data object: some need the PIN, so that all are treated as secret.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredObject {
    /// `5FC1xx` or `7F61`
    pub(super) tag: u32,
    /// what stands inside 53 or 7F61
    pub(super) value: Secret,
}

/// A private key and what it is for.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredKey {
    pub(super) reference: KeyReference,
    pub(super) private: PrivateKey,
}

/// A PIN or a PUK.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reference {
    /// 8 bytes
    pub(super) value: Secret,
    /// tries left
    pub(super) tries: u8,
}

/// The key of the application's administrator.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AdministrationKey {
    /// 03, 08, 0A or 0C
    pub(super) algorithm: u8,
    /// 24, 16, 24 or 32 bytes
    pub(super) value: Secret,
}

impl Reference {
    /// `value` with all its tries.
    pub(super) fn new(value: Secret) -> Self {
        Self { value, tries: TRIES }
    }
}

impl PivData {
    /// A card-authentication key (P-256, 32 bytes) with the DER `certificate` of its public key, and nothing else: a
    /// reader's SAM.
    #[must_use]
    pub fn security_access_module(private_key: Secret, certificate: &[u8]) -> Self {
        let object = [tlv::element(0x70, certificate), tlv::element(0x71, &[0]), tlv::element(0xFE, &[])].concat();
        Self::of_one_key(private_key, object)
    }

    /// The same, from what stands inside the certificate's object.
    pub(super) fn of_one_key(private_key: Secret, object: Vec<u8>) -> Self {
        let key = StoredKey { reference: KeyReference::CardAuthentication, private: PrivateKey::P256(private_key) };
        let object = StoredObject { tag: CARD_AUTHENTICATION_CERTIFICATE, value: Secret::new(object) };
        Self { objects: vec![object], keys: vec![key], complete: true, ..Self::default() }
    }

    /// Whether personalization is complete.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Tags and lengths of the objects.
    pub fn objects(&self) -> impl Iterator<Item = (u32, usize)> + '_ {
        self.objects.iter().map(|object| (object.tag, object.value.expose().len()))
    }

    /// Key references (9A, 9C, 9D, 9E) and algorithms (07, 11) of the private keys.
    pub fn keys(&self) -> impl Iterator<Item = (u8, u8)> + '_ {
        self.keys.iter().map(|key| (key.reference.code(), key.private.algorithm().code()))
    }

    /// Tries left of PIN and PUK; `None` where there is none.
    #[must_use]
    pub fn tries(&self) -> [Option<u8>; 2] {
        [&self.pin, &self.puk].map(|reference| reference.as_ref().map(|reference| reference.tries))
    }

    pub(in crate::applications) fn memory_used(&self) -> usize {
        let objects: usize = self.objects().map(|(_, length)| length + 8).sum();
        let keys: usize = self.keys.iter().chain(&self.waiting).map(|key| key.private.memory_used() + 8).sum();
        let references = [&self.pin, &self.puk].into_iter().flatten().count() * 16;
        let administration = self.administration.as_ref().map_or(0, |key| key.value.expose().len() + 8);
        objects + keys + references + administration
    }

    pub(super) fn object(&self, tag: u32) -> Option<&[u8]> {
        self.objects.iter().find(|object| object.tag == tag).map(|object| object.value.expose())
    }

    pub(super) fn key(&self, reference: KeyReference) -> Option<&PrivateKey> {
        self.keys.iter().find(|key| key.reference == reference).map(|key| &key.private)
    }

    /// Replaces the object with `tag` as a whole; an empty one is not kept.
    pub(super) fn keep_object(&mut self, tag: u32, value: Secret) {
        match self.objects.iter_mut().find(|object| object.tag == tag) {
            Some(object) => object.value = value,
            None => self.objects.push(StoredObject { tag, value }),
        }
        self.objects.retain(|object| !object.value.expose().is_empty());
    }

    /// The key for `reference` that waits for its certificate.
    pub(super) fn waiting_key(&self, reference: KeyReference) -> Option<&PrivateKey> {
        self.waiting.iter().find(|key| key.reference == reference).map(|key| &key.private)
    }

    /// Keeps a key until its certificate comes; one that waited before is forgotten.
    pub(super) fn keep_waiting(&mut self, reference: KeyReference, private: PrivateKey) {
        self.waiting.retain(|key| key.reference != reference);
        self.waiting.push(StoredKey { reference, private });
    }

    /// Of the keys that wait the one whose certificate's object this is: it is for `tag`, and has its public key.
    pub(super) fn certified_by(&self, tag: u32, object: &[u8]) -> Option<KeyReference> {
        let key = self.waiting.iter().find(|key| key.reference.certificate() == tag)?;
        let public = key.private.public_bytes()?;
        object.windows(public.len()).any(|part| part == public).then_some(key.reference)
    }

    /// A key that waited takes its place.
    pub(super) fn put_in_use(&mut self, reference: KeyReference) {
        if let Some(at) = self.waiting.iter().position(|key| key.reference == reference) {
            let key = self.waiting.remove(at);
            self.keep_key(reference, key.private);
        }
    }

    /// Replaces the key for `reference`, and forgets one that waited.
    pub(super) fn keep_key(&mut self, reference: KeyReference, private: PrivateKey) {
        self.waiting.retain(|key| key.reference != reference);
        match self.keys.iter_mut().find(|key| key.reference == reference) {
            Some(key) => key.private = private,
            None => self.keys.push(StoredKey { reference, private }),
        }
    }
}
