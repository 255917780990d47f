//! ENROL: a terminal that has a one-time code gets its certificate.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use super::Id;

/// What a new terminal posts, over TLS without a client certificate, to a center whose fingerprint it has checked.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Enrol {
    /// message format, [`crate::FORMAT`]
    #[n(0)]
    pub format: u16,
    /// the secret part of the one-time code, 16 bytes
    #[n(1)]
    pub code: ByteVec,
    /// PKCS#10 request, DER; its key pair was made at the terminal and stays there
    #[n(2)]
    pub certificate_request: ByteVec,
}

/// The center's answer to [`Enrol`].
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Enrolled {
    /// the terminal's identity
    #[n(0)]
    pub terminal: Id,
    /// its name, for people
    #[n(1)]
    pub name: String,
    /// the base it stands at
    #[n(2)]
    pub base: String,
    /// the terminal's certificate, X.509 DER
    #[n(3)]
    pub certificate: ByteVec,
    /// the center's certification authority, X.509 DER; the only root the terminal trusts
    #[n(4)]
    pub authority: ByteVec,
    /// the P-256 key that signs reader lists, SubjectPublicKeyInfo DER
    #[n(5)]
    pub reader_list_key: ByteVec,
}
