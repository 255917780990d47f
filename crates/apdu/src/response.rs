//! Response APDUs (ISO/IEC 7816-4 §5.2).

use std::fmt;

use zeroize::Zeroize;

use crate::{Error, StatusWord};

/// A card's answer: data, then the status word. The data, which may be personal, is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
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

    /// The data alone; whoever takes it wipes it.
    #[must_use]
    pub fn into_data(mut self) -> Vec<u8> {
        std::mem::take(&mut self.data)
    }

    /// The bytes as the card sends them.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.data.len() + 2);
        bytes.extend_from_slice(&self.data);
        bytes.extend_from_slice(&self.status.0.to_be_bytes());
        bytes
    }
}

impl Drop for Response {
    fn drop(&mut self) {
        self.data.zeroize();
    }
}

/// Only the length of the data and the status word are shown.
impl fmt::Debug for Response {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Response({} bytes, {:04X})", self.data.len(), self.status.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_printed_does_not_show_its_data() {
        let answer = Response::new(vec![0xAB; 3], StatusWord::SUCCESS);
        assert_eq!(format!("{answer:?}"), "Response(3 bytes, 9000)");
    }
}
