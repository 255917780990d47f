//! The Federal Agency Smart Credential Number: 32 digits in 25 bytes, as PIV cards are named (TIG SCEPACS 2.3, which SP
//! 800-73-5 part 1 Appendix A refers to).

/// Lengths of the parts, in their order: agency, system, credential, series, issue, person with category,
/// organization and association. A separator stands after each but the last.
const PARTS: [usize; 6] = [4, 4, 6, 1, 1, 16];

/// Symbols that are no digits.
const START: u8 = 0x0B;
const SEPARATOR: u8 = 0x0D;
const END: u8 = 0x0F;

/// The code of issuers that are no agency of the United States.
const NOT_FEDERAL: &str = "9999";

/// Agency code 4, system code 4, credential number 6, credential series, individual credential issue, person identifier
/// 10, organizational category, organizational identifier 4, association category: digits, 32 in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FascN([u8; 32]);

impl FascN {
    /// The number of these 32 digits, 0 to 9 each.
    #[must_use]
    pub fn new(digits: [u8; 32]) -> Option<Self> {
        digits.iter().all(|digit| *digit < 10).then_some(Self(digits))
    }

    /// The number of a card: of an agency, its codes with the last 6 digits of the card number as credential and its last
    /// 10 as person, first issue, an employee. Issuers outside the federal government (9999) name a card by its UUID:
    /// their credential is 999999 and their person 0, a commercial enterprise's employee.
    #[must_use]
    pub fn of_card(agency: &str, system: &str, card_number: &str) -> Option<Self> {
        let digits = |text: &str, length: usize| -> Option<Vec<u8>> {
            let right = text.len() == length && text.bytes().all(|digit| digit.is_ascii_digit());
            right.then(|| text.bytes().map(|digit| digit - b'0').collect())
        };
        let last = |count: usize| format!("{card_number:0>count$}").split_off(card_number.len().saturating_sub(count));
        let (credential, person, category, organization) = match agency {
            NOT_FEDERAL => ("999999".to_owned(), "0".repeat(10), "3", "0000"),
            agency => (last(6), last(10), "1", agency),
        };
        let parts = [
            digits(agency, 4)?,
            digits(system, 4)?,
            digits(&credential, 6)?,
            vec![0, 1],
            digits(&person, 10)?,
            digits(category, 1)?,
            digits(organization, 4)?,
            vec![1],
        ];
        Self::new(parts.concat().try_into().ok()?)
    }

    /// The 25 bytes: 40 symbols of 5 bits, lowest bit first, each with odd parity; the last is the exclusive or of all.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 25] {
        let mut symbols = vec![START];
        let mut digits = &self.0[..];
        for (place, length) in PARTS.iter().enumerate() {
            let (part, rest) = digits.split_at(*length);
            symbols.extend_from_slice(part);
            symbols.push(if place + 1 == PARTS.len() { END } else { SEPARATOR });
            digits = rest;
        }
        symbols.push(symbols.iter().fold(0, |sum, symbol| sum ^ symbol));
        let bits: Vec<bool> = symbols.into_iter().flat_map(bits).collect();
        let mut bytes = [0; 25];
        for (byte, bits) in bytes.iter_mut().zip(bits.chunks_exact(8)) {
            *byte = bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
        }
        bytes
    }

    /// Reads 25 bytes; `None` where a parity, a separator or the sum is wrong.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 25]) -> Option<Self> {
        let bits_of = |byte: u8| (0..8).rev().map(move |place| byte >> place & 1 == 1);
        let all: Vec<bool> = bytes.into_iter().flat_map(bits_of).collect();
        let symbols: Vec<u8> = all.chunks_exact(5).map(symbol).collect::<Option<_>>()?;
        let digits = symbols.iter().copied().filter(|symbol| *symbol < 10).take(32).collect::<Vec<_>>();
        let number = Self::new(digits.try_into().ok()?)?;
        (number.to_bytes() == bytes).then_some(number)
    }
}

fn bits(symbol: u8) -> [bool; 5] {
    let bit = |place: u8| symbol >> place & 1 == 1;
    [bit(0), bit(1), bit(2), bit(3), symbol.count_ones().is_multiple_of(2)]
}

fn symbol(bits: &[bool]) -> Option<u8> {
    let symbol = (0..4).fold(0, |symbol, place| symbol | u8::from(bits[place]) << place);
    (self::bits(symbol)[..] == *bits).then_some(symbol)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> [u8; 32] {
        text.bytes().map(|digit| digit - b'0').collect::<Vec<_>>().try_into().unwrap()
    }

    /// Passport: the example of TIG SCEPACS 2.3, page 32, as yubikit's tests have it.
    #[test]
    fn the_published_example_comes_out() {
        let number = FascN::new(digits("00320001092446011112223333112232")).unwrap();
        assert_eq!(hex::encode_upper(number.to_bytes()), "D0439458210C2C19A0846D83685A1082108CE73984108CA3FC");
        assert_eq!(FascN::from_bytes(number.to_bytes()), Some(number));
    }

    /// Passport: the same source's number of an issuer that is not federal.
    #[test]
    fn an_issuer_outside_the_government_has_the_same_number_on_every_card() {
        let number = FascN::of_card("9999", "9999", "4929000000001234").unwrap();
        assert_eq!(hex::encode(number.to_bytes()), "d4e739da739ced39ce739d836858210842108421c84210c3eb");
        let federal = FascN::of_card("0032", "0001", "12345678").unwrap();
        assert_eq!(federal.0, digits("00320001345678010012345678100321"));
        assert!(FascN::of_card("32", "0001", "12345678").is_none());
    }

    #[test]
    fn every_changed_bit_is_seen() {
        let right = FascN::of_card("0032", "0001", "12345678").unwrap().to_bytes();
        for place in 0..200 {
            let mut wrong = right;
            wrong[place / 8] ^= 0x80 >> (place % 8);
            assert_eq!(FascN::from_bytes(wrong), None, "bit {place}");
        }
    }
}
