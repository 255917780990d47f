//! What a PIV application is made of (NIST SP 800-73): objects, keys that the card makes, references.

mod reading;

pub(super) use reading::read;

use cardwright_keystore::KeyId;

use crate::piv::ObjectIdentifier;

/// The table `[application.piv]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PivProfile {
    /// the keystore's RSA key that signs the certificates
    pub authority: KeyId,
    /// the authority's distinguished name, the widest part (the country) first; constants alone
    pub authority_name: Vec<NamePart>,
    /// the data objects
    pub objects: Vec<PivObjectProfile>,
    /// the keys that are made on the card
    pub keys: Vec<PivKeyProfile>,
    /// PIN, PUK and administration key
    pub references: Vec<PivReferenceProfile>,
}

/// One part of a distinguished name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePart {
    /// which attribute
    pub attribute: NameAttribute,
    /// its value
    pub value: TextSource,
}

/// An attribute of a distinguished name (RFC 5280 annex A, X.520).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameAttribute {
    /// C, two letters
    Country,
    /// O
    Organization,
    /// OU
    OrganizationalUnit,
    /// CN
    CommonName,
    /// serialNumber
    SerialNumber,
}

/// Where a text comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextSource {
    /// the same on every card
    Constant(String),
    /// a field of the order
    Field(String),
}

/// One data object. Certificates are not among them: they come with the keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PivObjectProfile {
    /// 5FC102: card holder unique identifier; its FASC-N is made of these numbers and the card number
    Chuid {
        /// agency code, 4 digits
        agency: String,
        /// system code, 4 digits
        system: String,
    },
    /// 5FC107: card capability container
    CardCapability,
    /// 5FC109: printed information
    PrintedInformation {
        /// the holder's name
        name: TextSource,
        /// affiliation
        affiliation: TextSource,
        /// whether the name is written in the letters A to Z
        transliterated: bool,
    },
    /// 5FC108: the face, from the photo field
    FaceImage {
        /// the field
        field: String,
    },
    /// 7E: discovery object
    Discovery,
}

/// A key that is made on the card, and its certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PivKeyProfile {
    /// `9A` authentication, `9C` signature, `9D` key management, `9E` card authentication
    pub slot: u8,
    /// `07` RSA-2048, `11` P-256
    pub algorithm: u8,
    /// the certificate's subject
    pub subject: Vec<NamePart>,
    /// an e-mail address for the subject's alternative name
    pub email: Option<TextSource>,
    /// the name that a directory logs the holder in by (UPN), for the subject's alternative name
    pub principal: Option<TextSource>,
    /// the policies that the certificate is issued under
    pub policies: Vec<ObjectIdentifier>,
}

/// A reference value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PivReferenceProfile {
    /// `80` PIN, `81` PUK, `9B` administration key
    pub reference: u8,
    /// of `9B`: `03` 3DES, `08` AES-128, `0A` AES-192, `0C` AES-256; otherwise 0
    pub algorithm: u8,
    /// where its value comes from
    pub source: PivReferenceSource,
}

/// Where a reference value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PivReferenceSource {
    /// PIN or PUK: the PIN block of a field, under the zone key and in the format of the profile's `[pin]`
    Block(String),
    /// PIN: what the profile's `[pin]` makes; PUK: 8 random digits, which go the way of that PIN
    Generated,
    /// administration key: derived from a Personalize master by the card number
    Derived(KeyId),
}

impl PivProfile {
    /// The fields that it is made of.
    pub(super) fn fields(&self) -> Vec<&str> {
        let texts = self
            .keys
            .iter()
            .flat_map(|key| key.subject.iter().map(|part| &part.value).chain(&key.email).chain(&key.principal));
        let texts = texts.chain(self.authority_name.iter().map(|part| &part.value));
        let mut all: Vec<&str> = texts.filter_map(TextSource::field).collect();
        for object in &self.objects {
            match object {
                PivObjectProfile::PrintedInformation { name, affiliation, .. } => {
                    all.extend(name.field().into_iter().chain(affiliation.field()));
                }
                PivObjectProfile::FaceImage { field } => all.push(field),
                _ => {}
            }
        }
        all.extend(self.references.iter().filter_map(|reference| match &reference.source {
            PivReferenceSource::Block(field) => Some(field.as_str()),
            _ => None,
        }));
        all
    }
}

impl TextSource {
    /// The field, if it is one.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Field(field) => Some(field),
            Self::Constant(_) => None,
        }
    }
}
