//! The verbs.

use zeroize::Zeroizing;

use crate::{
    Decryption, Derivation, Enciphering, Encryption, Error, Kcv, KeyId, KeyInfo, KeyRef, NewKey, NewSealedRsa,
    NewWrappedKey, PublishedKeys, Rewrapped, Rewrapping, RsaPublicKey, SealedRsa, Secret, Wrapped,
};

/// What keeps keys and works with them. All verbs may be called from many threads at once; they block, for
/// microseconds in software, perhaps for milliseconds in hardware; making, importing and destroying keys takes as long
/// as writing them down. A batch is done as a whole or not at all, and its results stand in the order of its items.
///
/// Every verb fails with [`Error::UnknownKey`] for a handle that is not there, [`Error::NotAllowed`] where a purpose
/// does not allow it, [`Error::Unsuitable`] and [`Error::Length`] where kinds and lengths do not fit, and
/// [`Error::NotAuthentic`] for a wrapped key that was changed or is used with other associated data.
pub trait Keystore: Send + Sync {
    /// Makes a key from the keystore's own randomness and keeps it.
    ///
    /// # Errors
    /// [`Error::KeyExists`], [`Error::Unsuitable`]; the backend's own.
    fn generate(&self, new: &NewKey) -> Result<KeyInfo, Error>;

    /// Takes in a clear key value, once, at a key ceremony: of an RSA key PKCS#8 in DER (RFC 5208, RFC 8017 §A.1.2), of
    /// all others the bytes. `expected` is the check value on the ceremony's papers; RSA and P-256 keys have none.
    /// The caller wipes its own copy of `clear`.
    ///
    /// # Errors
    /// As [`Keystore::generate`]; [`Error::KcvMismatch`], [`Error::KeyValue`], and [`Error::PublishedKey`] unless
    /// `published` allows it (it does for Derive and Token only).
    fn import(
        &self,
        new: &NewKey,
        clear: &[u8],
        expected: Option<Kcv>,
        published: PublishedKeys,
    ) -> Result<KeyInfo, Error>;

    /// All keys, by name and version.
    ///
    /// # Errors
    /// The backend's own.
    fn list(&self) -> Result<Vec<KeyInfo>, Error>;

    /// Destroys a key. What was sealed under it can never be opened again.
    ///
    /// # Errors
    /// [`Error::UnknownKey`]; the backend's own.
    fn destroy(&self, key: &KeyId) -> Result<(), Error>;

    /// `length` random bytes, 65,536 at most.
    ///
    /// # Errors
    /// [`Error::Length`]; [`Error::Unavailable`].
    fn random(&self, length: usize) -> Result<Vec<u8>, Error>;

