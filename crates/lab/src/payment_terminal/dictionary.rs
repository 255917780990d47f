//! The data objects that the terminal knows: where each may stand, how long it is, of what it is made (B3 annex A).

use super::day::Day;
use super::fault::Wrong;

/// What a value is made of (B3 §4.3).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// binary
    Bytes,
    /// digits, two a byte, zeros before
    Numeric,
    /// digits, two a byte, F after
    Digits,
    /// letters, digits and what else may be printed
    Text,
    /// YYMMDD
    Date,
}

use Format::{Bytes, Date, Digits, Numeric, Text};

/// tag, shortest, longest, format
const RECORDS: &[(u32, usize, usize, Format)] = &[
    (0x57, 8, 19, Bytes),
    (0x5A, 4, 10, Digits),
    (0x5F20, 2, 26, Text),
    (0x5F24, 3, 3, Date),
    (0x5F25, 3, 3, Date),
    (0x5F28, 2, 2, Numeric),
    (0x5F2D, 2, 8, Text),
    (0x5F30, 2, 2, Numeric),
    (0x5F34, 1, 1, Numeric),
    (0x8C, 2, 252, Bytes),
    (0x8D, 2, 252, Bytes),
    (0x8E, 10, 252, Bytes),
    (0x8F, 1, 1, Bytes),
    (0x90, 64, 248, Bytes),
    (0x92, 1, 248, Bytes),
    (0x93, 64, 248, Bytes),
    (0x97, 2, 252, Bytes),
    (0x9F07, 2, 2, Bytes),
    (0x9F08, 2, 2, Bytes),
    (0x9F0B, 27, 45, Text),
    (0x9F0D, 5, 5, Bytes),
    (0x9F0E, 5, 5, Bytes),
    (0x9F0F, 5, 5, Bytes),
    (0x9F14, 1, 1, Bytes),
    (0x9F1F, 1, 99, Text),
    (0x9F23, 1, 1, Bytes),
    (0x9F2D, 64, 248, Bytes),
    (0x9F2E, 1, 3, Bytes),
    (0x9F2F, 1, 248, Bytes),
    (0x9F32, 1, 3, Bytes),
    (0x9F42, 2, 2, Numeric),
    (0x9F44, 1, 1, Numeric),
    (0x9F46, 64, 248, Bytes),
    (0x9F47, 1, 3, Bytes),
    (0x9F48, 1, 248, Bytes),
    (0x9F49, 2, 252, Bytes),
    (0x9F4A, 1, 1, Bytes),
    (0x9F69, 5, 16, Bytes),
    (0x9F6C, 2, 2, Bytes),
];

/// What a card computes or counts, and so never has in a record.
const NEVER_IN_RECORDS: &[u32] = &[0x82, 0x94, 0x9F13, 0x9F17, 0x9F26, 0x9F27, 0x9F36, 0x9F4B];

/// Looks at one data object of a record; a tag that EMV does not know is the issuer's own matter.
pub(super) fn check_record_object(tag: u32, value: &[u8]) -> Result<(), Wrong> {
    if NEVER_IN_RECORDS.contains(&tag) {
        return Err(Wrong::value(tag, "stands in a record, where it never may"));
    }
    let Some((_, shortest, longest, format)) = RECORDS.iter().find(|(known, ..)| *known == tag) else {
        return Ok(());
    };
    if !(*shortest..=*longest).contains(&value.len()) {
        return Err(Wrong::value(tag, "its length is wrong"));
    }
    if is_made_of(value, *format) { Ok(()) } else { Err(Wrong::value(tag, "its format is wrong")) }
}

fn is_made_of(value: &[u8], format: Format) -> bool {
    match format {
        Bytes => true,
        Numeric => nibbles(value).all(|nibble| nibble < 10),
        Digits => {
            let digits = nibbles(value).take_while(|nibble| *nibble < 10).count();
            digits > 0 && value.len() * 2 - digits <= 1 && nibbles(value).skip(digits).all(|nibble| nibble == 0x0F)
        }
        Text => value.iter().all(|byte| (0x20..0x7F).contains(byte)),
        Date => Day::of_digits(value).is_some(),
    }
}

/// How a data object list shortens and lengthens a data object (B3 §5.4).
pub(super) fn format_in_list(tag: u32) -> Format {
    const NUMERIC: &[u32] = &[0x9A, 0x9C, 0x5F2A, 0x5F36, 0x9F01, 0x9F02, 0x9F03, 0x9F1A, 0x9F21, 0x9F35, 0x9F41];
    if NUMERIC.contains(&tag) {
        return Numeric;
    }
    RECORDS.iter().find(|(known, ..)| *known == tag).map_or(Bytes, |(.., format)| *format)
}

/// The half bytes, high one first.
pub(super) fn nibbles(bytes: &[u8]) -> impl Iterator<Item = u8> + '_ {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0F])
}
