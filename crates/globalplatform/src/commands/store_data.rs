//! STORE DATA (GPCS §11.11): data groupings packed into commands.

use cardwright_apdu::{Command, Dgi};
use zeroize::Zeroizing;

use super::short;
use crate::Error;
use crate::plan::{Content, PlannedCommand};

/// P1 (GPCS Table 11-89).
const LAST_BLOCK: u8 = 0x80;
const ALL_ENCRYPTED: u8 = 0x60;
const DGI_FORMAT: u8 = 0x08;
const BER_TLV_FORMAT: u8 = 0x10;

/// The header of a DGI: identifier 2, length 1 or 3. It is never cut.
const SHORTEST_LIMIT: usize = 5;

/// A data grouping for the card. Its data is already encrypted under the DEK where `encrypted` says so.
#[derive(Clone, Copy)]
pub struct StoredDgi<'a> {
    /// the grouping
    pub dgi: &'a Dgi,
    /// whether its data is encrypted under the DEK
    pub encrypted: bool,
}

/// Whether P1 says that the data is DGIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StructureBits {
    /// bits 5 and 4 are 00: the application knows (as CPS has it)
    Implicit,
    /// bits 5 and 4 are 01: DGI format, for cards that want it said
    Stated,
}

/// The STORE DATA commands of one application's `groupings`, in their order, each command with at most `limit` bytes
/// ([`crate::ChannelParameters::command_data_limit`]); the last has the last-block bit, block numbers run from 00 and
/// wrap.
///
/// A grouping that fits a command is not cut. A longer one begins a command and goes on in the next ones without a
/// second header, and what remains of its last command is used for the groupings after it (GPCS §11.11.2.3). P1
/// speaks for the whole command, so encrypted groupings and clear ones never share one.
///
/// # Errors
/// `Error::Argument` for a limit under 5 or over 255, and where there are no groupings.
pub fn store_data(
    groupings: &[StoredDgi<'_>],
    structure: StructureBits,
    limit: usize,
) -> Result<Vec<PlannedCommand>, Error> {
    if !(SHORTEST_LIMIT..=crate::channel::SHORT_COMMAND_DATA).contains(&limit) {
        return Err(Error::Argument { what: "the limit of a command", found: limit, allowed: "5 to 255" });
    }
    if groupings.is_empty() {
        return Err(Error::Argument { what: "data groupings", found: 0, allowed: "1 or more" });
    }
    let mut packing = Packing { limit, blocks: Vec::new() };
    groupings.iter().for_each(|grouping| packing.add(grouping));
    let last = packing.blocks.len() - 1;
    let blocks = packing.blocks.into_iter().enumerate();
    blocks.map(|(number, block)| block.command(number, number == last, structure)).collect()
}

/// One STORE DATA with BER-TLV data objects for the Security Domain itself, for example its IIN (tag 42) and CIN (45).
///
/// # Errors
/// `Error::Argument` where it does not fit a short command.
pub fn store_data_objects(objects: &[u8]) -> Result<PlannedCommand, Error> {
    let command = short(0xE2, LAST_BLOCK | BER_TLV_FORMAT, 0x00, objects.to_vec())?;
    Ok(PlannedCommand::new(command, Content::Management))
}

/// The data of one command.
struct Block {
    data: Zeroizing<Vec<u8>>,
    encrypted: bool,
}

struct Packing {
    limit: usize,
    blocks: Vec<Block>,
}

impl Packing {
    fn add(&mut self, grouping: &StoredDgi<'_>) {
        let encoded = Zeroizing::new(grouping.dgi.to_bytes());
        if self.room(grouping.encrypted) < encoded.len() {
            self.begin(grouping.encrypted);
        }
        let mut rest = &encoded[..];
        while !rest.is_empty() {
            if self.room(grouping.encrypted) == 0 {
                self.begin(grouping.encrypted);
            }
            let (part, after) = rest.split_at(rest.len().min(self.room(grouping.encrypted)));
            if let Some(block) = self.blocks.last_mut() {
                block.data.extend_from_slice(part);
            }
            rest = after;
        }
    }

    /// What the last command has left for data of this protection.
    fn room(&self, encrypted: bool) -> usize {
        match self.blocks.last() {
            Some(block) if block.encrypted == encrypted => self.limit - block.data.len(),
            _ => 0,
        }
    }

    fn begin(&mut self, encrypted: bool) {
        let data = Zeroizing::new(Vec::with_capacity(self.limit));
        self.blocks.push(Block { data, encrypted });
    }
}

impl Block {
    fn command(self, number: usize, is_last: bool, structure: StructureBits) -> Result<PlannedCommand, Error> {
        let last = if is_last { LAST_BLOCK } else { 0 };
        let encrypted = if self.encrypted { ALL_ENCRYPTED } else { 0 };
        let format = if structure == StructureBits::Stated { DGI_FORMAT } else { 0 };
        let command: Command = short(0xE2, last | encrypted | format, number as u8, self.data.to_vec())?;
        Ok(PlannedCommand::new(command, Content::Personal))
    }
}
