//! PIN blocks of 8 bytes in clear (ISO 9564-1): formats 0, 1, 2 are made and read, format 3 is read.
//!
//! Format 2 is what a card keeps and takes; the others carry a PIN between an issuer's host, a center and a PIN
//! mailer, always under a zone key. A PIN never leaves this crate but as a block.

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::Pan;
use super::digits::{nibbles, pack_left, pack_right};

/// How a PIN block is made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinBlockFormat {
    /// format 0: with the card number worked in
    Zero,
    /// format 1: filled with random or transaction digits, no card number
    One,
    /// format 2: for cards alone
    Two,
    /// format 3: as 0, filled with random letters
    Three,
}

/// Why a PIN block does not read. It never tells digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PinBlockFault {
    /// the first half byte tells another format
    #[error("the PIN block has another format: the sender must use the one that was agreed")]
    Format,
    /// the second half byte tells less than 4 or more than 12 digits
    #[error("the PIN block tells a length that no PIN has: the zone key or the card number may be another one")]
    Length,
    /// a half byte that should be a digit, or a filler, is none
    #[error("the PIN block holds no PIN: the zone key or the card number may be another one")]
    Content,
    /// the PIN is right, and not as long as PIV has it
    #[error("PIV has PINs of 6 to 8 digits and PUKs of 8, and this one has another length")]
    Digits,
    /// blocks of formats 1 and 3 are not made without new random digits
    #[error("a PIN block of format 1 needs 14 filling digits, and one of format 3 is not made")]
    Filling,
}

/// A PIN of 4 to 12 digits. Not printable, not copyable; erased when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Pin {
    digits: [u8; 12],
    length: usize,
}

impl Pin {
    /// The digits a PIN may have (ISO 9564-1).
    pub const DIGITS: std::ops::RangeInclusive<usize> = 4..=12;

    /// The PIN of `digits` (ASCII), or `None` unless there are 4 to 12.
    #[must_use]
    pub fn new(digits: &[u8]) -> Option<Self> {
        if !Self::DIGITS.contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let mut pin = Self { digits: [0; 12], length: digits.len() };
        pin.digits[..digits.len()].copy_from_slice(digits);
        Some(pin)
    }

    /// The digits, ASCII.
    pub(crate) fn digits(&self) -> &[u8] {
        &self.digits[..self.length]
    }

    /// The PIN in `block`. `pan` takes part in formats 0 and 3 alone.
    ///
    /// # Errors
    /// [`PinBlockFault`]; a wrong card number is found in most blocks, not in all: it changes no more than digits.
    pub fn read(format: PinBlockFormat, block: &[u8; 8], pan: &Pan) -> Result<Self, PinBlockFault> {
        let mut field = Zeroizing::new(*block);
        if matches!(format, PinBlockFormat::Zero | PinBlockFormat::Three) {
            work_in(&mut field, pan);
        }
        read_field(format, &field)
    }

    /// The PIN in a card's block: format 2, in which no card number takes part.
    ///
    /// # Errors
    /// [`PinBlockFault`].
    pub fn of_the_card(block: &[u8; 8]) -> Result<Self, PinBlockFault> {
        read_field(PinBlockFormat::Two, block)
    }

    /// The PIN's block for the card: format 2.
    #[must_use]
    pub fn for_the_card(&self) -> Zeroizing<[u8; 8]> {
        self.field(2, &[])
    }

    /// The block of the PIN. `filling` is asked for by format 1 alone: 14 half bytes that nobody can foresee.
    ///
    /// # Errors
    /// [`PinBlockFault::Filling`].
    pub fn write(
        &self,
        format: PinBlockFormat,
        pan: &Pan,
        filling: Option<&[u8; 14]>,
    ) -> Result<Zeroizing<[u8; 8]>, PinBlockFault> {
        let head = match format {
            PinBlockFormat::Zero => 0,
            PinBlockFormat::One => 1,
            PinBlockFormat::Two => 2,
            PinBlockFormat::Three => return Err(PinBlockFault::Filling),
        };
        let filling = match (format, filling) {
            (PinBlockFormat::One, None) => return Err(PinBlockFault::Filling),
            (PinBlockFormat::One, Some(filling)) => &filling[self.length..],
            _ => &[],
        };
        let mut block = self.field(head, filling);
        if format == PinBlockFormat::Zero {
            work_in(&mut block, pan);
        }
        Ok(block)
    }

    /// Format, length and digits, then `filling` or F to the end.
    fn field(&self, head: u8, filling: &[u8]) -> Zeroizing<[u8; 8]> {
        let mut block = Zeroizing::new([0; 8]);
        let front = [head, self.length as u8];
        let all = front.into_iter().chain(self.digits().iter().copied()).chain(filling.iter().copied());
        pack_left(all, 0x0F, &mut *block);
        block
    }
}

/// Works the 12 last digits of the card number without its check digit into the block, or out of it.
fn work_in(block: &mut [u8; 8], pan: &Pan) {
    let number = pan.without_check_digit();
    let mut field = Zeroizing::new([0; 8]);
    pack_right(number[number.len().saturating_sub(12)..].iter().copied(), &mut field[2..]);
    for (byte, digit) in block.iter_mut().zip(field.iter()) {
        *byte ^= digit;
    }
}

