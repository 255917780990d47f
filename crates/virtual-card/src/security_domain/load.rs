//! LOAD (GPCS §11.6): blocks in volatile memory until the last; a cut leaves nothing behind.

use cardwright_apdu::{Aid, Command, Response, StatusWord, tlv};
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::NO_CONFIRMATION;
use crate::applications::built_in;
use crate::memory::{Memory, Stop};
use crate::secret::equal;
use crate::volatile::Volatile;

/// What INSTALL [for load] announced, and what has arrived of it.
pub(crate) struct LoadInProgress {
    aid: Aid,
    /// of the load file data block: SHA-256, -384 or -512; empty: none
    hash: Vec<u8>,
    next_block: u8,
    received: Vec<u8>,
}

impl LoadInProgress {
    pub(super) fn new(aid: Aid, hash: Vec<u8>) -> Self {
        Self { aid, hash, next_block: 0, received: Vec::new() }
    }
}

/// Takes one block; an error ends the load (GPCS §9.3.5).
pub(super) fn load(memory: &mut Memory, volatile: &mut Volatile, command: &Command) -> Result<Response, Stop> {
    let mut progress = volatile.load.take().ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
    if command.header.p2 != progress.next_block {
        return Err(StatusWord::INCORRECT_P1_P2.into());
    }
    progress.next_block = progress.next_block.wrapping_add(1);
    progress.received.extend_from_slice(command.data());
    if progress.received.len() > memory.read().memory_free() as usize {
        return Err(StatusWord::NOT_ENOUGH_MEMORY.into());
    }
    if command.header.p1 & 0x80 == 0 {
        volatile.load = Some(progress);
    } else {
        finish(memory, &progress)?;
    }
    Ok(Response::new(NO_CONFIRMATION, StatusWord::SUCCESS))
}

/// The load file is `C4 {load file data block}`: no DAP, not ciphered (GPCS Table 11-58).
fn finish(memory: &mut Memory, progress: &LoadInProgress) -> Result<(), Stop> {
    let file = tlv::read_one(&progress.received).map_err(|_| StatusWord::WRONG_DATA)?;
    if file.tag != tlv::Tag(0xC4) || !hash_agrees(&progress.hash, file.value) {
        return Err(StatusWord::WRONG_DATA.into());
    }
    let package = built_in::recognize(&progress.aid, file.value).ok_or(StatusWord::WRONG_DATA)?;
    if package.size > memory.read().memory_free() {
        return Err(StatusWord::NOT_ENOUGH_MEMORY.into());
    }
    memory.write(|state| state.packages.push(package))
}

/// Whether `block` has the hash that was announced, if one was (GPCS §C.2).
fn hash_agrees(hash: &[u8], block: &[u8]) -> bool {
    match hash.len() {
        0 => true,
        32 => equal(hash, &Sha256::digest(block)),
        48 => equal(hash, &Sha384::digest(block)),
        _ => equal(hash, &Sha512::digest(block)),
    }
}
