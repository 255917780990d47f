//! The conformance suite: passed by the software keystore, in memory and in a file, and failed by bad ones.

use cardwright_keystore::conformance::CASES;
use cardwright_keystore::software::{Settings, SoftwareKeystore, SystemRandomness};
use cardwright_keystore::{
    Decryption, Derivation, Enciphering, Encryption, Error, Kcv, KeyId, KeyInfo, KeyRef, Keystore, NewKey,
    NewSealedRsa, NewWrappedKey, PublishedKeys, Purpose, Rewrapped, Rewrapping, RsaPublicKey, SealedRsa, Secret,
    Wrapped,
};
use zeroize::Zeroizing;

use crate::seeded;

fn in_memory() -> SoftwareKeystore {
    SoftwareKeystore::in_memory(Box::new(SystemRandomness))
}

#[test]
fn the_software_keystore_conforms() {
    for (name, case) in CASES {
        assert_eq!(case(&in_memory()), Ok(()), "{name}");
    }
}

#[test]
fn the_software_keystore_conforms_in_a_file() {
    for (name, case) in CASES {
        let place = tempfile::tempdir().unwrap();
        let settings = Settings { random: Box::new(SystemRandomness), ..seeded::settings() };
        let keystore = SoftwareKeystore::create(&place.path().join("keys"), b"passphrase", settings).unwrap();
        assert_eq!(case(&keystore), Ok(()), "{name}");
    }
}

/// What is wrong with a bad keystore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    GivesKeysOfMasters,
    ForgetsAssociatedData,
    TakesPublishedKeys,
    IgnoresCheckValues,
    RepeatsItsNonce,
    ReversesBatches,
    KeepsDestroyedKeys,
    CutsDerivations,
    ForgetsPadding,
    HashesWithoutKey,
    SignsSomethingElse,
    PadsMessages,
    ChainsSingleBlocks,
    SwapsBlocks,
    GivesWrongPowers,
    MakesSmallerRsaKeys,
    SealsAnotherRsaKey,
}

struct Bad(Fault, SoftwareKeystore);

impl Bad {
    fn has(&self, fault: Fault) -> bool {
        self.0 == fault
    }

    /// The master's twin, whose keys come out.
    fn twin(&self, key: &KeyRef) -> KeyRef {
        match key {
            KeyRef::Named(id) if self.has(Fault::GivesKeysOfMasters) => {
                let twin = KeyId::new(format!("{}-twin", id.name()), 1).unwrap();
                let known = self.1.list().unwrap().iter().any(|info| info.id == twin);
                KeyRef::Named(if known { twin } else { id.clone() })
            }
            other => other.clone(),
        }
    }
}

impl Keystore for Bad {
    fn generate(&self, new: &NewKey) -> Result<KeyInfo, Error> {
        if self.has(Fault::GivesKeysOfMasters) && new.purpose == Purpose::Derive {
            let id = KeyId::new(format!("{}-twin", new.id.name()), 1)?;
            self.1.generate(&NewKey { id, purpose: Purpose::Token, ..new.clone() })?;
        }
        self.1.generate(new)
    }

    fn import(&self, new: &NewKey, clear: &[u8], kcv: Option<Kcv>, published: PublishedKeys) -> Result<KeyInfo, Error> {
        let kcv = kcv.filter(|_| !self.has(Fault::IgnoresCheckValues));
        let taken = self.has(Fault::TakesPublishedKeys);
        self.1.import(new, clear, kcv, if taken { PublishedKeys::AllowedForTransport } else { published })
    }

    fn list(&self) -> Result<Vec<KeyInfo>, Error> {
        self.1.list()
    }

    fn destroy(&self, key: &KeyId) -> Result<(), Error> {
        if self.has(Fault::KeepsDestroyedKeys) { Ok(()) } else { self.1.destroy(key) }
    }

    fn random(&self, length: usize) -> Result<Vec<u8>, Error> {
        self.1.random(length)
    }

