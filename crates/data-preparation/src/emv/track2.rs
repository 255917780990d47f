//! Track 2 equivalent data, the value of tag 57: number, separator D, expiry YYMM, service code, discretionary data.

use zeroize::Zeroizing;

use super::Pan;
use super::digits::{nibbles, pack_left};

/// The month that a card expires in, as EMV writes it in certificates (MMYY) and track 2 (YYMM). Years are 2000 to
/// 2099 here: terminals read 50 to 99 as 1950 to 1999, but no card is made for those.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExpiryMonth {
    year: u8,
    month: u8,
}

impl ExpiryMonth {
    /// The month of `year` (2000 to 2049) and `month` (1 to 12).
    #[must_use]
    pub fn new(year: u16, month: u8) -> Option<Self> {
        let short = u8::try_from(year.checked_sub(2000)?).ok()?;
        (short < 50 && (1..=12).contains(&month)).then_some(Self { year: short, month })
    }

    /// The month that YYMM in BCD spells.
    #[must_use]
    pub fn from_bcd([year, month]: [u8; 2]) -> Option<Self> {
        let decimal = |byte: u8| (byte >> 4 < 10 && byte & 0x0F < 10).then_some((byte >> 4) * 10 + (byte & 0x0F));
        Self::new(2000 + u16::from(decimal(year)?), decimal(month)?)
    }

    /// YYMM in BCD.
    #[must_use]
    pub fn to_bcd(self) -> [u8; 2] {
        [self.year, self.month].map(|number| ((number / 10) << 4) | (number % 10))
    }

    /// MMYY in BCD, as certificates have it (`EMV B2`).
    #[must_use]
    pub fn in_certificate(self) -> [u8; 2] {
        let [year, month] = self.to_bcd();
        [month, year]
    }

    /// The month that MMYY in BCD spells.
    #[must_use]
    pub fn from_certificate([month, year]: [u8; 2]) -> Option<Self> {
        Self::from_bcd([year, month])
    }

    /// YYMM, four digits.
    pub(super) fn digits(self) -> [u8; 4] {
        [self.year / 10, self.year % 10, self.month / 10, self.month % 10]
    }
}

/// Track 2 equivalent data. Not printable; erased when dropped.
pub struct Track2 {
    /// the card number
    pub pan: Pan,
    /// the month the card expires in
    pub expiry: ExpiryMonth,
    /// the service code, three digits (ASCII)
    pub service_code: [u8; 3],
    /// what the issuer puts there, digits (ASCII): usually PVKI, PVV, iCVV
    pub discretionary: Zeroizing<Vec<u8>>,
}

impl Track2 {
    /// The bytes it has at most (`EMV B3`).
    pub const LONGEST: usize = 19;

    /// The value of tag 57, or `None` where it would be longer than 19 bytes or the issuer's part is not of digits.
    #[must_use]
    pub fn to_bytes(&self) -> Option<Zeroizing<Vec<u8>>> {
        let own = self.discretionary.iter().chain(&self.service_code);
        let digits = self.pan.digits().len() + 1 + 4 + 3 + self.discretionary.len();
        if digits > Self::LONGEST * 2 || !own.into_iter().all(u8::is_ascii_digit) {
            return None;
        }
        let mut bytes = Zeroizing::new(vec![0; digits.div_ceil(2)]);
        let all = self.pan.digits().iter().copied().chain([0x0D]).chain(self.expiry.digits());
        let all = all.chain(self.service_code).chain(self.discretionary.iter().copied());
        pack_left(all, 0x0F, &mut bytes);
        Some(bytes)
    }

    /// Reads the value of tag 57, and nothing that [`Track2::to_bytes`] could not have made.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let all = Zeroizing::new(nibbles(bytes).collect::<Vec<_>>());
        let separator = all.iter().position(|nibble| *nibble == 0x0D)?;
        let (number, rest) = (&all[..separator], &all[separator + 1..]);
        let rest = rest.strip_suffix(&[0x0F]).unwrap_or(rest);
        if bytes.len() > Self::LONGEST || !number.iter().chain(rest).all(|nibble| *nibble < 10) {
            return None;
        }
        let (expiry, rest) = rest.split_first_chunk::<4>()?;
        let (service_code, discretionary) = rest.split_first_chunk::<3>()?;
        let expiry =
            ExpiryMonth::new(2000 + u16::from(expiry[0]) * 10 + u16::from(expiry[1]), expiry[2] * 10 + expiry[3])?;
        Some(Self {
            pan: Pan::new(&Zeroizing::new(number.iter().map(|digit| b'0' + digit).collect::<Vec<_>>()))?,
            expiry,
            service_code: service_code.map(|digit| b'0' + digit),
            discretionary: Zeroizing::new(discretionary.iter().map(|digit| b'0' + digit).collect()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(discretionary: &[u8]) -> Track2 {
        Track2 {
            pan: Pan::new(b"4761739001010119").unwrap(),
            expiry: ExpiryMonth::new(2031, 12).unwrap(),
            service_code: *b"201",
            discretionary: Zeroizing::new(discretionary.to_vec()),
        }
    }

    #[test]
    fn what_is_written_reads_back_and_a_half_byte_is_filled() {
        let bytes = track(b"112340185").to_bytes().unwrap();
        assert_eq!(hex::encode(&**bytes), "4761739001010119d3112201112340185f");
        let read = Track2::read(&bytes).unwrap();
        assert_eq!((**read.discretionary).to_vec(), b"112340185");
        assert_eq!((read.expiry, read.service_code), (ExpiryMonth::new(2031, 12).unwrap(), *b"201"));
        assert_eq!(read.pan.digits(), b"4761739001010119");
    }

    #[test]
    fn what_is_too_long_or_not_of_digits_is_not_made() {
        assert!(track(&[b'1'; 14]).to_bytes().is_some());
        assert!(track(&[b'1'; 15]).to_bytes().is_none());
        assert!(track(b"12A4").to_bytes().is_none());
    }

    #[test]
    fn letters_months_and_a_second_separator_are_refused() {
        for wrong in
            ["4761739001010119d3113201112340185f", "4761739001010119d31122011d2340185f", "4761739001010119", ""]
        {
            assert!(Track2::read(&hex::decode(wrong).unwrap()).is_none(), "{wrong}");
        }
        // A digit more than 19 bytes hold.
        let long = format!("4761739001010119d3112201{}", "1".repeat(16));
        assert!(Track2::read(&hex::decode(&long[..38]).unwrap()).is_some());
        assert!(Track2::read(&hex::decode(&long).unwrap()).is_none());
        assert!(Track2::read(&hex::decode("4761739001010118d3112201112340185f").unwrap()).is_none());
    }

    #[test]
    fn a_year_that_terminals_read_as_the_last_century_is_refused() {
        assert!(ExpiryMonth::new(2050, 1).is_none() && ExpiryMonth::from_bcd([0x50, 0x01]).is_none());
        assert_eq!(ExpiryMonth::from_certificate([0x12, 0x49]), ExpiryMonth::new(2049, 12));
    }
}
