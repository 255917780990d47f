//! Commands, responses, status words, BER-TLV, DGIs and AIDs: the ground that every other crate stands on.
//!
//! Everything here is a value. Nothing reads, waits or draws randomness; what is parsed encodes again to the
//! same bytes, and no input panics.

mod aid;
mod command;
pub mod dgi;
mod response;
mod status;
pub mod tlv;

pub use aid::Aid;
pub use command::{Command, Header};
pub use dgi::Dgi;
pub use response::Response;
pub use status::{StatusClass, StatusWord};

/// Why bytes are not what they should be. Always the sender's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes end before the structure does.
    #[error("truncated: {expected} bytes expected, {found} found")]
    Truncated {
        /// bytes the structure needs
        expected: usize,
        /// bytes that were there
        found: usize,
    },
    /// Bytes are left over after the structure's end.
    #[error("{0} bytes left over")]
    Trailing(usize),
    /// A length is out of the limits of its field.
    #[error("{what}: {length} bytes, allowed are {allowed}")]
    Length {
        /// the field
        what: &'static str,
        /// its length in bytes
        length: usize,
        /// the allowed lengths, for people
        allowed: &'static str,
    },
    /// A byte or a combination that the standard does not allow.
    #[error("not allowed here: {0}")]
    Invalid(&'static str),
}
