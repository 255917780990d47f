//! What the batches of the verbs consist of, and what comes of them.

use crate::{Derivation, Kcv, KeyId, KeyKind, KeyRef, PublishedKeys, RsaSize, WrappedKey, WrappedPurpose};

/// Data to encrypt.
#[derive(Clone, Copy)]
pub struct Encryption<'a> {
    /// a named Wrap key or a wrapped Data key
    pub key: &'a KeyRef,
    /// what the data belongs to; needed again to decrypt, not contained in the result
    pub associated_data: &'a [u8],
    /// the clear data, of any length
    pub data: &'a [u8],
}

/// Data to decrypt.
#[derive(Clone, Copy)]
pub struct Decryption<'a> {
    /// the key it was encrypted under
    pub key: &'a KeyRef,
    /// what it was encrypted with
    pub associated_data: &'a [u8],
    /// `nonce 12 ‖ ciphertext ‖ tag 16`
    pub sealed: &'a [u8],
}

/// A key to be made and sealed.
#[derive(Clone, Copy)]
pub struct NewWrappedKey<'a> {
    /// the named Wrap key it will be sealed under
    pub under: &'a KeyId,
    /// what the key belongs to
    pub associated_data: &'a [u8],
    /// what it is
    pub kind: KeyKind,
    /// the one thing it will do
    pub purpose: WrappedPurpose,
    /// where its value comes from
    pub source: Source<'a>,
}

/// Where a wrapped key's value comes from.
#[derive(Clone, Copy)]
pub enum Source<'a> {
    /// the keystore's randomness
    Random,
    /// a derivation, of a named Derive key or of a token's key
    Derived(&'a KeyRef, &'a Derivation),
    /// a clear value, as individual keys come with a shipment; the caller wipes its copy
    Clear {
        /// the value
        value: &'a [u8],
        /// the check value that came with it
        expected: Option<Kcv>,
        /// whether a published test key is taken
        published: PublishedKeys,
    },
}

/// A wrapped key, just made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrapped {
    /// the sealed key, for the caller to keep
    pub key: WrappedKey,
    /// its check value
    pub kcv: Kcv,
}

/// A key to be encrypted under another key of the token.
#[derive(Clone, Copy)]
pub struct Rewrapping<'a> {
    /// the key to be put on the token
    pub key: &'a KeyRef,
    /// the key that the token has
    pub under: &'a KeyRef,
    /// how
    pub mechanism: RewrapMechanism,
}

/// How a token wants keys encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RewrapMechanism {
    /// under AES: CBC with IV 0; an AES-192 key is filled up with 8 zero bytes (Amd D §6.2.8)
    AesCbcZeroIv,
    /// under 3DES: each 8-byte block by itself (GPCS §E.4.7)
    TdesEcb,
}

/// A key encrypted for the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewrapped {
    /// as long as the key, filled up to whole blocks
    pub ciphertext: Vec<u8>,
    /// the key's check value
    pub kcv: Kcv,
}

/// Whole blocks to encipher or decipher.
#[derive(Clone, Copy)]
pub struct Enciphering<'a> {
    /// the key; which ones a mechanism takes, it says itself
    pub under: &'a KeyRef,
    /// how
    pub mechanism: BlockMechanism,
    /// whole blocks, one at least; nothing is added
    pub data: &'a [u8],
}

/// How blocks are enciphered, and by which keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockMechanism {
    /// AES, CBC with IV 0, blocks of 16 bytes: data for a token (Amd D §6.2.8), under Token keys only
    AesCbcZeroIv,
    /// AES, each block of 16 bytes by itself, under Zone keys only
    AesEcb,
    /// 3DES, each block of 8 bytes by itself: data for a token (GPCS §E.4.7) under Token keys, and under Zone keys
    TdesEcb,
}

/// An RSA key to be made and sealed as data: for a token that will have it, not for the keystore to work with.
#[derive(Clone, Copy)]
pub struct NewSealedRsa<'a> {
    /// a named Wrap key or a wrapped Data key
    pub under: &'a KeyRef,
    /// what the key belongs to; needed again to open it
    pub associated_data: &'a [u8],
    /// how large it is to be
    pub size: RsaSize,
}
