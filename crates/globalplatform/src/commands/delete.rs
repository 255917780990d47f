//! DELETE of applications, load files and keys (GPCS §11.2).

use cardwright_apdu::{Aid, tlv};

use super::{managing, managing_aid};
use crate::Error;
use crate::derivation::StaticKey;
use crate::plan::PlannedCommand;

/// DELETE of an application or a load file; `with_related` deletes a load file's applications with it, which a card
/// need not support (GPCS Table 11-22). A card rolls it forward, perhaps in a later session (§9.5).
#[must_use]
pub fn delete(aid: &Aid, with_related: bool) -> PlannedCommand {
    let p2 = if with_related { 0x80 } else { 0x00 };
    managing_aid(0xE4, 0x00, p2, tlv::element(0x4F, aid.as_bytes()))
}

/// DELETE of one key of a key version, or of all of them (GPCS Table 11-24).
///
/// # Errors
/// `Error::KeyVersion` unless the version is 01 to 7F.
pub fn delete_keys(key_version: u8, key: Option<StaticKey>) -> Result<PlannedCommand, Error> {
    if !(0x01..=0x7F).contains(&key_version) {
        return Err(Error::KeyVersion(key_version));
    }
    let mut data = key.map_or_else(Vec::new, |key| tlv::element(0xD0, &[key.identifier()]));
    tlv::write(&mut data, 0xD2, &[key_version]);
    managing(0xE4, 0x00, 0x00, data)
}
