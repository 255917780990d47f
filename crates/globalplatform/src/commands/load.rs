//! LOAD (GPCS §11.6): a load file data block in numbered commands.

use cardwright_apdu::tlv;

use super::short;
use crate::Error;
use crate::plan::{Content, PlannedCommand};

/// Tag C4 and a length of up to three bytes after its first: they stand whole in the first command.
const SHORTEST_LIMIT: usize = 5;

/// The LOAD commands of a load file that is `data_block` under tag C4 (GPCS Table 11-58), as few as `limit` bytes each
/// ([`crate::ChannelParameters::command_data_limit`]) allow. INSTALL [for load] comes before them.
///
/// # Errors
/// `Error::TooManyBlocks` where more than 256 would be needed: the load file is too large for a channel of this level;
/// `Error::Argument` for an empty block, and for a limit under 5 or over 255.
pub fn load(data_block: &[u8], limit: usize) -> Result<Vec<PlannedCommand>, Error> {
    if !(SHORTEST_LIMIT..=crate::channel::SHORT_COMMAND_DATA).contains(&limit) {
        return Err(Error::Argument { what: "the limit of a command", found: limit, allowed: "5 to 255" });
    }
    if data_block.is_empty() {
        return Err(Error::Argument { what: "the load file data block", found: 0, allowed: "1 and more" });
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
