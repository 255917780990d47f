//! The manifest: the last DGI of an application, by which the card knows that it has everything.
//!
//! One byte of count, then for each DGI before it, in order: identifier (2), length (2), SHA-256 of its data (32).

use cardwright_apdu::Dgi;
use sha2::{Digest, Sha256};

/// The most DGIs a manifest can name.
pub(crate) const MOST: usize = 0xFF;

/// Bytes a manifest holds for each DGI.
pub(crate) const ENTRY: usize = 2 + 2 + 32;

/// The manifest of `groupings`, of which there are at most 255; the caller has seen to it.
pub(crate) fn of<'a>(groupings: impl ExactSizeIterator<Item = &'a Dgi>) -> Vec<u8> {
    debug_assert!(groupings.len() <= MOST);
    let mut manifest = Vec::with_capacity(1 + groupings.len() * ENTRY);
    manifest.push(groupings.len() as u8);
    for grouping in groupings {
        manifest.extend_from_slice(&grouping.identifier.to_be_bytes());
        manifest.extend_from_slice(&(grouping.data.len() as u16).to_be_bytes());
        manifest.extend_from_slice(&Sha256::digest(&grouping.data));
    }
    manifest
}

/// Whether `manifest` names exactly `groupings`, read as a card reads it: entry by entry, nothing left over.
pub(crate) fn names<'a>(manifest: &[u8], groupings: impl ExactSizeIterator<Item = &'a Dgi>) -> bool {
    let Some((count, entries)) = manifest.split_first() else { return false };
    let (entries, []) = entries.as_chunks::<ENTRY>() else { return false };
    usize::from(*count) == entries.len()
        && entries.len() == groupings.len()
        && entries.iter().zip(groupings).all(|(entry, grouping)| is_entry_of(entry, grouping))
}

fn is_entry_of(entry: &[u8; ENTRY], grouping: &Dgi) -> bool {
    let [identifier_high, identifier_low, length_high, length_low, hash @ ..] = entry;
    u16::from_be_bytes([*identifier_high, *identifier_low]) == grouping.identifier
        && usize::from(u16::from_be_bytes([*length_high, *length_low])) == grouping.data.len()
        && *hash == <[u8; 32]>::from(Sha256::digest(&grouping.data))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_that_names_fewer_or_more_is_not_complete() {
        let groupings = [Dgi::new(0x0101, b"a").unwrap(), Dgi::new(0x0102, b"b").unwrap()];
        let manifest = of(groupings.iter());
        assert!(names(&manifest, groupings.iter()));
        assert!(!names(&of(groupings[..1].iter()), groupings.iter()));
        assert!(!names(&manifest, groupings[..1].iter()));
        assert!(!names(&manifest, groupings.iter().rev()));
        assert!(!names(&manifest[..manifest.len() - 1], groupings.iter()) && !names(&[], groupings.iter()));
    }
}
