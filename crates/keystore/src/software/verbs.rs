//! The verbs, done in this process.

use zeroize::Zeroizing;

use super::contents::Entry;
use super::kept::Current;
use super::making::{check_halves, check_purpose, clear_value, kcv};
use super::resolve::{Resolved, Use, named, resolve};
use super::stack::leaving_no_trace;
use super::{SoftwareKeystore, aead, blocks, rsa, signature, symmetric};
use crate::{
    Decryption, Derivation, Enciphering, Encryption, Error, Kcv, KeyId, KeyInfo, KeyRef, Keystore, NewKey,
    NewSealedRsa, NewWrappedKey, Public, PublishedKeys, Purpose, Rewrapped, Rewrapping, RsaPublicKey, SealedRsa,
    Secret, Wrapped,
};

impl Keystore for SoftwareKeystore {
    fn generate(&self, new: &NewKey) -> Result<KeyInfo, Error> {
        check_purpose(new)?;
        leaving_no_trace(|| self.keep(Entry::new(new, self.random_key(new.kind)?)?))
    }

    fn import(
        &self,
        new: &NewKey,
        clear: &[u8],
        expected: Option<Kcv>,
        published: PublishedKeys,
    ) -> Result<KeyInfo, Error> {
        check_purpose(new)?;
        leaving_no_trace(|| {
            let value = clear_value(new.kind, clear, expected, published, new.purpose.may_transport())?;
            check_halves(new.kind, value.expose())?;
            self.keep(Entry::new(new, value)?)
        })
    }

    fn list(&self) -> Result<Vec<KeyInfo>, Error> {
        Ok(self.keys()?.values().map(|entry| entry.info.clone()).collect())
    }

    fn destroy(&self, key: &KeyId) -> Result<(), Error> {
        self.kept.change(&*self.random, |keys| keys.remove(key).map(drop).ok_or_else(|| Error::UnknownKey(key.clone())))
    }

