//! A keystore that counts the calls it hands on: what a hardware security module would be asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use cardwright_keystore::{
    Decryption, Derivation, Enciphering, Encryption, Error, Kcv, KeyId, KeyInfo, KeyRef, Keystore, NewKey,
    NewSealedRsa, NewWrappedKey, PublishedKeys, Rewrapped, Rewrapping, RsaPublicKey, SealedRsa, Secret, Wrapped,
};
use zeroize::Zeroizing;

/// The keystore behind it does the work.
pub struct CountingKeystore<K> {
    /// what does the work
    pub keystore: K,
    /// how often it was called
    pub calls: Arc<AtomicU32>,
}

macro_rules! counted {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        $(fn $name(&self, $($argument: $type),*) -> Result<$result, Error> {
            self.calls.fetch_add(1, Ordering::SeqCst);
            self.keystore.$name($($argument),*)
        })*
    };
}

impl<K: Keystore> Keystore for CountingKeystore<K> {
    counted! {
        generate(new: &NewKey) -> KeyInfo;
        import(new: &NewKey, clear: &[u8], expected: Option<Kcv>, published: PublishedKeys) -> KeyInfo;
        list() -> Vec<KeyInfo>;
        destroy(key: &KeyId) -> ();
        random(length: usize) -> Vec<u8>;
        encrypt_batch(items: &[Encryption<'_>]) -> Vec<Vec<u8>>;
        decrypt_batch(items: &[Decryption<'_>]) -> Vec<Zeroizing<Vec<u8>>>;
        mac_batch(items: &[(&KeyId, &[u8])]) -> Vec<[u8; 32]>;
        sign_batch(items: &[(&KeyId, &[u8])]) -> Vec<Vec<u8>>;
        public_key(key: &KeyId) -> Vec<u8>;
        wrap_new_batch(items: &[NewWrappedKey<'_>]) -> Vec<Wrapped>;
        rewrap(items: &[Rewrapping<'_>]) -> Vec<Rewrapped>;
        session_secrets(items: &[(&KeyRef, &Derivation)]) -> Vec<Secret>;
        retail_mac_batch(items: &[(&KeyId, &[u8])]) -> Vec<[u8; 8]>;
        encipher_batch(items: &[Enciphering<'_>]) -> Vec<Vec<u8>>;
        decipher_batch(items: &[Enciphering<'_>]) -> Vec<Secret>;
        rsa_private_batch(items: &[(&KeyId, &[u8])]) -> Vec<Vec<u8>>;
        rsa_public_key(key: &KeyId) -> RsaPublicKey;
        rsa_generate_sealed_batch(items: &[NewSealedRsa<'_>]) -> Vec<SealedRsa>;
    }
}
