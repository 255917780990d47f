//! What PIV fixes, value by value: the card holder's identifiers, data objects, certificates and references (NIST SP
//! 800-73-5 part 1; certificates by RFC 5280).
//!
//! Preparation makes values with it, and the check reads them back with it. Nothing here draws a random number or holds
//! a key: randomness comes in, and the certificates are signed elsewhere, when the card has made its keys.

mod certificate;
mod der;
mod extensions;
mod face_image;
mod fasc_n;
mod name;
mod objects;
mod public_key;

pub use certificate::{CertificateRequest, certificate_template, signature_block, signed_certificate};
pub use der::ObjectIdentifier;
pub use extensions::AlternativeNames;
pub use face_image::{FaceRecord, face_image, jpeg_size};
pub use fasc_n::FascN;
pub use name::DistinguishedName;
pub use objects::{PrintedInformation, capability_container, card_holder_identifier, discovery, printed_information};
pub use public_key::{PublicKey, is_modulus, is_point_of_p256, key_identifier};

pub(crate) use certificate::ReadTemplate;
pub(crate) use extensions::address_fault;
pub(crate) use face_image::{face_fault, read_face_record};
pub(crate) use objects::{LONGEST_AFFILIATION, LONGEST_NAME, expiry_of};

/// 5FC102: card holder unique identifier
pub const CARD_HOLDER_IDENTIFIER: u32 = 0x5F_C1_02;
/// 5FC107: card capability container
pub const CARD_CAPABILITY: u32 = 0x5F_C1_07;
/// 5FC108: the holder's face
pub const FACE_IMAGE: u32 = 0x5F_C1_08;
/// 5FC109: printed information
pub const PRINTED_INFORMATION: u32 = 0x5F_C1_09;
/// 7E: discovery object
pub const DISCOVERY: u32 = 0x7E;

/// Why a value does not go into a data object. It never holds the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{element}: {reason}; {remedy}")]
pub struct Unfit {
    /// what was to be made
    pub element: &'static str,
    /// what stands against it
    pub reason: &'static str,
    /// what can be done
    pub remedy: &'static str,
}

/// A card's UUID out of 16 random bytes (RFC 4122 §4.4, version 4).
#[must_use]
pub fn card_uuid(mut random: [u8; 16]) -> [u8; 16] {
    random[6] = random[6] & 0x0F | 0x40;
    random[8] = random[8] & 0x3F | 0x80;
    random
}

/// Whether it is a UUID of a version that PIV takes: 1, 4 or 5 (SP 800-73-5 part 1 §3.4.1).
pub(crate) fn is_card_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 16 && matches!(bytes[6] >> 4, 1 | 4 | 5) && bytes[8] >> 6 == 2
}