fn read_field(format: PinBlockFormat, field: &[u8; 8]) -> Result<Pin, PinBlockFault> {
    let (head, fillers) = match format {
        PinBlockFormat::Zero => (0, 0x0F..=0x0F),
        PinBlockFormat::One => (1, 0x00..=0x0F),
        PinBlockFormat::Two => (2, 0x0F..=0x0F),
        PinBlockFormat::Three => (3, 0x0A..=0x0F),
    };
    let length = usize::from(field[0] & 0x0F);
    if field[0] >> 4 != head {
        return Err(PinBlockFault::Format);
    }
    if !Pin::DIGITS.contains(&length) {
        return Err(PinBlockFault::Length);
    }
    let mut pin = Pin { digits: [0; 12], length };
    for (position, nibble) in nibbles(&field[1..]).enumerate() {
        let right = if position < length { nibble < 10 } else { fillers.contains(&nibble) };
        if !right {
            return Err(PinBlockFault::Content);
        }
        if position < length {
            pin.digits[position] = b'0' + nibble;
        }
    }
    Ok(pin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pan() -> Pan {
        Pan::new(b"4761739001010119").unwrap()
    }

    #[test]
    fn blocks_of_a_known_pin_in_each_format() {
        let pin = Pin::new(b"92389").unwrap();
        let block = |format, filling| *pin.write(format, &pan(), filling).unwrap();
        // 05 92 38 9F .. with 0000 173900101011 worked in
        assert_eq!(block(PinBlockFormat::Zero, None), [0x05, 0x92, 0x2F, 0xA6, 0xFF, 0xEF, 0xEF, 0xEE]);
        assert_eq!(block(PinBlockFormat::Two, None), [0x25, 0x92, 0x38, 0x9F, 0xFF, 0xFF, 0xFF, 0xFF]);
        let filling = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13];
        assert_eq!(block(PinBlockFormat::One, Some(&filling)), [0x15, 0x92, 0x38, 0x95, 0x67, 0x89, 0xAB, 0xCD]);
        assert_eq!(pin.write(PinBlockFormat::One, &pan(), None).err(), Some(PinBlockFault::Filling));
        assert_eq!(pin.write(PinBlockFormat::Three, &pan(), None).err(), Some(PinBlockFault::Filling));
    }

    #[test]
    fn a_block_of_any_format_becomes_the_cards() {
        for length in 4..=12 {
            let digits = &b"123456789012"[..length];
            let pin = Pin::new(digits).unwrap();
            let card = *pin.write(PinBlockFormat::Two, &pan(), None).unwrap();
            for format in [PinBlockFormat::Zero, PinBlockFormat::One, PinBlockFormat::Two] {
                let block = pin.write(format, &pan(), Some(&[7; 14])).unwrap();
                assert_eq!(*Pin::read(format, &block, &pan()).unwrap().for_the_card(), card);
            }
        }
        // format 3 of 1234, filled with A to F, number worked in
        let mut three = [0x34, 0x12, 0x34, 0xAB, 0xCD, 0xEF, 0xAB, 0xCD];
        work_in(&mut three, &pan());
        let pin = Pin::read(PinBlockFormat::Three, &three, &pan()).unwrap();
        assert_eq!(*pin.for_the_card(), [0x24, 0x12, 0x34, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
    }

    #[test]
    fn a_block_of_another_format_or_card_is_refused() {
        let pin = Pin::new(b"1234").unwrap();
        let zero = pin.write(PinBlockFormat::Zero, &pan(), None).unwrap();
        let other = Pan::new(b"6011000990139424").unwrap();
        let refused = |format, block: &[u8; 8], pan: &Pan| Pin::read(format, block, pan).err();
        assert_eq!(refused(PinBlockFormat::Two, &zero, &pan()), Some(PinBlockFault::Format));
        assert_eq!(refused(PinBlockFormat::Zero, &zero, &other), Some(PinBlockFault::Content));
        let two = [0x23, 0x12, 0x34, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
        assert_eq!(refused(PinBlockFormat::Two, &two, &pan()), Some(PinBlockFault::Length));
        let filled = [0x24, 0x12, 0x34, 0x5F, 0xFF, 0xFF, 0xFF, 0xFF];
        assert_eq!(refused(PinBlockFormat::Two, &filled, &pan()), Some(PinBlockFault::Content));
    }

    #[test]
    fn every_changed_length_or_filler_of_the_cards_block_is_seen() {
        let block = *Pin::new(b"92389").unwrap().for_the_card();
        assert_eq!(Pin::of_the_card(&block).unwrap().digits(), b"92389");
        for (at, value) in [(0, 0x15), (0, 0x23), (0, 0x26), (0, 0x24), (1, 0xA2), (3, 0x90), (7, 0xF0)] {
            let mut changed = block;
            changed[at] = value;
            assert!(Pin::of_the_card(&changed).is_err(), "byte {at} = {value:02X}");
        }
    }

    #[test]
    fn what_is_no_pin_is_none() {
        for wrong in [&b"123"[..], b"1234567890123", b"12a4", b"12 4", b""] {
            assert!(Pin::new(wrong).is_none());
        }
    }
}