    fn random(&self, length: usize) -> Result<Vec<u8>, Error> {
        if length > 0x1_0000 {
            return Err(Error::Length { what: "randomness", length, allowed: "0 to 65536" });
        }
        let mut bytes = vec![0; length];
        self.random.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn encrypt_batch(&self, items: &[Encryption<'_>]) -> Result<Vec<Vec<u8>>, Error> {
        let keys = self.keys()?;
        let encrypt = |item: &Encryption<'_>| {
            let key = resolve(&keys, item.key, Use::Data)?;
            aead::seal(key.value.expose(), &[], item.associated_data, item.data, &*self.random)
        };
        leaving_no_trace(|| items.iter().map(encrypt).collect())
    }

    fn decrypt_batch(&self, items: &[Decryption<'_>]) -> Result<Vec<Zeroizing<Vec<u8>>>, Error> {
        let keys = self.keys()?;
        let decrypt = |item: &Decryption<'_>| {
            let key = resolve(&keys, item.key, Use::Data)?;
            aead::open(key.value.expose(), item.associated_data, item.sealed)
        };
        leaving_no_trace(|| items.iter().map(decrypt).collect())
    }

    fn mac_batch(&self, items: &[(&KeyId, &[u8])]) -> Result<Vec<[u8; 32]>, Error> {
        let keys = self.keys()?;
        let mac = |(key, message): &(&KeyId, &[u8])| {
            let key = named(&keys, key, Purpose::Mac, "keyed hashes")?;
            Ok(symmetric::hmac_sha_256(key.value.expose(), message))
        };
        leaving_no_trace(|| items.iter().map(mac).collect())
    }

    fn sign_batch(&self, items: &[(&KeyId, &[u8])]) -> Result<Vec<Vec<u8>>, Error> {
        let keys = self.keys()?;
        let sign = |(key, message): &(&KeyId, &[u8])| {
            let key = named(&keys, key, Purpose::Sign, "signing")?;
            signature::sign(key.value.expose(), message)
        };
        leaving_no_trace(|| items.iter().map(sign).collect())
    }

    fn public_key(&self, key: &KeyId) -> Result<Vec<u8>, Error> {
        let keys = self.keys()?;
        let entry = named(&keys, key, Purpose::Sign, "signing");
        match &entry.or_else(|_| named(&keys, key, Purpose::RsaSign, "signing"))?.info.public {
            Public::Key(encoded) => Ok(encoded.clone()),
            Public::Kcv(_) => Err(Error::Damaged("a key for signing has no public key")),
        }
    }

    fn wrap_new_batch(&self, items: &[NewWrappedKey<'_>]) -> Result<Vec<Wrapped>, Error> {
        let keys = self.keys()?;
        leaving_no_trace(|| items.iter().map(|item| self.wrap(&keys, item)).collect())
    }

    fn rewrap(&self, items: &[Rewrapping<'_>]) -> Result<Vec<Rewrapped>, Error> {
        let keys = self.keys()?;
        let rewrap = |item: &Rewrapping<'_>| {
            let key = resolve(&keys, item.key, Use::Rewrapped)?;
            let under = resolve(&keys, item.under, Use::RewrapsOthers)?;
            let ciphertext =
                symmetric::encrypt_key(under.kind, under.value.expose(), key.value.expose(), item.mechanism)?;
            Ok(Rewrapped { ciphertext, kcv: kcv(key.kind, key.value.expose())? })
        };
        leaving_no_trace(|| items.iter().map(rewrap).collect())
    }

    fn session_secrets(&self, items: &[(&KeyRef, &Derivation)]) -> Result<Vec<Secret>, Error> {
        let keys = self.keys()?;
        let derive = |(key, derivation): &(&KeyRef, &Derivation)| {
            let key = resolve(&keys, key, Use::Session)?;
            symmetric::derive(key.kind, key.value.expose(), derivation)
        };
        leaving_no_trace(|| items.iter().map(derive).collect())
    }

    fn retail_mac_batch(&self, items: &[(&KeyId, &[u8])]) -> Result<Vec<[u8; 8]>, Error> {
        let keys = self.keys()?;
        let mac = |(key, message): &(&KeyId, &[u8])| {
            let key = named(&keys, key, Purpose::RetailMac, "retail MACs")?;
            blocks::retail_mac(key.value.expose(), message)
        };
        leaving_no_trace(|| items.iter().map(mac).collect())
    }

    fn encipher_batch(&self, items: &[Enciphering<'_>]) -> Result<Vec<Vec<u8>>, Error> {
        let keys = self.keys()?;
        let encipher = |item: &Enciphering<'_>| {
            blocks::encipher(&resolve(&keys, item.under, Use::of_enciphering(item.mechanism))?, item)
        };
        leaving_no_trace(|| items.iter().map(encipher).collect())
    }

    fn decipher_batch(&self, items: &[Enciphering<'_>]) -> Result<Vec<Secret>, Error> {
        let keys = self.keys()?;
        let decipher = |item: &Enciphering<'_>| {
            blocks::decipher(&resolve(&keys, item.under, Use::of_deciphering(item.mechanism))?, item)
        };
        leaving_no_trace(|| items.iter().map(decipher).collect())
    }

    fn rsa_private_batch(&self, items: &[(&KeyId, &[u8])]) -> Result<Vec<Vec<u8>>, Error> {
        let keys = self.keys()?;
        let entry = |(key, _): &(&KeyId, _)| named(&keys, key, Purpose::RsaSign, "raw RSA").cloned();
        let entries = items.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        // The keys are held, and changes wait, for the looking up alone: a batch of RSA takes its time.
        drop(keys);
        let private = |(key, (_, block)): (&Entry, &(&KeyId, &[u8]))| {
            rsa::private(key.value.expose(), &key.blinding, &*self.random, block)
        };
        leaving_no_trace(|| entries.iter().zip(items).map(private).collect())
    }

    fn rsa_public_key(&self, key: &KeyId) -> Result<RsaPublicKey, Error> {
        let keys = self.keys()?;
        let entry = named(&keys, key, Purpose::RsaSign, "raw RSA")?;
        leaving_no_trace(|| rsa::public(entry.value.expose()))
    }

    fn rsa_generate_sealed_batch(&self, items: &[NewSealedRsa<'_>]) -> Result<Vec<SealedRsa>, Error> {
        let keys = self.keys()?;
        let under = |item: &NewSealedRsa<'_>| resolve(&keys, item.under, Use::Data);
        let under = leaving_no_trace(|| items.iter().map(under).collect::<Result<Vec<_>, _>>())?;
        drop(keys);
        let generate = |(under, item): (&Resolved, &NewSealedRsa<'_>)| {
            let key = rsa::generate(item.size)?;
            let sealed = aead::seal(under.value.expose(), &[], item.associated_data, key.expose(), &*self.random)?;
            Ok(SealedRsa { public: rsa::public(key.expose())?, sealed })
        };
        leaving_no_trace(|| under.iter().zip(items).map(generate).collect())
    }
}

impl SoftwareKeystore {
    fn keys(&self) -> Result<Current<'_>, Error> {
        self.kept.current()
    }
}
