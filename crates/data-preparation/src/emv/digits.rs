//! Decimal digits two a byte, as EMV's formats `n` (right-aligned) and `cn` (left-aligned, filled with F) have them.

use zeroize::Zeroizing;

/// The half bytes of `bytes`, the high one first.
pub(crate) fn nibbles(bytes: &[u8]) -> impl DoubleEndedIterator<Item = u8> + '_ {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0F])
}

/// Writes `digits` (half bytes, or ASCII digits, whose low halves are the same) two a byte into `out`, from the
/// front; what is left of `out` is filled with `filler`. Digits that do not fit are left out.
pub(crate) fn pack_left(digits: impl IntoIterator<Item = u8>, filler: u8, out: &mut [u8]) {
    let mut all = digits.into_iter().chain(std::iter::repeat(filler)).map(|digit| digit & 0x0F);
    for byte in out {
        *byte = all.next().unwrap_or_default() << 4 | all.next().unwrap_or_default();
    }
}

/// Writes the last digits of `digits` two a byte into `out`, ending at its end, with zeros before them.
pub(crate) fn pack_right<I>(digits: I, out: &mut [u8])
where
    I: IntoIterator<Item = u8>,
    I::IntoIter: DoubleEndedIterator,
{
    let mut backwards = digits.into_iter().rev().chain(std::iter::repeat(0)).map(|digit| digit & 0x0F);
    for byte in out.iter_mut().rev() {
        *byte = backwards.next().unwrap_or_default() | backwards.next().unwrap_or_default() << 4;
    }
}

/// The ASCII digits of `bytes` up to the filler F, or `None` where something else stands there, or a digit after F.
pub(crate) fn unpack(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut digits = Zeroizing::new(Vec::with_capacity(bytes.len() * 2));
    let mut ended = false;
    for nibble in nibbles(bytes) {
        match nibble {
            0..=9 if !ended => digits.push(b'0' + nibble),
            0x0F => ended = true,
            _ => return None,
        }
    }
    Some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_left_with_filler_or_right_with_zeros() {
        let (mut left, mut right) = ([0; 3], [0; 3]);
        pack_left(*b"123", 0x0F, &mut left);
        pack_right(*b"123", &mut right);
        assert_eq!((left, right), ([0x12, 0x3F, 0xFF], [0x00, 0x01, 0x23]));
        pack_right(*b"98765432", &mut right);
        assert_eq!(right, [0x76, 0x54, 0x32]);
    }

    #[test]
    fn a_digit_after_the_filler_is_no_number() {
        assert_eq!(**unpack(&[0x12, 0x3F]).unwrap(), *b"123");
        assert!(unpack(&[0x12, 0xF3]).is_none() && unpack(&[0x1A]).is_none());
    }
}
