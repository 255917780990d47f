//! Walking through templates: every element in its order, with the templates it stands in.

use cardwright_apdu::Error;
use cardwright_apdu::tlv::{self, Tlv};

/// How deep templates may stand in one another; EMV needs 4 (6F, A5, BF0C, 61).
const DEEPEST: usize = 6;

/// Calls `visit` with each element of `bytes`, templates before what they hold, and how deep it stands (from 0).
///
/// # Errors
/// As `tlv::read_all`, for the first template that is wrong; `Error::Invalid` for more than 6 templates in one another.
pub fn walk<'a>(bytes: &'a [u8], visit: &mut impl FnMut(Tlv<'a>, usize)) -> Result<(), Error> {
    walk_at(bytes, 0, visit)
}

fn walk_at<'a>(mut bytes: &'a [u8], depth: usize, visit: &mut impl FnMut(Tlv<'a>, usize)) -> Result<(), Error> {
    if depth >= DEEPEST {
        return Err(Error::Invalid("templates more than 6 deep"));
    }
    while !bytes.is_empty() {
        let (element, rest) = tlv::read(bytes)?;
        visit(element, depth);
        if element.tag.is_constructed() {
            walk_at(element.value, depth + 1, visit)?;
        }
        bytes = rest;
    }
    Ok(())
}

/// The value at the end of `path`, a tag in a template in a template; `None` where it is not there or unreadable.
#[must_use]
pub fn at_path<'a>(bytes: &'a [u8], path: &[u32]) -> Option<&'a [u8]> {
    path.iter().try_fold(bytes, |within, tag| tlv::find(within, *tag).ok().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cardwright_apdu::tlv::{Tag, element};

    #[test]
    fn templates_are_told_before_what_they_hold() {
        let bytes = element(0xA5, &[element(0x50, b"CARD"), element(0xBF0C, &element(0x61, &[]))].concat());
        let mut seen = Vec::new();
        walk(&bytes, &mut |element, depth| seen.push((element.tag, depth))).unwrap();
        assert_eq!(seen, [(Tag(0xA5), 0), (Tag(0x50), 1), (Tag(0xBF0C), 1), (Tag(0x61), 2)]);
        assert_eq!(at_path(&bytes, &[0xA5, 0x50]), Some(&b"CARD"[..]));
        assert_eq!(at_path(&bytes, &[0xA5, 0x87]), None);
    }

    #[test]
    fn no_depth_of_templates_breaks_the_walk() {
        let deep = (0..1000).fold(Vec::new(), |inner, _| element(0x61, &inner));
        assert!(walk(&deep, &mut |_, _| ()).is_err());
    }
}
