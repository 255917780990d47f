//! Rows of what is made ahead of cards and certified for them. Days are days since 1970 UTC, times microseconds.

use cardwright_issuance::Id;

/// A card's RSA key, made before any card waited for it. It is taken once, in the commit that prepares an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolKey {
    /// what it is sealed for
    pub id: Id,
    /// length of the modulus
    pub bits: u16,
    /// 3 or 65537
    pub exponent: u32,
    /// the modulus, big-endian
    pub modulus: Vec<u8>,
    /// the private parts, sealed by the keystore
    pub sealed: Vec<u8>,
    /// when it was made
    pub made: i64,
}

/// How many keys of a size are in the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolLevel {
    /// length of the modulus
    pub bits: u16,
    /// 3 or 65537
    pub exponent: u32,
    /// keys that nobody has taken
    pub keys: u32,
}

/// The number of an order's card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardNumber {
    /// the order
    pub order: Id,
    /// keyed hash of the number
    pub hash: [u8; 32],
    /// which of the cards of this number it is, 0 to 99
    pub sequence: u8,
    /// the number as people may see it
    pub masked: String,
    /// the number, sealed under the order's data key
    pub sealed: Vec<u8>,
}

/// What a number must be when its row is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Novelty {
    /// no card of any sequence has it: for numbers out of a range
    Number,
    /// no card of this sequence has it: for numbers that the issuer's host gives
    Sequence,
}

/// The public key of an EMV certification authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificationKeyRow {
    /// registered application provider identifier of the scheme
    pub rid: [u8; 5],
    /// the key's index
    pub index: u8,
    /// the modulus, big-endian
    pub modulus: Vec<u8>,
    /// the exponent, big-endian: 03 or 010001
    pub exponent: Vec<u8>,
    /// the last day on which it is valid
    pub expires: i64,
    /// the keystore handle of a test root's private key; none for a scheme's
    pub key: Option<String>,
}

/// An issuer's key, whose certificate stands in cards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmvIssuer {
    /// its name in profiles
    pub name: String,
    /// the keystore handle
    pub key: String,
    /// the issuer identifier: the first 3 to 8 digits of card numbers
    pub identifier: String,
    /// the newest certificate
    pub certificate: Option<IssuerCertificate>,
}

/// A certificate over an issuer's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerCertificate {
    /// the issuer key's name
    pub issuer: String,
    /// the how many-th of this key, from 1
    pub number: u32,
    /// whose certification authority signed it
    pub rid: [u8; 5],
    /// with which of its keys
    pub index: u8,
    /// value of tag 90
    pub certificate: Vec<u8>,
    /// value of tag 92; may be empty
    pub remainder: Vec<u8>,
    /// the last day on which it is valid
    pub expires: i64,
}

/// An authority that certifies the keys that cards make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PivAuthority {
    /// its name in profiles
    pub name: String,
    /// the keystore handle
    pub key: String,
    /// its common name
    pub subject: String,
    /// what makes it one; none while it waits for an outside authority's
    pub certified: Option<Certified>,
}

/// An authority's own certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certified {
    /// X.509, DER
    pub certificate: Vec<u8>,
    /// the certificates above it, DER, one after the other; empty where it signed itself
    pub chain: Vec<u8>,
    /// the last day on which it is valid
    pub expires: i64,
}

/// A serial number that was given to a certificate of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardCertificate {
    /// the authority's name
    pub authority: String,
    /// the serial number, big-endian
    pub serial: Vec<u8>,
    /// whose card
    pub order: Id,
    /// the key reference on the card
    pub slot: u8,
    /// when it was given
    pub prepared: i64,
}

/// A generated PIN on its way to who prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinMailer {
    /// the order
    pub order: Id,
    /// the keystore handle of the printer's zone key
    pub zone_key: String,
    /// the card's number as people may see it
    pub masked: String,
    /// ISO 9564 format 0, 1 or 2
    pub block_format: u8,
    /// the block under the zone key, sealed under the order's data key
    pub sealed: Vec<u8>,
    /// when it was made
    pub prepared: i64,
    /// when it was handed out
    pub exported: Option<i64>,
}
