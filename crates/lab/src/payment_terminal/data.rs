//! What the card has said: its data objects, each once.

use std::collections::BTreeMap;

use cardwright_apdu::tlv;

use super::dictionary::nibbles;
use super::fault::Wrong;

/// Data objects by tag.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct CardData(BTreeMap<u32, Vec<u8>>);

impl CardData {
    pub(super) fn get(&self, tag: u32) -> Option<&[u8]> {
        self.0.get(&tag).map(Vec::as_slice)
    }

    pub(super) fn need(&self, tag: u32) -> Result<&[u8], Wrong> {
        self.get(tag).ok_or(Wrong::Missing(tag))
    }

    /// A data object of exactly `N` bytes that has to be there.
    pub(super) fn need_exactly<const N: usize>(&self, tag: u32) -> Result<[u8; N], Wrong> {
        self.need(tag)?.try_into().map_err(|_| Wrong::value(tag, "its length is wrong"))
    }

    /// A data object of exactly `N` bytes that may be there.
    pub(super) fn exactly<const N: usize>(&self, tag: u32) -> Result<Option<[u8; N]>, Wrong> {
        if self.0.contains_key(&tag) { self.need_exactly(tag).map(Some) } else { Ok(None) }
    }

    /// Adds a data object; a card may say each only once (B3 §10.2).
    pub(super) fn add(&mut self, tag: u32, value: &[u8]) -> Result<(), Wrong> {
        match self.0.insert(tag, value.to_vec()) {
            None => Ok(()),
            Some(_) => Err(Wrong::Twice(tag)),
        }
    }

    pub(super) fn all(&self) -> &BTreeMap<u32, Vec<u8>> {
        &self.0
    }

    /// The digits of the account number (5A).
    pub(super) fn account_number(&self) -> Result<Vec<u8>, Wrong> {
        Ok(nibbles(self.need(0x5A)?).take_while(|nibble| *nibble < 10).collect())
    }

    /// The digits of the sequence number (5F34), 00 where the card has none (B2 §A1.4.1).
    pub(super) fn sequence_number(&self) -> [u8; 2] {
        self.get(0x5F34).map_or([0; 2], |value| value.first().map_or([0; 2], |byte| [byte >> 4, byte & 0x0F]))
    }
}

/// The elements of a template, which end with it; no tag twice.
pub(super) fn elements<'a>(what: &'static str, bytes: &'a [u8]) -> Result<Vec<(u32, &'a [u8])>, Wrong> {
    let elements = tlv::read_all(bytes).map_err(|error| Wrong::structure(what, error))?;
    let pairs: Vec<(u32, &[u8])> = elements.into_iter().map(|element| (element.tag.0, element.value)).collect();
    match pairs.iter().enumerate().find(|(place, (tag, _))| pairs[..*place].iter().any(|(other, _)| other == tag)) {
        Some((_, (tag, _))) => Err(Wrong::Twice(*tag)),
        None => Ok(pairs),
    }
}

/// The value of the one element that `bytes` are.
pub(super) fn only<'a>(what: &'static str, bytes: &'a [u8], tag: u32) -> Result<&'a [u8], Wrong> {
    let element = tlv::read_one(bytes).map_err(|error| Wrong::structure(what, error))?;
    if element.tag.0 == tag {
        Ok(element.value)
    } else {
        Err(Wrong::structure(what, format!("{:X} where {tag:X} belongs", element.tag.0)))
    }
}

/// The value of the element with this tag, which has to be there.
pub(super) fn need<'a>(elements: &[(u32, &'a [u8])], tag: u32) -> Result<&'a [u8], Wrong> {
    get(elements, tag).ok_or(Wrong::Missing(tag))
}

/// The value of the element with this tag.
pub(super) fn get<'a>(elements: &[(u32, &'a [u8])], tag: u32) -> Option<&'a [u8]> {
    elements.iter().find(|(other, _)| *other == tag).map(|(_, value)| *value)
}
