//! What an issuer's script to a payment application is made of: its keys, and what it is asked by first.
//!
//! What the script changes are the application's DGIs: records, offline limits, the PIN block.

use minicbor::{Decode, Encode};
use zeroize::Zeroize;

/// The keys and lists of the scripts to one payment application. Neither printable nor copyable; erased when dropped.
#[derive(Encode, Decode)]
#[cbor(map)]
pub struct IssuerScript {
    /// the card's keys of cryptograms, MACs and encipherment, 16 bytes each
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) keys: Vec<u8>,
    /// the value of tag 9F10, as the card was given it
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) issuer_application_data: Vec<u8>,
    /// what the application asks terminals for over its contacts
    #[n(2)]
    pub(crate) contact: ScriptLists,
    /// the same over the air, where it has records of its own for that
    #[n(3)]
    pub(crate) contactless: Option<ScriptLists>,
}

/// What a payment application asks of a terminal over one interface. Nothing of it is secret.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ScriptLists {
    /// the application interchange profile
    #[cbor(n(0), with = "minicbor::bytes")]
    pub interchange_profile: [u8; 2],
    /// PDOL (9F38); empty where there is none
    #[cbor(n(1), with = "minicbor::bytes")]
    pub options: Vec<u8>,
    /// CDOL1 (8C)
    #[cbor(n(2), with = "minicbor::bytes")]
    pub first: Vec<u8>,
    /// CDOL2 (8D)
    #[cbor(n(3), with = "minicbor::bytes")]
    pub second: Vec<u8>,
}

impl Drop for IssuerScript {
    fn drop(&mut self) {
        self.keys.zeroize();
    }
}