    fn encrypt_batch(&self, items: &[Encryption<'_>]) -> Result<Vec<Vec<u8>>, Error> {
        let mut items = items.to_vec();
        if self.has(Fault::ForgetsAssociatedData) {
            items.iter_mut().for_each(|item| item.associated_data = b"");
        }
        let mut sealed = self.1.encrypt_batch(&items)?;
        if let ([.., _], true) = (&*sealed, self.has(Fault::RepeatsItsNonce)) {
            let first = sealed[0].clone();
            sealed.fill(first);
        }
        Ok(sealed)
    }

    fn decrypt_batch(&self, items: &[Decryption<'_>]) -> Result<Vec<Zeroizing<Vec<u8>>>, Error> {
        let mut items = items.to_vec();
        if self.has(Fault::ForgetsAssociatedData) {
            items.iter_mut().for_each(|item| item.associated_data = b"");
        }
        self.1.decrypt_batch(&items)
    }

    fn mac_batch(&self, items: &[(&KeyId, &[u8])]) -> Result<Vec<[u8; 32]>, Error> {
        let macs = self.1.mac_batch(items)?;
        Ok(if self.has(Fault::HashesWithoutKey) { vec![[7; 32]; macs.len()] } else { macs })
    }

    fn sign_batch(&self, items: &[(&KeyId, &[u8])]) -> Result<Vec<Vec<u8>>, Error> {
        let other = |(key, _): &(&KeyId, &[u8])| self.1.sign(key, b"something else");
        if self.has(Fault::SignsSomethingElse) { items.iter().map(other).collect() } else { self.1.sign_batch(items) }
    }

    fn public_key(&self, key: &KeyId) -> Result<Vec<u8>, Error> {
        self.1.public_key(key)
    }

    fn wrap_new_batch(&self, items: &[NewWrappedKey<'_>]) -> Result<Vec<Wrapped>, Error> {
        let mut wrapped = self.1.wrap_new_batch(items)?;
        if self.has(Fault::ReversesBatches) {
            wrapped.reverse();
        }
        Ok(wrapped)
    }

    fn rewrap(&self, items: &[Rewrapping<'_>]) -> Result<Vec<Rewrapped>, Error> {
        let mut rewrapped = self.1.rewrap(items)?;
        if self.has(Fault::ForgetsPadding) {
            rewrapped.iter_mut().for_each(|key| key.ciphertext.truncate(24));
        }
        Ok(rewrapped)
    }

    fn session_secrets(&self, items: &[(&KeyRef, &Derivation)]) -> Result<Vec<Secret>, Error> {
        let keys: Vec<_> = items.iter().map(|(key, _)| self.twin(key)).collect();
        let items: Vec<_> = keys.iter().zip(items).map(|(key, (_, derivation))| (key, *derivation)).collect();
        let secrets = self.1.session_secrets(&items)?;
        if !self.has(Fault::CutsDerivations) {
            return Ok(secrets);
        }
        secrets
            .iter()
            .map(|secret| Secret::take(&mut secret.expose()[..secret.expose().len().min(16)].to_vec()))
            .collect()
    }

    fn retail_mac_batch(&self, items: &[(&KeyId, &[u8])]) -> Result<Vec<[u8; 8]>, Error> {
        let padding: &[u8] = if self.has(Fault::PadsMessages) { &[0x80, 0, 0, 0, 0, 0, 0, 0] } else { &[] };
        let messages: Vec<_> = items.iter().map(|(_, message)| [*message, padding].concat()).collect();
        let items: Vec<_> = items.iter().zip(&messages).map(|((key, _), message)| (*key, message.as_slice())).collect();
        self.1.retail_mac_batch(&items)
    }

    fn encipher_batch(&self, items: &[Enciphering<'_>]) -> Result<Vec<Vec<u8>>, Error> {
        let mut enciphered = self.1.encipher_batch(items)?;
        if self.has(Fault::ChainsSingleBlocks) {
            enciphered.iter_mut().filter(|data| data.len() > 16).for_each(|data| data[16] ^= 1);
        }
        Ok(enciphered)
    }

    fn decipher_batch(&self, items: &[Enciphering<'_>]) -> Result<Vec<Secret>, Error> {
        let mut deciphered = self.1.decipher_batch(items)?;
        if self.has(Fault::SwapsBlocks) {
            deciphered.reverse();
        }
        Ok(deciphered)
    }

    fn rsa_private_batch(&self, items: &[(&KeyId, &[u8])]) -> Result<Vec<Vec<u8>>, Error> {
        let mut powers = self.1.rsa_private_batch(items)?;
        if self.has(Fault::GivesWrongPowers) {
            powers.iter_mut().for_each(|power| power[20] ^= 1);
        }
        Ok(powers)
    }

    fn rsa_public_key(&self, key: &KeyId) -> Result<RsaPublicKey, Error> {
        let mut public = self.1.rsa_public_key(key)?;
        if self.has(Fault::MakesSmallerRsaKeys) {
            public.modulus.remove(0);
        }
        Ok(public)
    }

    fn rsa_generate_sealed_batch(&self, items: &[NewSealedRsa<'_>]) -> Result<Vec<SealedRsa>, Error> {
        let mut made = self.1.rsa_generate_sealed_batch(items)?;
        if self.has(Fault::SealsAnotherRsaKey) {
            let others = self.1.rsa_generate_sealed_batch(items)?;
            made.iter_mut().zip(others).for_each(|(made, other)| made.sealed = other.sealed);
        }
        Ok(made)
    }
}

#[test]
fn each_bad_keystore_is_caught_by_the_case_for_it() {
    for (fault, case) in [
        (Fault::GivesKeysOfMasters, "every key does the one thing it is for"),
        (Fault::ForgetsAssociatedData, "data opens under the same key and associated data only"),
        (Fault::TakesPublishedKeys, "published keys come in as transport keys at most"),
        (Fault::IgnoresCheckValues, "an import is checked"),
        (Fault::RepeatsItsNonce, "the same data never looks the same"),
        (Fault::ReversesBatches, "a batch is done as a whole, in its order"),
        (Fault::KeepsDestroyedKeys, "a key is listed until it is destroyed"),
        (Fault::CutsDerivations, "AES-CMAC gives the known answers"),
        (Fault::ForgetsPadding, "rewrapping gives the known answers"),
        (Fault::HashesWithoutKey, "HMAC gives the known answers"),
        (Fault::SignsSomethingElse, "signatures verify"),
        (Fault::PadsMessages, "the retail MAC gives the known answers"),
        (Fault::ChainsSingleBlocks, "enciphering gives the known answers"),
        (Fault::SwapsBlocks, "a batch of blocks is done as a whole"),
        (Fault::GivesWrongPowers, "raw RSA gives the known answer"),
        (Fault::MakesSmallerRsaKeys, "RSA keys have exactly the size asked for"),
        (Fault::SealsAnotherRsaKey, "sealed RSA keys open to all their numbers"),
    ] {
        let (_, check) = CASES.iter().find(|(name, _)| *name == case).unwrap();
        assert!(check(&Bad(fault, in_memory())).is_err(), "{fault:?} passed {case:?}");
    }
}
