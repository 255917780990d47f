//! What each file may hold: checked when its last byte arrives, so that no later reader meets anything else.

use super::{CARD_NUMBER, NAME, PHOTO, PIN, VALIDITY};

/// The longest photo or file of a profile's own.
const LONGEST: usize = 16 * 1024;

/// The longest content of the file `identifier`; `None` where there is no such file.
pub(super) fn longest(identifier: u16) -> Option<usize> {
    match identifier {
        NAME => Some(100),
        CARD_NUMBER => Some(19),
        VALIDITY => Some(8),
        PIN => Some(8),
        PHOTO | 0x0110..=0x01FF => Some(LONGEST),
        _ => None,
    }
}

/// Whether `content` is what the file `identifier` must hold.
pub(super) fn is_well_formed(identifier: u16, content: &[u8]) -> bool {
    match identifier {
        NAME => (1..=100).contains(&content.len()) && std::str::from_utf8(content).is_ok(),
        CARD_NUMBER => (8..=19).contains(&content.len()) && content.iter().all(u8::is_ascii_digit),
        VALIDITY => is_validity(content),
        PHOTO => content.len() <= LONGEST && is_image(content),
        PIN => is_pin_block(content),
        0x0110..=0x01FF => content.len() <= LONGEST,
        _ => false,
    }
}

/// Two dates YYYYMMDD in BCD, the second not before the first.
fn is_validity(content: &[u8]) -> bool {
    match content.split_first_chunk::<4>() {
        Some((from, to)) if to.len() == 4 => is_date(from) && is_date(to) && from.as_slice() <= to,
        _ => false,
    }
}

fn is_date(bytes: &[u8]) -> bool {
    let Some(digits) = bytes.iter().map(|byte| decimal(*byte)).collect::<Option<Vec<u8>>>() else { return false };
    matches!(digits[..], [_, _, 1..=12, 1..=31])
}

fn decimal(byte: u8) -> Option<u8> {
    let (tens, ones) = (byte >> 4, byte & 0x0F);
    (tens < 10 && ones < 10).then_some(tens * 10 + ones)
}

/// The first bytes of JPEG (ISO/IEC 10918-1 §B.1.1.3) or PNG (ISO/IEC 15948 §5.2).
fn is_image(content: &[u8]) -> bool {
    content.starts_with(&[0xFF, 0xD8, 0xFF]) || content.starts_with(b"\x89PNG\r\n\x1A\n")
}

/// ISO 9564-1 format 2: control 2, length 4 to 12, as many digits, filled with F.
pub(super) fn is_pin_block(block: &[u8]) -> bool {
    let Ok(block): Result<[u8; 8], _> = block.try_into() else { return false };
    let nibbles: Vec<u8> = block.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]).collect();
    let length = usize::from(nibbles[1]);
    nibbles[0] == 2
        && (4..=12).contains(&length)
        && nibbles[2..2 + length].iter().all(|digit| *digit < 10)
        && nibbles[2 + length..].iter().all(|filler| *filler == 0x0F)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_well_formed_pin_block_is_taken() {
        assert!(is_pin_block(&[0x24, 0x12, 0x34, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]));
        assert!(is_pin_block(&[0x2C, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0xFF]));
        for wrong in [
            [0x14, 0x12, 0x34, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            [0x23, 0x12, 0x3F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            [0x24, 0x12, 0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            [0x24, 0x12, 0x34, 0xFF, 0xFF, 0xFF, 0xFF, 0xF0],
            [0x2F, 0x12, 0x34, 0x12, 0x34, 0x12, 0x34, 0x12],
        ] {
            assert!(!is_pin_block(&wrong), "{wrong:02X?}");
        }
        assert!(!is_pin_block(&[0x24]));
    }

    #[test]
    fn a_validity_that_ends_before_it_begins_is_refused() {
        assert!(is_validity(&[0x20, 0x26, 0x01, 0x31, 0x20, 0x31, 0x12, 0x31]));
        assert!(!is_validity(&[0x20, 0x31, 0x12, 0x31, 0x20, 0x26, 0x01, 0x31]));
        assert!(!is_validity(&[0x20, 0x26, 0x13, 0x31, 0x20, 0x31, 0x12, 0x31]));
        assert!(!is_validity(&[0x20, 0x26, 0x0A, 0x31, 0x20, 0x31, 0x12, 0x31]));
    }
}
