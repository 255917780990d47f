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
    /// 00 to FF: there is no block after these (GPCS §11.6.2.2)
    next_block: u16,
    received: Vec<u8>,
}

impl LoadInProgress {
    pub(super) fn new(aid: Aid, hash: Vec<u8>) -> Self {
        Self { aid, hash, next_block: 0, received: Vec::new() }
    }
}

/// Takes one block; an error ends the load, and nothing of it stays (GPCS §9.3.5).
pub(super) fn load(memory: &mut Memory, volatile: &mut Volatile, command: &Command) -> Result<Response, Stop> {
    let mut progress = volatile.load.take().ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
    if u16::from(command.header.p2) != progress.next_block {
        return Err(StatusWord::INCORRECT_P1_P2.into());
    }
    progress.next_block += 1;
    progress.received.extend_from_slice(command.data());
    progress.check_length(memory.read().memory_free() as usize)?;
    if command.header.p1 & 0x80 == 0 {
        volatile.load = Some(progress);
    } else {
        finish(memory, &progress)?;
    }
    Ok(Response::new(NO_CONFIRMATION, StatusWord::SUCCESS))
}

impl LoadInProgress {
    /// What has arrived is no more than its head announces, and that fits the memory.
    fn check_length(&self, free: usize) -> Result<(), StatusWord> {
        let [0xC4, after_tag @ ..] = &self.received[..] else { return Err(StatusWord::WRONG_DATA) };
        match tlv::read_length(after_tag) {
            Ok((announced, _)) if announced > free => Err(StatusWord::NOT_ENOUGH_MEMORY),
            Ok((announced, content)) if content.len() > announced => Err(StatusWord::WRONG_DATA),
            Ok(_) | Err(cardwright_apdu::Error::Truncated { .. }) => Ok(()),
            Err(_) => Err(StatusWord::WRONG_DATA),
        }
    }
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
