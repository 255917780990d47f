//! Data object lists, AIP and AFL, and records, as the card reads its own.

use cardwright_apdu::tlv;

/// A data object list: tags and lengths, no values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dol(Vec<(u32, usize)>);

impl Dol {
    /// A list of no object.
    pub(super) fn empty() -> Self {
        Self(Vec::new())
    }

    /// Reads tags of 1 to 3 bytes, each with a length of one byte. `None`: not that.
    pub(super) fn parse(mut bytes: &[u8]) -> Option<Self> {
        let mut entries = Vec::new();
        while !bytes.is_empty() {
            let (tag, rest) = read_tag(bytes)?;
            let (length, rest) = rest.split_first()?;
            entries.push((tag, usize::from(*length)));
            bytes = rest;
        }
        Some(Self(entries))
    }

    /// Bytes of the values together.
    pub(super) fn length(&self) -> usize {
        self.0.iter().map(|(_, length)| length).sum()
    }

    pub(super) fn asks_for(&self, tag: u32, length: usize) -> bool {
        self.0.contains(&(tag, length))
    }

    /// The value of `tag` in `values`, which are as long as the list says.
    pub(super) fn value<'a>(&self, tag: u32, values: &'a [u8]) -> Option<&'a [u8]> {
        let before = self.0.iter().take_while(|(other, _)| *other != tag).map(|(_, length)| length).sum::<usize>();
        let (_, length) = self.0.iter().find(|(other, _)| *other == tag)?;
        values.get(before..before + length)
    }
}

fn read_tag(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let length = match bytes {
        [first, ..] if first & 0x1F != 0x1F => 1,
        [_, second, ..] if second & 0x80 == 0 => 2,
        [_, _, third, ..] if third & 0x80 == 0 => 3,
        _ => return None,
    };
    let (tag, rest) = bytes.split_at_checked(length)?;
    let number = tag.iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
    (number != 0).then_some((number, rest))
}

/// What stands in the template 70 of a record.
pub(super) fn record_content(record: &[u8]) -> Option<&[u8]> {
    let template = tlv::read_one(record).ok()?;
    (template.tag.0 == 0x70 && tlv::read_all(template.value).is_ok()).then_some(template.value)
}

/// AIP and AFL, `82 02 .. 94 L ..`.
pub(super) struct AnswerToGpo<'a> {
    pub(super) profile: [u8; 2],
    /// 4 bytes for each range of records
    locator: &'a [u8],
    encoded: &'a [u8],
}

/// Bits of the first byte of the AIP.
pub(super) const DYNAMIC_AUTHENTICATION: u8 = 0x20;
pub(super) const ISSUER_AUTHENTICATION: u8 = 0x04;
pub(super) const COMBINED_AUTHENTICATION: u8 = 0x01;

impl<'a> AnswerToGpo<'a> {
    /// `None`: other elements, or an AFL that is no list of ranges.
    pub(super) fn parse(encoded: &'a [u8]) -> Option<Self> {
        let elements = tlv::read_all(encoded).ok()?;
        let [profile, locator] = elements[..] else { return None };
        let right = (profile.tag.0, locator.tag.0) == (0x82, 0x94) && !locator.value.is_empty();
        let ranges = locator.value.chunks(4).all(|range| {
            matches!(range, [file, first, last, signed]
            if file & 0x07 == 0 && (1..=30).contains(&(file >> 3)) && *first > 0 && first <= last
                && usize::from(*signed) <= usize::from(last - first) + 1)
        });
        let profile = profile.value.try_into().ok()?;
        (right && ranges).then_some(Self { profile, locator: locator.value, encoded })
    }

    /// The template that answers GET PROCESSING OPTIONS.
    pub(super) fn template(&self) -> Vec<u8> {
        tlv::element(0x77, self.encoded)
    }

    pub(super) fn has(&self, bit: u8) -> bool {
        self.profile[0] & bit != 0
    }

    /// File and number of each record.
    pub(super) fn records(&self) -> impl Iterator<Item = (u8, u8)> + '_ {
        self.locator.chunks_exact(4).flat_map(|range| (range[1]..=range[2]).map(move |number| (range[0] >> 3, number)))
    }

    /// Whether a record is among the first of a range, those that take part in what is signed once for all.
    pub(super) fn signs(&self, file: u8, number: u8) -> bool {
        self.locator.chunks_exact(4).any(|range| {
            let signed = u16::from(range[1])..u16::from(range[1]) + u16::from(range[3]);
            range[0] >> 3 == file && signed.contains(&u16::from(number))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_finds_each_value_and_refuses_what_is_cut_off() {
        let list = Dol::parse(&[0x9F, 0x02, 6, 0x95, 5, 0x9F, 0x37, 4]).unwrap();
        assert_eq!(list.length(), 15);
        let values: Vec<u8> = (0..15).collect();
        assert_eq!(list.value(0x95, &values).unwrap(), [6, 7, 8, 9, 10]);
        assert_eq!(list.value(0x9F37, &values).unwrap(), [11, 12, 13, 14]);
        assert_eq!(list.value(0x9A, &values), None);
        for wrong in [&[0x9F][..], &[0x95], &[0x9F, 0x02], &[0x00, 1], &[0xDF, 0x81, 0x82, 1]] {
            assert_eq!(Dol::parse(wrong), None, "{wrong:02X?}");
        }
    }

    #[test]
    fn an_answer_whose_ranges_run_backwards_is_none() {
        let good = [0x82, 2, 0x3D, 0, 0x94, 8, 0x08, 1, 2, 1, 0x10, 1, 1, 0];
        let answer = AnswerToGpo::parse(&good).unwrap();
        assert_eq!(answer.records().collect::<Vec<_>>(), [(1, 1), (1, 2), (2, 1)]);
        let signed: Vec<_> = answer.records().filter(|(file, number)| answer.signs(*file, *number)).collect();
        assert_eq!(signed, [(1, 1)]);
        for (at, byte) in [(0, 0x83), (5, 7), (6, 0x09), (6, 0x00), (7, 0), (7, 3), (9, 3), (13, 2)] {
            let mut wrong = good;
            wrong[at] = byte;
            assert!(AnswerToGpo::parse(&wrong).is_none(), "{at}");
        }
    }
}
