//! STORE DATA (GPCS §11.11): data groupings packed into commands.

use cardwright_apdu::{Aid, Command, Dgi, StatusWord};
use zeroize::Zeroizing;

use super::{install_for_personalization, short};
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
    /// whether the card may refuse it with 6A88, as a version that does not know it
    pub optional: bool,
}

/// Whether P1 says that the data is DGIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StructureBits {
    /// bits 5 and 4 are 00: the application knows (as CPS has it)
    Implicit,
    /// bits 5 and 4 are 01: DGI format, for cards that want it said
    Stated,
}

/// Which part of an application's STORE DATA commands is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Blocks {
    /// the number of the first
    pub first: u8,
    /// whether the last of them is the application's last, which completes it
    pub complete: bool,
}

impl Blocks {
    /// All of them, from 00.
    pub const ALL: Self = Self { first: 0x00, complete: true };
}

/// The STORE DATA commands of one application's `groupings`, in their order, each command with at most `limit` bytes
/// ([`crate::ChannelParameters::command_data_limit`]); the last that completes it has the last-block bit, block numbers
/// run and wrap.
///
/// A grouping that fits a command is not cut. A longer one begins a command and goes on in the next ones without a
/// second header, and what remains of its last command is used for the groupings after it (GPCS §11.11.2.3). P1
/// speaks for the whole command, so encrypted groupings and clear ones never share one. An optional grouping has a
/// command of its own, so that 6A88 says which one it was.
///
/// # Errors
/// `Error::Argument` for a limit under 5 or over 255, where there are no groupings, and for an optional one that does
/// not fit a command, or that is the last: the last command is the one that completes the application.
pub fn store_data(
    groupings: &[StoredDgi<'_>],
    structure: StructureBits,
    limit: usize,
    part: Blocks,
) -> Result<Vec<PlannedCommand>, Error> {
    let blocks = pack(groupings, limit, part.complete)?;
    let last = blocks.len() - 1;
    let number = |place: usize| part.first.wrapping_add(place as u8);
    let blocks = blocks.into_iter().enumerate();
    blocks.map(|(place, block)| block.command(number(place), part.complete && place == last, structure)).collect()
}

/// The same through the application's Security Domain: INSTALL [for personalization], then STORE DATA. A Security
/// Domain that rejects a block counts from 00 again (GPCS §11.11.2.2), so that the number of the block after an
/// optional one would depend on its answer: INSTALL [for personalization] is sent again after each, which sets it to 00.
///
/// # Errors
/// As [`store_data`].
pub fn store_data_through_domain(
    application: &Aid,
    groupings: &[StoredDgi<'_>],
    structure: StructureBits,
    limit: usize,
    complete: bool,
) -> Result<Vec<PlannedCommand>, Error> {
    let blocks = pack(groupings, limit, complete)?;
    let last = blocks.len() - 1;
    let mut commands = vec![install_for_personalization(application)];
    let mut number = 0u8;
    for (place, block) in blocks.into_iter().enumerate() {
        let optional = block.optional;
        commands.push(block.command(number, complete && place == last, structure)?);
        number = number.wrapping_add(1);
        if optional && place != last {
            commands.push(install_for_personalization(application));
            number = 0;
        }
    }
    Ok(commands)
}

/// The empty STORE DATA that tells an application without further data that it has everything; number 00.
///
/// # Panics
/// Never: it has no data.
#[must_use]
pub fn store_nothing_more() -> PlannedCommand {
    PlannedCommand::new(Command::new(0x80, 0xE2, LAST_BLOCK, 0x00), Content::Management)
}

fn pack(groupings: &[StoredDgi<'_>], limit: usize, complete: bool) -> Result<Vec<Block>, Error> {
    if !(SHORTEST_LIMIT..=crate::channel::SHORT_COMMAND_DATA).contains(&limit) {
        return Err(Error::Argument { what: "the limit of a command", found: limit, allowed: "5 to 255" });
    }
    match groupings.last() {
        None => return Err(Error::Argument { what: "data groupings", found: 0, allowed: "1 or more" }),
        Some(last) if last.optional && complete => {
            let found = last.dgi.data.len();
            return Err(Error::Argument { what: "the last grouping, which is optional", found, allowed: "none" });
        }
        Some(_) => {}
    }
    let mut packing = Packing { limit, blocks: Vec::new() };
    groupings.iter().try_for_each(|grouping| packing.add(grouping))?;
    Ok(packing.blocks)
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
    optional: bool,
}

struct Packing {
    limit: usize,
    blocks: Vec<Block>,
}

impl Packing {
    fn add(&mut self, grouping: &StoredDgi<'_>) -> Result<(), Error> {
        let encoded = Zeroizing::new(grouping.dgi.to_bytes());
        if grouping.optional && encoded.len() > self.limit {
            let found = encoded.len();
            return Err(Error::Argument { what: "an optional data grouping", found, allowed: "what fits a command" });
        }
        if grouping.optional || self.room(grouping.encrypted) < encoded.len() {
            self.begin(grouping);
        }
        let mut rest = &encoded[..];
        while !rest.is_empty() {
            if self.room(grouping.encrypted) == 0 && !grouping.optional {
                self.begin(grouping);
            }
            let block = self.blocks.last_mut().expect("one was begun for this grouping, or has room for it");
            let (part, after) = rest.split_at(rest.len().min(self.limit - block.data.len()));
            block.data.extend_from_slice(part);
            rest = after;
        }
        Ok(())
    }

    /// What the last command has left for data of this protection.
    fn room(&self, encrypted: bool) -> usize {
        match self.blocks.last() {
            Some(block) if block.encrypted == encrypted && !block.optional => self.limit - block.data.len(),
            _ => 0,
        }
    }

    fn begin(&mut self, grouping: &StoredDgi<'_>) {
        let data = Zeroizing::new(Vec::with_capacity(self.limit));
        self.blocks.push(Block { data, encrypted: grouping.encrypted, optional: grouping.optional });
    }
}

impl Block {
    fn command(self, number: u8, is_last: bool, structure: StructureBits) -> Result<PlannedCommand, Error> {
        let last = if is_last { LAST_BLOCK } else { 0 };
        let encrypted = if self.encrypted { ALL_ENCRYPTED } else { 0 };
        let format = if structure == StructureBits::Stated { DGI_FORMAT } else { 0 };
        let command: Command = short(0xE2, last | encrypted | format, number, self.data.to_vec())?;
        let planned = PlannedCommand::new(command, Content::Personal);
        Ok(if self.optional { planned.allowing(StatusWord::REFERENCED_DATA_NOT_FOUND) } else { planned })
    }
}
