//! Derivations as data: what is to be computed under a card's static key, for whoever holds that key to compute.

/// A static key of a card's key set (Amd D Table 6-1; GPCS Table E-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StaticKey {
    /// Key-ENC
    Enc,
    /// Key-MAC
    Mac,
    /// Key-DEK
    Dek,
}

impl StaticKey {
    /// All three, in the order in which PUT KEY and diversification take them.
    pub const ALL: [Self; 3] = [Self::Enc, Self::Mac, Self::Dek];

    /// The key identifier within the set: 1, 2, 3.
    #[must_use]
    pub fn identifier(self) -> u8 {
        match self {
            Self::Enc => 1,
            Self::Mac => 2,
            Self::Dek => 3,
        }
    }
}

/// A computation under one key that a keystore can execute without knowing cards.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum KeyDerivation {
    /// The AES-CMACs of `blocks` one after the other, cut to the first `length` bytes
    AesCmac {
        /// the messages, each MACed by itself
        blocks: Vec<Vec<u8>>,
        /// how many bytes of the concatenated MACs are the result
        length: usize,
    },
    /// Two-key triple DES in CBC mode, ICV zero, of 16 bytes
    TdesCbc {
        /// the plain text
        block: [u8; 16],
    },
    /// Two-key triple DES in ECB mode: each block by itself, one after the other
    TdesEcb {
        /// the plain text
        blocks: Vec<[u8; 8]>,
    },
}

impl KeyDerivation {
    /// How many bytes the result has.
    #[must_use]
    pub fn length(&self) -> usize {
        match self {
            Self::AesCmac { length, .. } => *length,
            Self::TdesCbc { .. } => 16,
            Self::TdesEcb { blocks } => 8 * blocks.len(),
        }
    }
}

/// One derivation that is asked for: under which key of the set, and what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeyRequest {
    /// the static key to compute under
    pub key: StaticKey,
    /// the computation
    pub derivation: KeyDerivation,
}

/// Constants of SCP03's data derivation (Amd D Table 4-1).
pub(crate) mod constant {
    pub(crate) const CARD_CRYPTOGRAM: u8 = 0x00;
    pub(crate) const HOST_CRYPTOGRAM: u8 = 0x01;
    pub(crate) const CARD_CHALLENGE: u8 = 0x02;
    pub(crate) const S_ENC: u8 = 0x04;
    pub(crate) const S_MAC: u8 = 0x06;
    pub(crate) const S_RMAC: u8 = 0x07;
}

/// SCP03's data derivation: SP 800-108 in counter mode with AES-CMAC (Amd D §4.1.5).
///
/// `constant` is the last byte of the label, `length` the result's in bytes (8, 16, 24 or 32).
#[must_use]
pub fn counter_mode(constant: u8, context: &[u8], length: usize) -> KeyDerivation {
    let blocks = (1..=length.div_ceil(16)).map(|counter| block(constant, context, length, counter as u8)).collect();
    KeyDerivation::AesCmac { blocks, length }
}

/// One block: label of 11 zero bytes and the constant, separator 00, L in bits, counter, context.
pub(crate) fn block(constant: u8, context: &[u8], length: usize, counter: u8) -> Vec<u8> {
    let mut block = vec![0; 11];
    block.extend_from_slice(&[constant, 0]);
    block.extend_from_slice(&(length as u16 * 8).to_be_bytes());
    block.push(counter);
    block.extend_from_slice(context);
    block
}

/// SCP02's session key derivation: the constant, the sequence counter and 12 zero bytes (GPCS §E.4.1).
#[must_use]
pub fn scp02_session_key(constant: [u8; 2], sequence_counter: [u8; 2]) -> KeyDerivation {
    let mut block = [0; 16];
    block[..2].copy_from_slice(&constant);
    block[2..4].copy_from_slice(&sequence_counter);
    KeyDerivation::TdesCbc { block }
}
