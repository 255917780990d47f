//! LOAD (GPCS §11.6): a load file data block in numbered commands.

use cardwright_apdu::tlv;

use super::short;
use crate::Error;
use crate::plan::{Content, PlannedCommand};

/// The LOAD commands of a load file that is `data_block` under tag C4 (GPCS Table 11-58), each with at most `limit`
/// bytes ([`crate::ChannelParameters::command_data_limit`]). INSTALL [for load] comes before them.
///
/// # Errors
/// `Error::TooManyBlocks` where more than 256 would be needed; `Error::Argument` for a limit of 0 or over 255.
pub fn load(data_block: &[u8], limit: usize) -> Result<Vec<PlannedCommand>, Error> {
    if limit == 0 || limit > crate::channel::SHORT_COMMAND_DATA {
        return Err(Error::Argument { what: "the limit of a command", found: limit, allowed: "1 to 255" });
    }
    let load_file = tlv::element(0xC4, data_block);
    let count = load_file.len().div_ceil(limit);
    if count > 0x100 {
        return Err(Error::TooManyBlocks { what: "LOAD", found: count });
    }
    let blocks = load_file.chunks(limit).enumerate();
    blocks.map(|(number, block)| one_block(number as u8, number + 1 == count, block)).collect()
}

fn one_block(number: u8, is_last: bool, block: &[u8]) -> Result<PlannedCommand, Error> {
    let p1 = if is_last { 0x80 } else { 0x00 };
    Ok(PlannedCommand::new(short(0xE8, p1, number, block.to_vec())?.expecting_all(), Content::LoadFile))
}
