//! The manifest 7FFF: what must have arrived, in which order, and the hash of each.

use cardwright_apdu::StatusWord;
use sha2::{Digest, Sha256};

use super::{CARD_NUMBER, NAME, PHOTO, PIN, StoredFile, VALIDITY};

/// Bytes of one entry: identifier 2, length 2, SHA-256 32.
const ENTRY: usize = 36;
/// The longest manifest: 255 entries.
pub(super) const LONGEST: usize = 1 + 255 * ENTRY;

/// Compares the groupings of a stream with its manifest, which names all of them, in their order, and no other.
///
/// # Errors
/// 6A80 where they differ, and where there is none.
pub(super) fn check(manifest: &[u8], files: &[&StoredFile]) -> Result<(), StatusWord> {
    let (count, entries) = manifest.split_first().ok_or(StatusWord::WRONG_DATA)?;
    let sizes_agree = usize::from(*count) == files.len() && entries.len() == files.len() * ENTRY;
    let all_match = entries.chunks_exact(ENTRY).zip(files).all(|(entry, file)| matches(entry, file));
    if sizes_agree && all_match && !files.is_empty() { Ok(()) } else { Err(StatusWord::WRONG_DATA) }
}

/// Whether an instance with these files can be used.
///
/// # Errors
/// 6A86 where one is missing.
pub(super) fn check_usable(is_there: impl Fn(u16) -> bool) -> Result<(), StatusWord> {
    let indispensable = [NAME, CARD_NUMBER, VALIDITY].into_iter().all(&is_there);
    let photo_protected = !is_there(PHOTO) || is_there(PIN);
    if indispensable && photo_protected { Ok(()) } else { Err(StatusWord::INCORRECT_P1_P2) }
}

fn matches(entry: &[u8], file: &StoredFile) -> bool {
    let content = file.content.expose();
    let length = (content.len() as u16).to_be_bytes();
    entry[..2] == file.identifier.to_be_bytes() && entry[2..4] == length && entry[4..] == Sha256::digest(content)[..]
}
