//! STORE DATA: groupings arrive, span commands, and are complete when the manifest agrees.
//! One command is one atomic write: all of it or nothing.

use cardwright_apdu::{Aid, StatusWord};

use super::{IdentityData, MANIFEST, PIN, PendingFile, StoredFile, content, data, manifest, write};
use crate::applications::personalization::{is_under_dek, read_header};
use crate::channel::Session;
use crate::memory::{Memory, Stop};
use crate::secret::Secret;

/// A new personalization begins: a grouping that was cut short is dropped, whole ones stay.
pub(crate) fn begin(memory: &mut Memory, aid: &Aid) -> Result<(), Stop> {
    if data(memory, aid)?.pending.is_some() {
        write(memory, aid, |data| data.pending = None)?;
    }
    Ok(())
}

/// One STORE DATA.
pub(crate) fn store_data(memory: &mut Memory, aid: &Aid, p1: u8, block: &[u8], channel: &Session) -> Result<(), Stop> {
    let identity = data(memory, aid)?;
    let arrival = Arrival::receive(identity, p1, block, channel)?;
    if arrival.growth(identity) > memory.read().memory_free() as usize {
        return Err(StatusWord::NOT_ENOUGH_MEMORY.into());
    }
    write(memory, aid, |data| arrival.keep(data))
}

/// What one STORE DATA brings, before it is written.
struct Arrival {
    files: Vec<StoredFile>,
    pending: Option<PendingFile>,
    complete: bool,
}

impl Arrival {
    fn receive(identity: &IdentityData, p1: u8, block: &[u8], channel: &Session) -> Result<Self, StatusWord> {
        if identity.complete {
            return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
        }
        let encrypted = is_under_dek(p1)?;
        let mut arrival = Self { files: Vec::new(), pending: None, complete: false };
        let mut rest = block;
        if let Some(pending) = &identity.pending {
            rest = arrival.go_on(identity, pending.duplicate(), rest, channel)?;
        }
        while !rest.is_empty() {
            let (pending, after) = begin_file(rest, encrypted)?;
            rest = arrival.go_on(identity, pending, after, channel)?;
        }
        if p1 & 0x80 != 0 && !arrival.complete {
            return Err(StatusWord::INCORRECT_P1_P2);
        }
        Ok(arrival)
    }

    /// Takes from `bytes` what `pending` lacks, and hands back the rest.
    fn go_on<'a>(
        &mut self,
        identity: &IdentityData,
        mut pending: PendingFile,
        bytes: &'a [u8],
        channel: &Session,
    ) -> Result<&'a [u8], StatusWord> {
        if self.complete {
            return Err(StatusWord::WRONG_DATA);
        }
        let lacking = pending.length - pending.received.expose().len();
        let (taken, rest) = bytes.split_at(lacking.min(bytes.len()));
        pending.received = Secret::new([pending.received.expose(), taken].concat());
        if taken.len() < lacking {
            self.pending = Some(pending);
        } else {
            self.finish(identity, pending, channel)?;
        }
        Ok(rest)
    }

    fn finish(&mut self, identity: &IdentityData, whole: PendingFile, channel: &Session) -> Result<(), StatusWord> {
        let identifier = whole.identifier;
        let content = if whole.encrypted { whole.decrypt(channel)? } else { whole.received };
        if identifier == MANIFEST {
            manifest::check(content.expose(), &self.all_files(identity))?;
            self.complete = true;
            return Ok(());
        }
        if !content::is_well_formed(identifier, content.expose()) {
            return Err(StatusWord::WRONG_DATA);
        }
        self.files.retain(|file| file.identifier != identifier);
        self.files.push(StoredFile { identifier, content });
        Ok(())
    }

    /// What is stored and what this command brings; a grouping sent again takes its new place.
    fn all_files<'a>(&'a self, identity: &'a IdentityData) -> Vec<&'a StoredFile> {
        let replaced = |old: &&StoredFile| self.files.iter().any(|new| new.identifier == old.identifier);
        identity.files.iter().filter(|old| !replaced(old)).chain(&self.files).collect()
    }

    fn growth(&self, identity: &IdentityData) -> usize {
        let files: usize = self.files.iter().map(|file| file.content.expose().len() + 8).sum();
        let pending = self.pending.as_ref().map_or(0, |pending| pending.length + 8);
        let held = identity.pending.as_ref().map_or(0, |pending| pending.length + 8);
        (files + pending).saturating_sub(held)
    }

    fn keep(self, data: &mut IdentityData) {
        for file in self.files {
            data.files.retain(|old| old.identifier != file.identifier);
            data.files.push(file);
        }
        data.pending = self.pending;
        data.complete = self.complete;
    }
}

impl PendingFile {
    fn duplicate(&self) -> Self {
        Self { received: self.received.duplicate(), ..*self }
    }

    /// Only the PIN block travels encrypted: 8 bytes under 3DES, 16 with padding under AES.
    fn decrypt(&self, channel: &Session) -> Result<Secret, StatusWord> {
        let plain = channel.decrypt_sensitive(self.received.expose()).map(Secret::new).ok_or(StatusWord::WRONG_DATA)?;
        match (self.identifier, plain.expose()) {
            (PIN, [_, _, _, _, _, _, _, _]) => Ok(plain),
            (PIN, [block @ .., 0x80, 0, 0, 0, 0, 0, 0, 0]) if block.len() == 8 => Ok(Secret::new(block.to_vec())),
            _ => Err(StatusWord::WRONG_DATA),
        }
    }
}

/// Begins the grouping at the front of `bytes`, and hands back what follows its header.
fn begin_file(bytes: &[u8], encrypted: bool) -> Result<(PendingFile, &[u8]), StatusWord> {
    let (identifier, length, rest) = read_header(bytes)?;
    let longest = match identifier {
        MANIFEST => manifest::LONGEST,
        PIN if encrypted => 16,
        _ => content::longest(identifier).ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?,
    };
    if length > longest {
        return Err(StatusWord::WRONG_DATA);
    }
    Ok((PendingFile { identifier, length, encrypted, received: Secret::new(Vec::new()) }, rest))
}
