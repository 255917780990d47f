//! PIN blocks of format 2 (ISO 9564-1, the format for a PIN that is stored on or handed to an IC card).
//!
//! 8 bytes: `2` and the number of digits in the first, then the digits two a byte, then `F` to the end.

use zeroize::Zeroizing;

/// The digits a PIN may have (ISO 9564-1).
pub(crate) const DIGITS: std::ops::RangeInclusive<usize> = 4..=12;

/// The block of `pin`, or `None` unless it is 4 to 12 ASCII digits.
pub(crate) fn encode(pin: &[u8]) -> Option<Zeroizing<[u8; 8]>> {
    if !DIGITS.contains(&pin.len()) || !pin.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut block = Zeroizing::new([0xFF; 8]);
    block[0] = 0x20 | pin.len() as u8;
    for (position, digit) in pin.iter().enumerate() {
        let byte = &mut block[1 + position / 2];
        let digit = digit - b'0';
        *byte = if position % 2 == 0 { digit << 4 | 0x0F } else { *byte & 0xF0 | digit };
    }
    Some(block)
}

/// Whether `block` is a block of 4 to 12 decimal digits.
pub(crate) fn is_valid(block: &[u8]) -> bool {
    let [first, rest @ ..] = block else { return false };
    let digits = usize::from(first & 0x0F);
    let nibbles = rest.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]);
    block.len() == 8
        && first >> 4 == 2
        && DIGITS.contains(&digits)
        && nibbles.enumerate().all(|(at, nibble)| if at < digits { nibble < 10 } else { nibble == 0x0F })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_known_pins() {
        assert_eq!(*encode(b"1234").unwrap(), [0x24, 0x12, 0x34, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
        assert_eq!(*encode(b"92389").unwrap(), [0x25, 0x92, 0x38, 0x9F, 0xFF, 0xFF, 0xFF, 0xFF]);
        assert_eq!(*encode(b"123456789012").unwrap(), [0x2C, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0xFF]);
    }

    #[test]
    fn what_is_no_pin_has_no_block() {
        for wrong in [&b"123"[..], b"1234567890123", b"12a4", b"", b"12 4"] {
            assert!(encode(wrong).is_none());
        }
    }

    #[test]
    fn every_changed_length_or_filler_is_seen() {
        let block = *encode(b"92389").unwrap();
        assert!(is_valid(&block));
        for (at, value) in [(0, 0x15), (0, 0x23), (0, 0x26), (0, 0x24), (1, 0xA2), (3, 0x90), (7, 0xF0)] {
            let mut changed = block;
            changed[at] = value;
            assert!(!is_valid(&changed), "byte {at} = {value:02X}");
        }
        assert!(!is_valid(&block[..7]) && !is_valid(&[]));
    }
}
