//! The commands of content management (GPCS §11), as constructors: a command that exists is well formed.
//!
//! SELECT and GET DATA give plain [`cardwright_apdu::Command`]s, for the preamble; what goes through a channel is a
//! [`PlannedCommand`] with its content and allowed status words.

mod delete;
mod get_data;
mod get_status;
mod install;
mod load;
mod memory;
mod put_key;
mod select;
mod set_status;
mod store_data;

pub use delete::{delete, delete_keys};
pub use get_data::{DataObject, get_data, get_data_in_channel, read_data_object};
pub use get_status::{Occurrence, Scope, StatusFormat, get_status};
pub use install::{
    Installation, Privileges, RegistryUpdate, install_for_load, install_for_personalization, make_selectable,
};
pub use load::load;
pub use memory::MemoryRequirement;
pub use put_key::{AesKeyBlock, EncryptedKey, EncryptedKeySet, KeyType, check_put_key_answer, put_key, put_keys};
pub use select::{SelectedDomain, select, select_issuer_security_domain};
pub use set_status::{CardState, lock_application, set_card_state, unlock_application};
pub use store_data::{
    Blocks, StoredDgi, StructureBits, store_data, store_data_objects, store_data_through_domain, store_nothing_more,
};

use cardwright_apdu::{Aid, Command, tlv};

use crate::Error;
use crate::channel::with_short_data;
use crate::plan::{Content, PlannedCommand};

/// A planned command of `80 ins p1 p2` with `data` and, for the answer that there always is, Le 00.
fn managing(ins: u8, p1: u8, p2: u8, data: Vec<u8>) -> Result<PlannedCommand, Error> {
    Ok(PlannedCommand::new(short(ins, p1, p2, data)?.expecting_all(), Content::Management))
}

/// As [`managing`], for data that is short by its nature: an AID and a few bytes.
fn managing_aid(ins: u8, p1: u8, p2: u8, data: Vec<u8>) -> PlannedCommand {
    let command = with_short_data(Command::new(0x80, ins, p1, p2), data).expecting_all();
    PlannedCommand::new(command, Content::Management)
}

/// `80 ins p1 p2` with at most 255 bytes of data.
fn short(ins: u8, p1: u8, p2: u8, data: Vec<u8>) -> Result<Command, Error> {
    let found = data.len();
    let too_long = Error::Argument { what: "command data", found, allowed: "0 to 255" };
    if found > crate::channel::SHORT_COMMAND_DATA {
        return Err(too_long);
    }
    Command::new(0x80, ins, p1, p2).with_data(data).map_err(|_| too_long)
}

/// Appends an AID behind its length of one byte; length 00 for none.
fn write_aid(out: &mut Vec<u8>, aid: Option<&Aid>) {
    let bytes = aid.map_or(&[][..], Aid::as_bytes);
    out.push(bytes.len() as u8);
    out.extend_from_slice(bytes);
}

/// Appends a field behind its length as BER codes it (GPCS §11.5.2.3).
fn write_field(out: &mut Vec<u8>, field: &[u8]) {
    tlv::write_length(out, field.len());
    out.extend_from_slice(field);
}
