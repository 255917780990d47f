//! Primary account numbers and their sequence numbers.

use zeroize::Zeroizing;

use super::digits;

/// A primary account number: 12 to 19 digits with a right check digit (ISO/IEC 7812-1). Not printable; erased when
/// dropped.
pub struct Pan(Zeroizing<Vec<u8>>);

impl Pan {
    /// The digits a number may have. ISO/IEC 7812-1 knows shorter ones; PIN blocks and verification values do not.
    pub const DIGITS: std::ops::RangeInclusive<usize> = 12..=19;

    /// The number of `digits` (ASCII), or `None` unless there are 12 to 19 and the last one is the check digit.
    #[must_use]
    pub fn new(digits: &[u8]) -> Option<Self> {
        let (last, before) = digits.split_last()?;
        let right = Self::DIGITS.contains(&digits.len()) && check_digit(before) == Some(*last);
        right.then(|| Self(Zeroizing::new(digits.to_vec())))
    }

    /// The number that the value of tag 5A spells: two digits a byte, F at the end of an odd number of them.
    #[must_use]
    pub fn from_compressed(bytes: &[u8]) -> Option<Self> {
        let digits = digits::unpack(bytes)?;
        let shortest = digits.len().div_ceil(2) == bytes.len();
        if shortest { Self::new(&digits) } else { None }
    }

    /// The value of tag 5A.
    #[must_use]
    pub fn to_compressed(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(vec![0; self.0.len().div_ceil(2)]);
        digits::pack_left(self.0.iter().copied(), 0x0F, &mut bytes);
        bytes
    }

    /// The ten bytes that a certificate names the card by: filled with F on the right (`EMV B2`).
    #[must_use]
    pub fn in_certificate(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        digits::pack_left(self.0.iter().copied(), 0x0F, &mut bytes);
        bytes
    }

    /// All digits, ASCII.
    #[must_use]
    pub fn digits(&self) -> &[u8] {
        &self.0
    }

    /// The digits without the check digit.
    pub(super) fn without_check_digit(&self) -> &[u8] {
        &self.0[..self.0.len() - 1]
    }

    /// Whether the number begins with the digits of `identifier`: an issuer identification number of 3 to 8 digits,
    /// filled with F (`EMV B2`).
    #[must_use]
    pub fn is_of_issuer(&self, identifier: [u8; 4]) -> bool {
        digits::unpack(&identifier).is_some_and(|issuer| issuer.len() >= 3 && self.0.starts_with(&issuer))
    }
}

/// The check digit (ASCII) that follows `digits` (ASCII), by the Luhn formula (ISO/IEC 7812-1). `None` where
/// one of them is no digit.
#[must_use]
pub fn check_digit(digits: &[u8]) -> Option<u8> {
    let mut sum = 0_u32;
    for (position, digit) in digits.iter().rev().enumerate() {
        let value = digit.is_ascii_digit().then(|| u32::from(digit - b'0'))?;
        let doubled = if position % 2 == 0 { value * 2 } else { value };
        sum += doubled / 10 + doubled % 10;
    }
    Some(b'0' + ((10 - sum % 10) % 10) as u8)
}

/// A PAN sequence number, 00 to 99: tells cards with the same number apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sequence(u8);

impl Sequence {
    /// The sequence number `number`, 0 to 99.
    #[must_use]
    pub fn new(number: u8) -> Option<Self> {
        (number < 100).then_some(Self(number))
    }

    /// Two digits in one byte: the value of tag 5F34.
    #[must_use]
    pub fn to_bcd(self) -> u8 {
        ((self.0 / 10) << 4) | (self.0 % 10)
    }

    /// What [`Sequence::to_bcd`] gave.
    #[must_use]
    pub fn from_bcd(byte: u8) -> Option<Self> {
        (byte >> 4 < 10 && byte & 0x0F < 10).then_some(Self((byte >> 4) * 10 + (byte & 0x0F)))
    }

    /// The two digits.
    pub(super) fn digits(self) -> [u8; 2] {
        [self.0 / 10, self.0 % 10]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_with_a_wrong_check_digit_is_none() {
        assert!(Pan::new(b"4761739001010119").is_some());
        assert!(Pan::new(b"4761739001010118").is_none());
        assert!(Pan::new(b"47617390010").is_none() && Pan::new(b"47617390x1010119").is_none());
        assert!(Pan::new(b"00000000000000000000").is_none());
    }

    #[test]
    fn an_odd_number_of_digits_is_filled_and_nothing_longer_reads() {
        let pan = Pan::new(b"6011000990139424").unwrap();
        assert_eq!(**pan.to_compressed(), [0x60, 0x11, 0x00, 0x09, 0x90, 0x13, 0x94, 0x24]);
        let nineteen = Pan::new(b"6304000000000000000").unwrap();
        let bytes = nineteen.to_compressed();
        assert_eq!((bytes.len(), bytes[9]), (10, 0x0F));
        assert_eq!(Pan::from_compressed(&bytes).unwrap().digits(), nineteen.digits());
        assert!(Pan::from_compressed(&[bytes.as_slice(), &[0xFF]].concat()).is_none());
    }

    #[test]
    fn the_issuer_is_told_by_the_first_digits() {
        let pan = Pan::new(b"4761739001010119").unwrap();
        assert!(pan.is_of_issuer([0x47, 0x61, 0x73, 0x90]) && pan.is_of_issuer([0x47, 0x6F, 0xFF, 0xFF]));
        assert!(!pan.is_of_issuer([0x47, 0x61, 0x73, 0x91]) && !pan.is_of_issuer([0xFF; 4]));
    }

    #[test]
    fn sequence_numbers_are_decimal() {
        assert_eq!(Sequence::new(42).map(Sequence::to_bcd), Some(0x42));
        assert_eq!(Sequence::from_bcd(0x99), Sequence::new(99));
        assert!(Sequence::new(100).is_none() && Sequence::from_bcd(0x1A).is_none());
    }
}
