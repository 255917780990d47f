//! Data object lists: what the card wants to be told, tag and length after tag and length (B3 §5.4).

use super::dictionary::{Format, format_in_list};
use super::fault::Wrong;

/// A list that was read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ObjectList(Vec<(u32, usize)>);

impl ObjectList {
    /// Reads the value of 9F38, 8C, 8D or 9F49.
    pub(super) fn read(list: u32, mut bytes: &[u8]) -> Result<Self, Wrong> {
        let mut entries: Vec<(u32, usize)> = Vec::new();
        while !bytes.is_empty() {
            let (tag, rest) = tag(bytes).ok_or(Wrong::value(list, "the list ends within a tag"))?;
            let (length, rest) = rest.split_first().ok_or(Wrong::value(list, "a tag of the list has no length"))?;
            if *length >= 0x80 || *length == 0 {
                return Err(Wrong::value(list, "a length of the list is not 1 to 127"));
            }
            if entries.iter().any(|(other, _)| *other == tag) {
                return Err(Wrong::value(list, "the list has a tag twice"));
            }
            entries.push((tag, usize::from(*length)));
            bytes = rest;
        }
        Ok(Self(entries))
    }

    /// Whether the list asks for this data object, in this length.
    pub(super) fn asks_for(&self, tag: u32, length: usize) -> bool {
        self.0.contains(&(tag, length))
    }

    /// The values, each as long as the list has it; zeros for what nobody knows.
    pub(super) fn fill<'a>(&self, value: impl Fn(u32) -> Option<&'a [u8]>) -> Vec<u8> {
        self.0.iter().flat_map(|(tag, length)| fitted(*tag, value(*tag).unwrap_or_default(), *length)).collect()
    }
}

/// A value brought to the length that the list has: numbers keep their right end, everything else its left.
fn fitted(tag: u32, value: &[u8], length: usize) -> Vec<u8> {
    let format = format_in_list(tag);
    let mut fitted = value.to_vec();
    if format == Format::Numeric {
        let surplus = value.len().saturating_sub(length);
        fitted.drain(..surplus);
        let mut padded = vec![0; length - fitted.len()];
        padded.append(&mut fitted);
        return padded;
    }
    let filler = if format == Format::Digits && !value.is_empty() { 0xFF } else { 0x00 };
    fitted.resize(length, filler);
    fitted
}

fn tag(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (first, mut rest) = bytes.split_first()?;
    let mut tag = u32::from(*first);
    if first & 0x1F == 0x1F {
        loop {
            let (next, after) = rest.split_first()?;
            tag = tag.checked_mul(0x100)? | u32::from(*next);
            rest = after;
            if next & 0x80 == 0 {
                break;
            }
        }
    }
    Some((tag, rest))
}
