//! Data groupings: the unit of personalization (GPCS §11.11.2.3, `CPS` §2.2 by way of it).
//!
//! A DGI is 2 bytes of identifier, a length of 1 byte (to 254) or `FF` and 2 bytes, and the data.

use crate::Error;

/// One data grouping.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Dgi {
    /// the data grouping identifier
    pub identifier: u16,
    /// 0 to 65,534 bytes
    pub data: Vec<u8>,
}

impl Dgi {
    /// A grouping of `data` under `identifier`.
    ///
    /// # Errors
    /// `Error::Length` for more than 65,534 bytes.
    pub fn new(identifier: u16, data: impl Into<Vec<u8>>) -> Result<Self, Error> {
        let data = data.into();
        if data.len() > 0xFFFE {
            return Err(Error::Length { what: "DGI", length: data.len(), allowed: "0 to 65534" });
        }
        Ok(Self { identifier, data })
    }

    /// Appends the encoding to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.identifier.to_be_bytes());
        match self.data.len() {
            short @ 0..=0xFE => out.push(short as u8),
            long => {
                out.push(0xFF);
                out.extend_from_slice(&(long as u16).to_be_bytes());
            }
        }
        out.extend_from_slice(&self.data);
    }

    /// The encoding.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.data.len() + 5);
        self.write(&mut out);
        out
    }

    /// Reads one grouping from the front of `bytes`, and hands back the rest.
    ///
    /// # Errors
    /// `Error::Truncated`, or `Error::Invalid` for a long length that a short one could hold.
    pub fn read(bytes: &[u8]) -> Result<(Self, &[u8]), Error> {
        let [high, low, rest @ ..] = bytes else {
            return Err(Error::Truncated { expected: 2, found: bytes.len() });
        };
        let identifier = u16::from_be_bytes([*high, *low]);
        let (length, rest) = match rest {
            [] => return Err(Error::Truncated { expected: 1, found: 0 }),
            [0xFF, high, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
            [0xFF, ..] => return Err(Error::Truncated { expected: 3, found: rest.len() }),
            [length, rest @ ..] => (usize::from(*length), rest),
        };
        if bytes[2] == 0xFF && !(0xFF..=0xFFFE).contains(&length) {
            return Err(Error::Invalid("a DGI length that is not in its shortest form, or FFFF"));
        }
        let (data, rest) =
            rest.split_at_checked(length).ok_or(Error::Truncated { expected: length, found: rest.len() })?;
        Ok((Self { identifier, data: data.to_vec() }, rest))
    }

    /// Reads groupings until the bytes end.
    ///
    /// # Errors
    /// As [`Dgi::read`], for the first grouping that is wrong.
    pub fn read_all(mut bytes: &[u8]) -> Result<Vec<Self>, Error> {
        let mut groupings = Vec::new();
        while !bytes.is_empty() {
            let (grouping, rest) = Self::read(bytes)?;
            groupings.push(grouping);
            bytes = rest;
        }
        Ok(groupings)
    }
}

/// A DGI may hold a name or a key: only its identifier and its length are shown.
impl std::fmt::Debug for Dgi {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Dgi({:04X}, {} bytes)", self.identifier, self.data.len())
    }
}
