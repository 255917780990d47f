//! PIN, PUK and administration key as the card compares them (SP 800-73-5 part 2 §2.4.3; SP 800-78-5).

use cardwright_keystore::{Derivation, KeyKind};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::Unfit;

/// What the derived administration key is for; SP 800-108's label.
const LABEL: &[u8] = b"PIV administration key";

/// A PIN of 6 to 8 digits, in 8 bytes filled up with FF.
///
/// # Errors
/// Other lengths, and what is no digit.
pub fn pin_value(digits: &[u8]) -> Result<Zeroizing<[u8; 8]>, Unfit> {
    if !(6..=8).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        let reason = "a PIV PIN is 6 to 8 digits";
        return Err(Unfit { element: "PIN (80)", reason, remedy: "ask the customer for another PIN" });
    }
    let mut value = Zeroizing::new([0xFF; 8]);
    value[..digits.len()].copy_from_slice(digits);
    Ok(value)
}

/// A PUK of 8 digits.
///
/// # Errors
/// Other lengths, and what is no digit.
pub fn unblocking_value(digits: &[u8]) -> Result<Zeroizing<[u8; 8]>, Unfit> {
    let right = digits.len() == 8 && digits.iter().all(u8::is_ascii_digit);
    match digits.try_into() {
        Ok(value) if right => Ok(Zeroizing::new(value)),
        _ => {
            let reason = "a PIV PUK is 8 digits";
            Err(Unfit { element: "PUK (81)", reason, remedy: "ask for another PUK" })
        }
    }
}

/// How many bytes an administration key of `algorithm` has: 03 3DES with three keys, 08, 0A and 0C AES.
#[must_use]
pub fn admin_key_length(algorithm: u8) -> Option<usize> {
    match algorithm {
        0x08 => Some(16),
        0x03 | 0x0A => Some(24),
        0x0C => Some(32),
        _ => None,
    }
}

/// How a card's administration key is derived from a master key of `kind`, by its card number.
///
/// Under AES it is SP 800-108 in counter mode with CMAC: `counter ‖ label ‖ 00 ‖ algorithm ‖ card number ‖ bits`. Under
/// 3DES, whose blocks are too short for that, each block is `counter ‖ algorithm ‖ the first 6 bytes of the card number's SHA-256`.
#[must_use]
pub fn admin_key_derivation(kind: KeyKind, algorithm: u8, card_number: &str) -> Option<Derivation> {
    let length = admin_key_length(algorithm)?;
    if !card_number.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    if matches!(kind, KeyKind::Tdes2) {
        let blocks = (1..=length as u8 / 8).map(|counter| short_block(counter, algorithm, card_number)).collect();
        return Some(Derivation::TdesEcb { blocks });
    }
    let bits = (length as u16 * 8).to_be_bytes();
    let block = |counter: u8| [&[counter], LABEL, &[0x00, algorithm], card_number.as_bytes(), &bits].concat();
    let blocks = (1..=length.div_ceil(16) as u8).map(block).collect();
    kind.is_aes().then_some(Derivation::AesCmac { blocks, length })
}

fn short_block(counter: u8, algorithm: u8, card_number: &str) -> [u8; 8] {
    let digest = Sha256::digest(card_number);
    let mut block = [counter, algorithm, 0, 0, 0, 0, 0, 0];
    block[2..].copy_from_slice(&digest[..6]);
    block
}

/// The derived key as the card takes it: a 3DES key with odd parity, another as it is. `None` for another length.
#[must_use]
pub fn admin_key(algorithm: u8, derived: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    if admin_key_length(algorithm) != Some(derived.len()) {
        return None;
    }
    let mut key = Zeroizing::new(derived.to_vec());
    if algorithm == 0x03 {
        for byte in key.iter_mut() {
            *byte = *byte & 0xFE | u8::from((*byte & 0xFE).count_ones().is_multiple_of(2));
        }
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_and_puks_are_digits_of_the_right_length() {
        assert_eq!(*pin_value(b"123456").unwrap(), *b"123456\xFF\xFF");
        assert_eq!(*pin_value(b"12345678").unwrap(), *b"12345678");
        for wrong in [&b"12345"[..], b"123456789", b"12345a", b""] {
            assert!(pin_value(wrong).is_err());
        }
        assert_eq!(*unblocking_value(b"87654321").unwrap(), *b"87654321");
        assert!(unblocking_value(b"123456").is_err() && unblocking_value(b"1234567x").is_err());
    }

    #[test]
    fn a_derivation_is_as_long_as_its_key_and_another_for_every_card_and_algorithm() {
        let mut seen: Vec<Derivation> = Vec::new();
        for kind in [KeyKind::Tdes2, KeyKind::Aes256] {
            for algorithm in [0x03, 0x08, 0x0A, 0x0C] {
                for number in ["4929000000001234", "4929000000001235", "12345678"] {
                    let derivation = admin_key_derivation(kind, algorithm, number).unwrap();
                    assert_eq!(Some(derivation.length()), admin_key_length(algorithm));
                    assert!(!seen.contains(&derivation));
                    seen.push(derivation);
                }
            }
        }
        assert!(admin_key_derivation(KeyKind::Hmac256, 0x08, "1").is_none());
        assert!(admin_key_derivation(KeyKind::Aes128, 0x11, "1").is_none());
        assert!(admin_key_derivation(KeyKind::Aes128, 0x08, "x").is_none());
    }

    #[test]
    fn a_triple_des_key_has_odd_parity() {
        let key = admin_key(0x03, &[0xFF; 24]).unwrap();
        assert_eq!(key[..], [0xFE; 24]);
        assert_eq!(admin_key(0x08, &[0xFF; 16]).unwrap()[..], [0xFF; 16]);
        assert!(admin_key(0x08, &[0xFF; 24]).is_none());
    }
}
