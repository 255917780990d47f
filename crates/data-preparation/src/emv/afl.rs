//! The application file locator, value of tag 94: which records a terminal reads, and how many of them are signed.

/// One entry: records `first` to `last` of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AflEntry {
    /// short file identifier, 1 to 30
    pub file: u8,
    /// the first record, from 1
    pub first: u8,
    /// the last record, not before the first
    pub last: u8,
    /// how many of them, from the first, take part in offline data authentication
    pub signed: u8,
}

impl AflEntry {
    /// The records, in order, each with whether it is signed.
    pub fn records(self) -> impl Iterator<Item = (u8, bool)> {
        (self.first..=self.last).map(move |record| (record, record - self.first < self.signed))
    }
}

/// An application file locator: 1 to 63 entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Afl(Vec<AflEntry>);

impl Afl {
    /// The locator of `entries`, or `None` where there is none, or more than 63, or one that is not in its bounds.
    #[must_use]
    pub fn new(entries: Vec<AflEntry>) -> Option<Self> {
        let right = |entry: &AflEntry| {
            (1..=30).contains(&entry.file)
                && 1 <= entry.first
                && entry.first <= entry.last
                && entry.signed <= entry.last - entry.first + 1
        };
        let count = (1..=63).contains(&entries.len());
        (count && entries.iter().all(right)).then_some(Self(entries))
    }

    /// Reads the value of tag 94 (`EMV B3`): four bytes an entry, the file in the high 5 bits of the first.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (chunks, []) = bytes.as_chunks::<4>() else { return None };
        if chunks.iter().any(|[file, ..]| file & 0x07 != 0) {
            return None;
        }
        Self::new(
            chunks
                .iter()
                .map(|[file, first, last, signed]| AflEntry {
                    file: file >> 3,
                    first: *first,
                    last: *last,
                    signed: *signed,
                })
                .collect(),
        )
    }

    /// The value of tag 94.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|entry| [entry.file << 3, entry.first, entry.last, entry.signed]).collect()
    }

    /// The entries, in the order in which a terminal reads.
    #[must_use]
    pub fn entries(&self) -> &[AflEntry] {
        &self.0
    }

    /// All records in the order in which a terminal reads: file, record, whether it is signed.
    pub fn records(&self) -> impl Iterator<Item = (u8, u8, bool)> + '_ {
        self.0.iter().flat_map(|entry| entry.records().map(|(record, signed)| (entry.file, record, signed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_in_order_with_the_first_ones_signed() {
        let afl = Afl::read(&[0x08, 1, 2, 1, 0x18, 3, 3, 0]).unwrap();
        assert_eq!(afl.records().collect::<Vec<_>>(), [(1, 1, true), (1, 2, false), (3, 3, false)]);
        assert_eq!(Afl::read(&afl.to_bytes()), Some(afl));
    }

    #[test]
    fn what_terminals_refuse_is_no_locator() {
        for wrong in [
            &[][..],
            &[0x08, 1, 1],
            &[0x08, 0, 1, 0],
            &[0x08, 2, 1, 0],
            &[0x08, 1, 2, 3],
            &[0x00, 1, 1, 0],
            &[0xF8, 1, 1, 0],
            &[0x09, 1, 1, 0],
        ] {
            assert!(Afl::read(wrong).is_none(), "{wrong:02X?}");
        }
        assert!(Afl::read(&[0x08, 1, 1, 0].repeat(64)).is_none());
        assert!(Afl::read(&[0x08, 1, 255, 255]).is_some());
    }
}
