//! What an issuance was opened on: with the OPEN message and the order's data, every script follows from it.

use minicbor::{Decode, Encode};

use crate::content::Content;

/// A key set by version and generation.
pub type KeySetName = (u8, u32);

/// What was known, and decided, when an issuance was opened. In the database it is CBOR in one column.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Basis {
    /// the key set that the card was opened with
    #[n(0)]
    pub opened_with: KeySetName,
    /// the key set that the issuance may put on the card
    #[n(1)]
    pub puts: Option<KeySetName>,
    /// whether an earlier attempt was left in the middle
    #[n(9)]
    pub settles: bool,
    /// whether what the card holds is not known, so that it is surveyed first
    #[n(2)]
    pub survey: bool,
    /// whether an earlier attempt proved everything that the order writes
    #[n(3)]
    pub verified: bool,
    /// whether somebody confirmed that an application is deleted before the new one is loaded
    #[n(4)]
    pub deletion_confirmed: bool,
    /// what the card held before the order, as recorded
    #[n(5)]
    pub content: Content,
    /// the name of the card's state before
    #[n(6)]
    pub card_state: String,
    /// versions of key sets that may be on the card besides the one it was opened with
    #[n(7)]
    #[cbor(with = "minicbor::bytes")]
    pub other_versions: Vec<u8>,
    /// whether a new key set goes beside the old one, and not in its place
    #[n(8)]
    pub beside: bool,
}

impl Basis {
    /// The encoding that a column holds.
    ///
    /// # Panics
    /// Never: memory takes every byte.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        minicbor::to_vec(self).expect("memory takes every byte, and every value here has an encoding")
    }

    /// Reads what [`Basis::to_bytes`] made.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        minicbor::decode(bytes).ok()
    }
}
