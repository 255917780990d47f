//! Data object lists: which values, of which lengths, a card wants from a terminal, one after the other.

use cardwright_apdu::tlv::{self, Tag};

/// One entry of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DolEntry {
    /// the wanted element
    pub tag: Tag,
    /// the bytes it is given in
    pub length: u8,
}

/// A data object list (`EMV B3`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dol(Vec<DolEntry>);

impl Dol {
    /// Reads a list. `None` where a tag or its length is cut short, an element is constructed or empty, or the values
    /// would not fit one command.
    #[must_use]
    pub fn read(mut bytes: &[u8]) -> Option<Self> {
        let mut entries = Vec::new();
        while !bytes.is_empty() {
            let (tag, rest) = tlv::read_tag(bytes).ok()?;
            let (length, rest) = rest.split_first()?;
            if tag.is_constructed() || *length == 0 {
                return None;
            }
            entries.push(DolEntry { tag, length: *length });
            bytes = rest;
        }
        let list = Self(entries);
        (list.length() <= 252).then_some(list)
    }

    /// The entries in order.
    #[must_use]
    pub fn entries(&self) -> &[DolEntry] {
        &self.0
    }

    /// How many bytes the values have together.
    #[must_use]
    pub fn length(&self) -> usize {
        self.0.iter().map(|entry| usize::from(entry.length)).sum()
    }

    /// The length that `tag` is wanted in, if it is.
    #[must_use]
    pub fn wants(&self, tag: u32) -> Option<u8> {
        self.0.iter().find(|entry| entry.tag == Tag(tag)).map(|entry| entry.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_list_wants_29_bytes() {
        let bytes = hex::decode("9F02069F03069F1A0295055F2A029A039C019F3704").unwrap();
        let list = Dol::read(&bytes).unwrap();
        assert_eq!((list.length(), list.entries().len()), (29, 8));
        assert_eq!((list.wants(0x9F37), list.wants(0x8A)), (Some(4), None));
    }

    #[test]
    fn a_list_cut_short_is_none() {
        for wrong in ["9F02", "9F", "9F0206 9A", "7002", "9F0200", "9F02FF 9F03FF"] {
            assert!(Dol::read(&hex::decode(wrong.replace(' ', "")).unwrap()).is_none(), "{wrong}");
        }
        assert_eq!(Dol::read(&[]).unwrap().length(), 0);
    }
}