    /// Encrypts each item (AES-256-GCM, SP 800-38D, random nonce): `nonce 12 ‖ ciphertext ‖ tag 16`.
    /// The keys are named Wrap keys or wrapped Data keys.
    ///
    /// # Errors
    /// Those of all verbs.
    fn encrypt_batch(&self, items: &[Encryption<'_>]) -> Result<Vec<Vec<u8>>, Error>;

    /// Decrypts what [`Keystore::encrypt_batch`] gave.
    ///
    /// # Errors
    /// [`Error::NotAuthentic`] where one of the items is; those of all verbs.
    fn decrypt_batch(&self, items: &[Decryption<'_>]) -> Result<Vec<Zeroizing<Vec<u8>>>, Error>;

    /// The HMAC-SHA-256 (RFC 2104) of each message under its Mac key.
    ///
    /// # Errors
    /// Those of all verbs.
    fn mac_batch(&self, items: &[(&KeyId, &[u8])]) -> Result<Vec<[u8; 32]>, Error>;

    /// The signature of each message under its Sign key: ECDSA, P-256, SHA-256, `ECDSA-Sig-Value` in DER (RFC 3279).
    ///
    /// # Errors
    /// Those of all verbs.
    fn sign_batch(&self, items: &[(&KeyId, &[u8])]) -> Result<Vec<Vec<u8>>, Error>;

    /// The public key of a Sign or RsaSign key: SubjectPublicKeyInfo, DER (RFC 5480, RFC 3279).
    ///
    /// # Errors
    /// Those of all verbs.
    fn public_key(&self, key: &KeyId) -> Result<Vec<u8>, Error>;

    /// Makes keys and seals each under a named Wrap key. No clear value comes out.
    ///
    /// # Errors
    /// [`Error::PublishedKey`], [`Error::KcvMismatch`] and [`Error::KeyValue`] for clear sources; those of all verbs.
    fn wrap_new_batch(&self, items: &[NewWrappedKey<'_>]) -> Result<Vec<Wrapped>, Error>;

    /// Encrypts token keys under other keys of the token, for putting them there. `key` is a wrapped Token key or a
    /// derived one; `under` may be a named Token key too.
    ///
    /// # Errors
    /// Those of all verbs.
    fn rewrap(&self, items: &[Rewrapping<'_>]) -> Result<Vec<Rewrapped>, Error>;

    /// Yields secrets: what each derivation makes of a token's key, or of a master for personalization. The key is a
    /// named or wrapped Token key, derived, or a named Personalize key; a Derive key directly is refused, for that
    /// would give a token's key away.
    ///
    /// # Errors
    /// Those of all verbs.
    fn session_secrets(&self, items: &[(&KeyRef, &Derivation)]) -> Result<Vec<Secret>, Error>;

    /// The MAC of each message under its RetailMac key: ISO/IEC 9797-1 algorithm 3, IV 0, whole. The message is whole
    /// blocks of 8 bytes, one at least; no padding is added. Of one block, the MAC is its encryption (EDE).
    ///
    /// # Errors
    /// Those of all verbs.
    fn retail_mac_batch(&self, items: &[(&KeyId, &[u8])]) -> Result<Vec<[u8; 8]>, Error>;

    /// Enciphers blocks: data for a token under its key, a named, wrapped or derived Token key; or a block for another
    /// party under a named Zone key. [`BlockMechanism`](crate::BlockMechanism) says which mechanism is for which.
    ///
    /// # Errors
    /// Those of all verbs.
    fn encipher_batch(&self, items: &[Enciphering<'_>]) -> Result<Vec<Vec<u8>>, Error>;

    /// Yields secrets: the blocks that another party enciphered under a named Zone key, which both have. What was
    /// enciphered for a token is refused: only the token opens it.
    ///
    /// # Errors
    /// Those of all verbs.
    fn decipher_batch(&self, items: &[Enciphering<'_>]) -> Result<Vec<Secret>, Error>;

    /// The raw RSA operation with each private key, an RsaSign key: the block, as long as the modulus and numerically
    /// below it, to the power of d. Each result was verified with the public key before it comes out.
    ///
    /// # Errors
    /// Those of all verbs; [`Error::Unavailable`] for a result that does not verify.
    fn rsa_private_batch(&self, items: &[(&KeyId, &[u8])]) -> Result<Vec<Vec<u8>>, Error>;

    /// The public key of an RsaSign key.
    ///
    /// # Errors
    /// Those of all verbs.
    fn rsa_public_key(&self, key: &KeyId) -> Result<RsaPublicKey, Error>;

    /// Makes RSA keys for tokens, and encrypts the [`RsaComponents`](crate::RsaComponents) of each as
    /// [`Keystore::encrypt_batch`] does. Takes a tenth of a second for each and more: nobody should be waiting.
    ///
    /// # Errors
    /// Those of all verbs.
    fn rsa_generate_sealed_batch(&self, items: &[NewSealedRsa<'_>]) -> Result<Vec<SealedRsa>, Error>;

    /// One item of [`Keystore::encrypt_batch`].
    ///
    /// # Errors
    /// As there.
    fn encrypt(&self, key: &KeyRef, associated_data: &[u8], data: &[u8]) -> Result<Vec<u8>, Error> {
        only(self.encrypt_batch(&[Encryption { key, associated_data, data }])?)
    }

    /// One item of [`Keystore::decrypt_batch`].
    ///
    /// # Errors
    /// As there.
    fn decrypt(&self, key: &KeyRef, associated_data: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        only(self.decrypt_batch(&[Decryption { key, associated_data, sealed }])?)
    }

    /// One item of [`Keystore::mac_batch`].
    ///
    /// # Errors
    /// As there.
    fn mac(&self, key: &KeyId, message: &[u8]) -> Result<[u8; 32], Error> {
        only(self.mac_batch(&[(key, message)])?)
    }

    /// One item of [`Keystore::sign_batch`].
    ///
    /// # Errors
    /// As there.
    fn sign(&self, key: &KeyId, message: &[u8]) -> Result<Vec<u8>, Error> {
        only(self.sign_batch(&[(key, message)])?)
    }

    /// One item of [`Keystore::retail_mac_batch`].
    ///
    /// # Errors
    /// As there.
    fn retail_mac(&self, key: &KeyId, message: &[u8]) -> Result<[u8; 8], Error> {
        only(self.retail_mac_batch(&[(key, message)])?)
    }

    /// One item of [`Keystore::encipher_batch`].
    ///
    /// # Errors
    /// As there.
    fn encipher(&self, item: &Enciphering<'_>) -> Result<Vec<u8>, Error> {
        only(self.encipher_batch(std::slice::from_ref(item))?)
    }

    /// One item of [`Keystore::decipher_batch`].
    ///
    /// # Errors
    /// As there.
    fn decipher(&self, item: &Enciphering<'_>) -> Result<Secret, Error> {
        only(self.decipher_batch(std::slice::from_ref(item))?)
    }

    /// One item of [`Keystore::rsa_private_batch`].
    ///
    /// # Errors
    /// As there.
    fn rsa_private(&self, key: &KeyId, block: &[u8]) -> Result<Vec<u8>, Error> {
        only(self.rsa_private_batch(&[(key, block)])?)
    }

    /// One item of [`Keystore::wrap_new_batch`].
    ///
    /// # Errors
    /// As there.
    fn wrap_new(&self, new: &NewWrappedKey<'_>) -> Result<Wrapped, Error> {
        only(self.wrap_new_batch(std::slice::from_ref(new))?)
    }
}

/// The only result of a batch of one.
fn only<T>(results: Vec<T>) -> Result<T, Error> {
    let [result] = <[T; 1]>::try_from(results)
        .map_err(|results| Error::Unavailable(format!("{} results for one item", results.len())))?;
    Ok(result)
}
