//! Personalization data: what preparation makes, what is sealed, and what the card is written from.

mod application;
mod face;
mod grouping;
mod level;
mod piv;
mod scope;
mod script;

pub use application::{Activation, Application, CommitPoint, Rewrite, Route};
pub use face::{FaceItem, FaceKind};
pub use grouping::{ProtectedDgi, Protection};
pub use level::{SecurityLevel, masked};
pub use piv::{CertificateTemplate, PivContent, PivKey, PivObject, PivReference};
pub use scope::Scope;
pub use script::{IssuerScript, ScriptLists};

use minicbor::{Decode, Encode};

use crate::encoding;

/// Everything one card is personalized with. Neither printable nor copyable; erased when dropped.
///
/// Its encoding is CBOR with integer keys: see `docs/profiles.md`.
#[derive(Encode, Decode)]
#[cbor(map)]
pub struct PersonalizationData {
    #[n(0)]
    pub(crate) format: encoding::Format,
    /// the profile it was made by
    #[n(1)]
    pub profile: ProfileReference,
    /// the level of the secure channel that the data must travel under
    #[n(2)]
    pub security_level: SecurityLevel,
    /// the card number as people may see it: see [`masked`]; empty in a change that needs no number
    #[n(3)]
    pub masked_number: String,
    /// the applications, in the order of their commit points
    #[n(4)]
    pub applications: Vec<Application>,
    /// the certification authorities that the data's EMV certificates lead to; none where there are no certificates
    #[n(5)]
    pub certification_keys: Vec<CertificationKey>,
    /// what is printed on the card
    #[n(6)]
    pub face: Vec<FaceItem>,
    /// what of a card it is: all of it, or what a change of a card in use writes
    #[cbor(n(7), with = "scope", has_nil)]
    pub scope: Scope,
}

/// The text of the profile that data was made by.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ProfileReference {
    /// the profile's name
    #[n(0)]
    pub name: String,
    /// the profile's version
    #[n(1)]
    pub version: u32,
    /// SHA-256 of the profile's text
    #[cbor(n(2), with = "minicbor::bytes")]
    pub digest: [u8; 32],
}

/// The public key of an EMV certification authority, as terminals know it: by RID and index.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct CertificationKey {
    /// the registered application provider
    #[cbor(n(0), with = "minicbor::bytes")]
    pub rid: [u8; 5],
    /// the key's index among the provider's keys: the value of tag 8F
    #[n(1)]
    pub index: u8,
    /// the modulus, big-endian, without leading zeros
    #[cbor(n(2), with = "minicbor::bytes")]
    pub modulus: Vec<u8>,
    /// the exponent: `03` or `010001`
    #[cbor(n(3), with = "minicbor::bytes")]
    pub exponent: Vec<u8>,
}
