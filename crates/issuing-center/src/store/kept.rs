//! Rows of people's work as they are kept: people, texts, codes, sealed values, answers, leaves of the log.

use cardwright_issuance::Id;

/// Somebody who answers for commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// in log entries
    pub id: Id,
    /// unique name
    pub name: String,
    /// names of roles
    pub roles: Vec<String>,
    /// Argon2id hash of the secret, PHC string
    pub secret: String,
}

/// A card product or profile as it was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// its name
    pub name: String,
    /// a profile's own version; a product's texts are counted from 1. Name and version are there once
    pub version: u32,
    /// TOML text
    pub text: String,
    /// SHA-256 of the text
    pub digest: [u8; 32],
    /// when it was imported
    pub imported: i64,
}

/// A one-time code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolmentCode {
    /// SHA-256 of the code's secret
    pub hash: [u8; 32],
    /// name the terminal will have
    pub terminal: String,
    /// base it will stand at
    pub base: String,
    /// until when it is taken
    pub expires: i64,
}

/// A sealed value: AES-256-GCM under the order's own data key, with the row's identity as associated data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedBlob {
    /// nonce, ciphertext, tag
    pub sealed: Vec<u8>,
    /// keyed hash of the clear value (HMAC under the search key): tells whether two are the same, and nobody
    /// without the keystore can try values against it
    pub digest: [u8; 32],
    /// SHA-256 of the profile's text that it was made by
    pub profile: [u8; 32],
}

/// What is sealed of an order, and the key it is sealed under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedOrder {
    /// the order's fields, sealed
    pub fields: Vec<u8>,
    /// the order's data key, wrapped by the keystore under the key of its destruction day
    pub data_key: Vec<u8>,
    /// days since 1970
    pub destruction_day: i64,
}

/// The answer to an API call, kept for its Idempotency-Key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// the caller's key, and who called
    pub key: String,
    /// SHA-256 of the request
    pub request: [u8; 32],
    /// HTTP status and body that were answered
    pub status: u16,
    /// the body
    pub body: Vec<u8>,
    /// when
    pub created: i64,
}

/// One leaf of the log as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// position, from 0
    pub index: i64,
    /// the entry's canonical encoding
    pub entry: Vec<u8>,
    /// RFC 6962 leaf hash
    pub hash: [u8; 32],
    /// the order it is about, for look-up; must equal the entry's
    pub order: Option<Id>,
}

/// The log's size and root as the last commit left them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogHead {
    /// number of leaves
    pub size: i64,
    /// RFC 6962 root over them
    pub root: [u8; 32],
    /// hashes of the perfect subtrees at the right edge, from the largest
    pub edge: Vec<[u8; 32]>,
}
