//! How many parts a message may have, held while it is read: a list that is too long takes no more memory than one
//! that is not.

use minicbor::decode::Error;
use minicbor::{Decode, Decoder};

/// Commands in one script; 1,000 of 247 bytes are a load file of 240 KB.
pub(crate) const MOST_COMMANDS: usize = 4_096;
/// Tickets, and names of sessions.
pub(crate) const MOST_TICKETS: usize = 256;
pub(crate) const MOST_CHALLENGES: usize = 256;
pub(crate) const MOST_PREAMBLES: usize = 256;
/// Commands before INITIALIZE UPDATE.
pub(crate) const PREAMBLE_COMMANDS: usize = 16;
/// Answers in OPEN: the preamble's, and INITIALIZE UPDATE's.
pub(crate) const OPEN_ANSWERS: usize = PREAMBLE_COMMANDS + 1;
/// Parameters of a refusal.
pub(crate) const MOST_PARAMETERS: usize = 8;

/// Reads an array and keeps `MOST` items and one more, which tells [`crate::Message::check`] that there are too many;
/// the others are skipped.
pub(super) fn list<'b, C, T: Decode<'b, C>, const MOST: usize>(
    decoder: &mut Decoder<'b>,
    context: &mut C,
) -> Result<Vec<T>, Error> {
    let mut left = decoder.array()?;
    let mut items = Vec::new();
    while !ended(decoder, &mut left)? {
        if items.len() <= MOST {
            items.push(decoder.decode_with(context)?);
        } else {
            decoder.skip()?;
        }
    }
    Ok(items)
}

/// Whether an array of `left` items, or of as many as come before a break, is over; counts the next one.
fn ended(decoder: &mut Decoder<'_>, left: &mut Option<u64>) -> Result<bool, Error> {
    match left {
        Some(0) => Ok(true),
        Some(left) => {
            *left -= 1;
            Ok(false)
        }
        None if decoder.datatype()? == minicbor::data::Type::Break => {
            decoder.skip()?;
            Ok(true)
        }
        None => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> (Result<Vec<u8>, Error>, usize) {
        let mut decoder = Decoder::new(bytes);
        let items = list::<_, _, 2>(&mut decoder, &mut ());
        (items, decoder.position())
    }

    #[test]
    fn a_list_is_read_to_its_end_and_kept_to_one_more_than_it_may_have() {
        for (bytes, kept) in [
            (&[0x80][..], &[][..]),
            (&[0x82, 1, 2], &[1, 2]),
            (&[0x84, 1, 2, 3, 4], &[1, 2, 3]),
            (&[0x9F, 0xFF], &[]),
            (&[0x9F, 1, 2, 3, 4, 0xFF], &[1, 2, 3]),
        ] {
            let (items, position) = read(bytes);
            assert_eq!((&items.unwrap()[..], position), (kept, bytes.len()));
        }
    }

    #[test]
    fn a_list_that_is_cut_or_is_none_is_refused() {
        for bytes in [&[0x82, 1][..], &[0x9F, 1], &[0x9B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1], &[0x01]] {
            assert!(read(bytes).0.is_err(), "{bytes:02X?}");
        }
    }
}
