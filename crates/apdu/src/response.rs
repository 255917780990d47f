//! Response APDUs (ISO/IEC 7816-4 §5.2).

use crate::{Error, StatusWord};

/// A card's answer: data, then the status word.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Response {
    /// response data without the status word, 0 to 65,536 bytes
    pub data: Vec<u8>,
    /// SW1 SW2
    pub status: StatusWord,
}

impl Response {
    /// An answer of `data` and `status`.
    #[must_use]
    pub fn new(data: impl Into<Vec<u8>>, status: StatusWord) -> Self {
        Self { data: data.into(), status }
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// `Error::Truncated` for fewer than 2 bytes: what a dead reader hands back.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let Some((data, status)) = bytes.split_last_chunk::<2>() else {
            return Err(Error::Truncated { expected: 2, found: bytes.len() });
        };
        Ok(Self { data: data.to_vec(), status: StatusWord(u16::from_be_bytes(*status)) })
    }

    /// The bytes as the card sends them.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.data.clone();
        bytes.extend_from_slice(&self.status.0.to_be_bytes());
        bytes
    }
}
