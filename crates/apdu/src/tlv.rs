//! BER-TLV with definite lengths (ISO/IEC 8825-1; ISO/IEC 7816-4 §6.3), as cards use it.

use crate::Error;

/// A tag of 1 to 3 bytes, as the number its bytes spell: `0x4F`, `0x9F7F`, `0x5FC102`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub u32);

impl Tag {
    /// Whether the value is itself TLV (bit 6 of the first byte).
    #[must_use]
    pub fn is_constructed(self) -> bool {
        self.first_byte() & 0x20 != 0
    }

    fn first_byte(self) -> u8 {
        self.to_bytes()[0]
    }

    fn to_bytes(self) -> Vec<u8> {
        let all = self.0.to_be_bytes();
        let skip = all.iter().position(|byte| *byte != 0).unwrap_or(3);
        all[skip..].to_vec()
    }
}

/// One element, borrowed from the bytes it was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// the tag
    pub tag: Tag,
    /// the value, without tag and length
    pub value: &'a [u8],
}

/// Reads one element from the front of `bytes`, and hands back the rest.
///
/// # Errors
/// `Error::Truncated`, or `Error::Invalid` for an indefinite length, a length of more than 3 bytes, a length
/// or a tag not in its shortest form, or a tag of more than 3 bytes.
pub fn read(bytes: &[u8]) -> Result<(Tlv<'_>, &[u8]), Error> {
    let (tag, rest) = read_tag(bytes)?;
    let (length, rest) = read_length(rest)?;
    let (value, rest) =
        rest.split_at_checked(length).ok_or(Error::Truncated { expected: length, found: rest.len() })?;
    Ok((Tlv { tag, value }, rest))
}

/// Reads elements until the bytes end.
///
/// # Errors
/// As [`read`], for the first element that is wrong.
pub fn read_all(mut bytes: &[u8]) -> Result<Vec<Tlv<'_>>, Error> {
    let mut elements = Vec::new();
    while !bytes.is_empty() {
        let (element, rest) = read(bytes)?;
        elements.push(element);
        bytes = rest;
    }
    Ok(elements)
}

/// Reads exactly one element.
///
/// # Errors
/// As [`read`], and `Error::Trailing` where bytes are left.
pub fn read_one(bytes: &[u8]) -> Result<Tlv<'_>, Error> {
    match read(bytes)? {
        (element, []) => Ok(element),
        (_, rest) => Err(Error::Trailing(rest.len())),
    }
}

/// The value of the first element with `tag` among the elements of `bytes` (not looking inside them).
///
/// # Errors
/// As [`read_all`]: the bytes must be elements to their end.
pub fn find(bytes: &[u8], tag: u32) -> Result<Option<&[u8]>, Error> {
    Ok(read_all(bytes)?.into_iter().find(|element| element.tag == Tag(tag)).map(|element| element.value))
}

/// Appends one element to `out`, with its length in the shortest form.
///
/// # Panics
/// Never for values under 16 MiB; such lengths do not occur on cards.
pub fn write(out: &mut Vec<u8>, tag: u32, value: &[u8]) {
    out.extend_from_slice(&Tag(tag).to_bytes());
    write_length(out, value.len());
    out.extend_from_slice(value);
}

/// One element as bytes, with its length in the shortest form.
#[must_use]
pub fn element(tag: u32, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len() + 6);
    write(&mut out, tag, value);
    out
}

/// Appends a BER length: 1 byte to 127, then 81, 82 or 83 and its bytes.
pub fn write_length(out: &mut Vec<u8>, length: usize) {
    let bytes = (length as u32).to_be_bytes();
    match length {
        0..=0x7F => out.push(bytes[3]),
        0x80..=0xFF => out.extend_from_slice(&[0x81, bytes[3]]),
        0x100..=0xFFFF => out.extend_from_slice(&[0x82, bytes[2], bytes[3]]),
        _ => out.extend_from_slice(&[0x83, bytes[1], bytes[2], bytes[3]]),
    }
}

/// Reads a BER length from the front of `bytes`, and hands back the rest.
///
/// # Errors
/// `Error::Truncated`, or `Error::Invalid` for an indefinite, over-long or not shortest form.
pub fn read_length(bytes: &[u8]) -> Result<(usize, &[u8]), Error> {
    let (first, rest) = bytes.split_first().ok_or(Error::Truncated { expected: 1, found: 0 })?;
    let count = match first {
        0..=0x7F => return Ok((usize::from(*first), rest)),
        0x81..=0x83 => usize::from(first & 0x03),
        _ => return Err(Error::Invalid("a length that is indefinite or of more than 3 bytes")),
    };
    let (digits, rest) = rest.split_at_checked(count).ok_or(Error::Truncated { expected: count, found: rest.len() })?;
    let length = digits.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    let shortest = match count {
        1 => length >= 0x80,
        2 => length >= 0x100,
        _ => length >= 0x1_0000,
    };
    if shortest { Ok((length, rest)) } else { Err(Error::Invalid("a length that is not in its shortest form")) }
}

/// Reads a tag from the front of `bytes`, and hands back the rest.
///
/// # Errors
/// `Error::Truncated`, or `Error::Invalid` for a tag of more than 3 bytes or not in its shortest form.
pub fn read_tag(bytes: &[u8]) -> Result<(Tag, &[u8]), Error> {
    let (first, mut rest) = bytes.split_first().ok_or(Error::Truncated { expected: 1, found: 0 })?;
    let mut number = u32::from(*first);
    if number == 0 {
        return Err(Error::Invalid("tag 00"));
    }
    if first & 0x1F != 0x1F {
        return Ok((Tag(number), rest));
    }
    for position in 0..2 {
        let (byte, after) = rest.split_first().ok_or(Error::Truncated { expected: 1, found: 0 })?;
        if position == 0 && *byte == 0x80 {
            return Err(Error::Invalid("a tag that is not in its shortest form"));
        }
        number = number << 8 | u32::from(*byte);
        rest = after;
        if byte & 0x80 == 0 {
            return Ok((Tag(number), rest));
        }
    }
    Err(Error::Invalid("a tag of more than 3 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_tags_and_lengths_read_back() {
        let inner = element(0x9F7F, &[1; 42]);
        let outer = element(0x66, &[inner.clone(), element(0x5FC102, &[0; 300])].concat());
        let read_back = read_one(&outer).unwrap();
        assert_eq!(read_back.tag, Tag(0x66));
        assert!(read_back.tag.is_constructed());
        assert_eq!(find(read_back.value, 0x9F7F).unwrap().unwrap(), [1; 42]);
        assert_eq!(find(read_back.value, 0x5FC102).unwrap().unwrap().len(), 300);
        assert_eq!(find(read_back.value, 0x4F).unwrap(), None);
    }

    #[test]
    fn what_is_not_in_its_shortest_form_is_refused() {
        for wrong in
            [&[0x4F, 0x81, 0x05][..], &[0x4F, 0x82, 0, 0x90], &[0x4F, 0x80, 0, 0], &[0, 0], &[0x9F, 0x80, 1, 0]]
        {
            assert!(read(wrong).is_err(), "{wrong:02X?}");
        }
    }
}
