//! Values that the issuer's host verifies a card, a printed number or a PIN by: what the keystore shall MAC, and what
//! its answer means.
//!
//! All are MACs of algorithm 3 of ISO/IEC 9797-1 (`Keystore::retail_mac_batch`), decimalised in two passes. A
//! library that leaves out the second pass is wrong for one number in 18,000.

use zeroize::Zeroizing;

use super::derivation::decimalised;
use super::digits::pack_left;
use super::pin_block::Pin;
use super::{ExpiryMonth, Pan};

/// Which verification value of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardValue {
    /// CVV, of the magnetic stripe: with the card's own service code
    Stripe([u8; 3]),
    /// iCVV, of the chip's track 2: service code 999
    Chip,
    /// CVV2, printed: service code 000
    Printed,
}

impl CardValue {
    /// The 16 bytes to be MACed under the card verification key: number, expiry YYMM, service code, zeros.
    #[must_use]
    pub fn message(self, pan: &Pan, expiry: ExpiryMonth) -> Zeroizing<[u8; 16]> {
        let service_code = match self {
            Self::Stripe(digits) => digits,
            Self::Chip => [9, 9, 9],
            Self::Printed => [0, 0, 0],
        };
        let mut message = Zeroizing::new([0; 16]);
        let digits = pan.digits().iter().copied().chain(expiry.digits()).chain(service_code);
        pack_left(digits, 0, &mut *message);
        message
    }
}

/// The three digits (ASCII) that the MAC of [`CardValue::message`] means.
#[must_use]
pub fn card_value(mac: &[u8; 8]) -> Zeroizing<[u8; 3]> {
    first_digits(mac)
}

/// The 8 bytes to be MACed under the PIN verification key: the 11 last digits of the number without its check
/// digit, the key's index (0 to 6), the 4 first digits of the PIN.
#[must_use]
pub fn pin_value_message(pan: &Pan, key_index: u8, pin: &Pin) -> Zeroizing<[u8; 8]> {
    let number = pan.without_check_digit();
    let number = &number[number.len() - 11..];
    let mut message = Zeroizing::new([0; 8]);
    pack_left(number.iter().copied().chain([key_index]).chain(pin.digits()[..4].iter().copied()), 0, &mut *message);
    message
}

/// The four digits (ASCII) that the MAC of [`pin_value_message`] means: the PVV.
#[must_use]
pub fn pin_value(mac: &[u8; 8]) -> Zeroizing<[u8; 4]> {
    first_digits(mac)
}

fn first_digits<const N: usize>(mac: &[u8; 8]) -> Zeroizing<[u8; N]> {
    let mut digits = Zeroizing::new([b'0'; N]);
    for (place, digit) in digits.iter_mut().zip(decimalised(mac)) {
        *place = b'0' + digit;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emv::tdes::retail_mac;

    const KEY: [u8; 16] =
        [0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x32, 0x10];

    fn value(pan: &[u8], kind: CardValue, expiry: [u8; 2]) -> Zeroizing<[u8; 3]> {
        let message = kind.message(&Pan::new(pan).unwrap(), ExpiryMonth::from_bcd(expiry).unwrap());
        card_value(&retail_mac(&KEY, &*message))
    }

    #[test]
    fn the_second_pass_of_decimalisation_is_not_left_out() {
        // A known library leaves the second pass out for this number (4000000000014677, which has no check digit).
        assert_eq!(*value_of(b"40000000000146773112201"), *b"185");
    }

    #[test]
    fn a_published_card_value_comes_out() {
        // The example of public manuals: number 4123456789012345, expiry 8701, service code 101.
        assert_eq!(*value_of(b"41234567890123458701101"), *b"561");
    }

    /// The value of number, expiry and service code, as they come.
    fn value_of(digits: &[u8]) -> Zeroizing<[u8; 3]> {
        let mut message = [0; 16];
        pack_left(digits.iter().copied(), 0, &mut message);
        card_value(&retail_mac(&KEY, &message))
    }

    #[test]
    fn stripe_chip_and_print_have_values_of_their_own() {
        let of = |kind| *value(b"4761739001010119", kind, [0x31, 0x12]);
        assert_ne!(of(CardValue::Chip), of(CardValue::Printed));
        assert_eq!(of(CardValue::Chip), of(CardValue::Stripe([9, 9, 9])));
    }

    #[test]
    fn a_pin_value_leaves_the_check_digit_out() {
        let pan = Pan::new(b"4761739001010119").unwrap();
        let pin = Pin::new(b"123456").unwrap();
        assert_eq!(*pin_value_message(&pan, 1, &pin), [0x73, 0x90, 0x01, 0x01, 0x01, 0x11, 0x12, 0x34]);
        assert_eq!(*pin_value(&[0xAB, 0xCD, 0xEF, 0x12, 0x3A, 0xBC, 0xDE, 0xFA]), *b"1230");
    }
}
