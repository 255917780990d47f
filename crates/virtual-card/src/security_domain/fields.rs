//! Length-value fields of INSTALL and key blocks of PUT KEY (GPCS §11.5.2.3, §11.8.2.3.1).

use cardwright_apdu::{Aid, StatusWord, tlv};

/// Reads fields one after the other; what does not fit is 6A80.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    /// One byte.
    pub(super) fn byte(&mut self) -> Result<u8, StatusWord> {
        let (first, rest) = self.0.split_first().ok_or(StatusWord::WRONG_DATA)?;
        self.0 = rest;
        Ok(*first)
    }

    /// A length of one byte and as many bytes.
    pub(super) fn short(&mut self) -> Result<&'a [u8], StatusWord> {
        let length = usize::from(self.byte()?);
        self.take(length)
    }

    /// A BER length, or 80 for 128 (GPCS Table 11-43), and as many bytes.
    pub(super) fn long(&mut self) -> Result<&'a [u8], StatusWord> {
        let length = self.length()?;
        self.take(length)
    }

    /// A BER length, or 80 for 128.
    pub(super) fn length(&mut self) -> Result<usize, StatusWord> {
        if let [0x80, rest @ ..] = self.0 {
            self.0 = rest;
            return Ok(0x80);
        }
        let (length, rest) = tlv::read_length(self.0).map_err(|_| StatusWord::WRONG_DATA)?;
        self.0 = rest;
        Ok(length)
    }

    /// A length of one byte and an AID; none where the length is 00.
    pub(super) fn aid(&mut self) -> Result<Option<Aid>, StatusWord> {
        match self.short()? {
            [] => Ok(None),
            bytes => Aid::new(bytes).map(Some).map_err(|_| StatusWord::WRONG_DATA),
        }
    }

    /// A field that must be there and empty.
    pub(super) fn empty(&mut self) -> Result<(), StatusWord> {
        if self.short()?.is_empty() { Ok(()) } else { Err(StatusWord::WRONG_DATA) }
    }

    /// Nothing may be left.
    pub(super) fn end(&self) -> Result<(), StatusWord> {
        if self.0.is_empty() { Ok(()) } else { Err(StatusWord::WRONG_DATA) }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], StatusWord> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(StatusWord::WRONG_DATA)?;
        self.0 = rest;
        Ok(taken)
    }
}
