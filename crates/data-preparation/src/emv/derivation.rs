//! Card keys from an issuer's master keys, and session keys from card keys, as the keystore is told to make them.

use cardwright_keystore::Derivation;
use sha1::{Digest, Sha1};
use zeroize::Zeroizing;

use super::digits::{nibbles, pack_left, pack_right};
use super::{Pan, Sequence};

/// The derivation data of option A (`EMV B2`): Y, the 16 last digits of number and sequence number, and
/// Y with every bit changed. Under a 3DES master key.
#[must_use]
pub fn option_a(pan: &Pan, sequence: Sequence) -> [[u8; 8]; 2] {
    let mut left = [0; 8];
    pack_right(pan.digits().iter().copied().chain(sequence.digits()), &mut left);
    with_complement(left)
}

/// The derivation data of option B (`EMV B2`): for numbers of up to 16 digits that of option A; for
/// longer ones 16 decimal digits of the SHA-1 of number and sequence number. Under a 3DES master key.
#[must_use]
pub fn option_b(pan: &Pan, sequence: Sequence) -> [[u8; 8]; 2] {
    if pan.digits().len() <= 16 {
        return option_a(pan, sequence);
    }
    let mut hashed = Zeroizing::new([0; 11]);
    let length = (pan.digits().len() + 2).div_ceil(2);
    pack_right(pan.digits().iter().copied().chain(sequence.digits()), &mut hashed[..length]);
    let mut left = [0; 8];
    pack_left(decimalised(&Sha1::digest(&hashed[..length])), 0, &mut left);
    with_complement(left)
}

/// The derivation data of option C (`EMV B2`): number and sequence number to the right of 16 bytes, and
/// the same with every bit changed. Under an AES master key; a card key of 16 bytes takes the first alone.
#[must_use]
pub fn option_c(pan: &Pan, sequence: Sequence) -> [[u8; 16]; 2] {
    let mut left = [0; 16];
    pack_right(pan.digits().iter().copied().chain(sequence.digits()), &mut left);
    with_complement(left)
}

/// The derivation data of the common session key (`EMV B2`) of transaction counter `counter`, under a
/// 3DES card key.
///
/// The same card key and counter give the same session key: an application that is installed again, with a counter
/// that begins anew, needs another sequence number.
#[must_use]
pub fn session(counter: u16) -> [[u8; 8]; 2] {
    let [high, low] = counter.to_be_bytes();
    [[high, low, 0xF0, 0, 0, 0, 0, 0], [high, low, 0x0F, 0, 0, 0, 0, 0]]
}

/// The derivation data of the session keys of scripts (`EMV B2`), of the transaction that made `cryptogram`, under a
/// 3DES card key.
#[must_use]
pub fn of_cryptogram(cryptogram: [u8; 8]) -> [[u8; 8]; 2] {
    let with = |third| {
        let mut block = cryptogram;
        block[2] = third;
        block
    };
    [with(0xF0), with(0x0F)]
}

/// What the keystore makes of a 3DES key with `blocks`: two halves of a key, 16 bytes. Their parity is as it falls.
#[must_use]
pub fn under_tdes(blocks: [[u8; 8]; 2]) -> Derivation {
    Derivation::TdesEcb { blocks: blocks.to_vec() }
}

/// What the keystore makes of an AES key with `blocks` and [`option_c`]: a card key of 16 bytes of the first, or of 32.
#[must_use]
pub fn under_aes(blocks: &[[u8; 16]]) -> Derivation {
    Derivation::AesEcb { blocks: blocks.to_vec() }
}

/// The decimal digits of `bytes` in their order, then the half bytes A to F as 0 to 5: the two passes.
pub(super) fn decimalised(bytes: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let decimal = nibbles(bytes).filter(|nibble| *nibble < 10);
    decimal.chain(nibbles(bytes).filter(|nibble| *nibble >= 10).map(|nibble| nibble - 10))
}

fn with_complement<const N: usize>(left: [u8; N]) -> [[u8; N]; 2] {
    [left, left.map(|byte| !byte)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pan(digits: &[u8]) -> Pan {
        Pan::new(digits).unwrap()
    }

    #[test]
    fn the_last_sixteen_digits_lead_to_a_key() {
        let [left, right] = option_a(&pan(b"4761739001010119"), Sequence::new(1).unwrap());
        assert_eq!(left, [0x61, 0x73, 0x90, 0x01, 0x01, 0x01, 0x19, 0x01]);
        assert_eq!(right, [0x9E, 0x8C, 0x6F, 0xFE, 0xFE, 0xFE, 0xE6, 0xFE]);
    }

    #[test]
    fn a_short_number_is_filled_with_zeros_on_the_left() {
        let [left, _] = option_a(&pan(b"476173900004"), Sequence::new(0).unwrap());
        assert_eq!(left, [0x00, 0x47, 0x61, 0x73, 0x90, 0x00, 0x04, 0x00]);
        let [left, _] = option_c(&pan(b"476173900004"), Sequence::new(9).unwrap());
        assert_eq!(left[8..], [0x00, 0x47, 0x61, 0x73, 0x90, 0x00, 0x04, 0x09]);
        assert_eq!(left[..8], [0; 8]);
    }

    #[test]
    fn option_b_is_option_a_up_to_sixteen_digits_and_not_beyond() {
        let sequence = Sequence::new(1).unwrap();
        let short = pan(b"4761739001010119");
        assert_eq!(option_b(&short, sequence), option_a(&short, sequence));
        let long = pan(b"6304000000000000000");
        assert_ne!(option_b(&long, sequence), option_a(&long, sequence));
        assert!(nibbles(&option_b(&long, sequence)[0]).all(|nibble| nibble < 10));
    }

    #[test]
    fn derivations_are_as_long_as_the_keys_they_make() {
        let (pan, sequence) = (pan(b"4761739001010119"), Sequence::new(1).unwrap());
        assert_eq!(under_tdes(option_a(&pan, sequence)).length(), 16);
        assert_eq!(under_tdes(session(7)).length(), 16);
        assert_eq!(under_aes(&option_c(&pan, sequence)[..1]).length(), 16);
        assert_eq!(under_aes(&option_c(&pan, sequence)).length(), 32);
    }

    #[test]
    fn letters_come_after_all_digits() {
        assert_eq!(decimalised(&[0xA1, 0x2F, 0x3B]).collect::<Vec<_>>(), [1, 2, 3, 0, 5, 1]);
    }
}
