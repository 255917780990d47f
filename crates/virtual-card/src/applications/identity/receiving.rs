//! STORE DATA: groupings arrive, span commands, and are there when the manifest agrees. One command is one atomic
//! write: all of it or nothing. A complete instance is rewritten by a stream that waits aside until its last command,
//! which puts all of it in place at once.

use cardwright_apdu::{Aid, StatusWord};

use super::{
    IdentityData, MANIFEST, PIN, PIN_TRIES, PendingFile, Rewriting, StoredFile, content, data, held, manifest, write,
};
use crate::applications::personalization::{is_under_dek, read_header};
use crate::channel::Session;
use crate::memory::{Memory, Stop};
use crate::secret::Secret;

/// A new personalization begins. Of one that was not finished, a grouping that was cut short is dropped and whole ones
/// stay; of a rewriting that was not finished, nothing stays.
pub(crate) fn begin(memory: &mut Memory, aid: &Aid) -> Result<(), Stop> {
    let identity = data(memory, aid)?;
    if identity.complete {
        write(memory, aid, |data| data.rewriting = Some(Rewriting::default()))?;
    } else if identity.pending.is_some() {
        write(memory, aid, |data| data.pending = None)?;
    }
    Ok(())
}

/// One STORE DATA.
pub(crate) fn store_data(memory: &mut Memory, aid: &Aid, p1: u8, block: &[u8], channel: &Session) -> Result<(), Stop> {
    let identity = data(memory, aid)?;
    let arrival = Arrival::receive(identity, p1, block, channel)?;
    if arrival.growth() > memory.read().memory_free() as usize {
        return Err(StatusWord::NOT_ENOUGH_MEMORY.into());
    }
    let Arrived { files, pending, complete } = arrival.new;
    write(memory, aid, |data| data.keep(files, pending, complete))
}

/// One STORE DATA, while it is read.
struct Arrival<'a> {
    identity: &'a IdentityData,
    /// groupings of this stream that earlier commands brought, and the one they began
    before: &'a [StoredFile],
    before_pending: Option<&'a PendingFile>,
    new: Arrived,
}

/// What one STORE DATA brings.
#[derive(Default)]
struct Arrived {
    files: Vec<StoredFile>,
    pending: Option<PendingFile>,
    complete: bool,
}

impl<'a> Arrival<'a> {
    fn receive(identity: &'a IdentityData, p1: u8, block: &[u8], channel: &Session) -> Result<Self, StatusWord> {
        let (before, before_pending) = match &identity.rewriting {
            Some(stream) => (&stream.files[..], stream.pending.as_ref()),
            None if identity.complete => return Err(StatusWord::CONDITIONS_NOT_SATISFIED),
            None => (&identity.files[..], identity.pending.as_ref()),
        };
        let encrypted = is_under_dek(p1)?;
        let mut arrival = Self { identity, before, before_pending, new: Arrived::default() };
        let mut rest = block;
        if let Some(pending) = before_pending {
            rest = arrival.go_on(pending.duplicate(), rest, channel)?;
        }
        while !rest.is_empty() {
            let (pending, after) = begin_file(rest, encrypted)?;
            rest = arrival.go_on(pending, after, channel)?;
        }
        if p1 & 0x80 != 0 && !arrival.new.complete {
            return Err(StatusWord::INCORRECT_P1_P2);
        }
        Ok(arrival)
    }

    /// Takes from `bytes` what `pending` lacks, and hands back the rest.
    fn go_on<'b>(
        &mut self,
        mut pending: PendingFile,
        bytes: &'b [u8],
        channel: &Session,
    ) -> Result<&'b [u8], StatusWord> {
        if self.new.complete {
            return Err(StatusWord::WRONG_DATA);
        }
        let lacking = pending.length - pending.received.expose().len();
        let (taken, rest) = bytes.split_at(lacking.min(bytes.len()));
        pending.received = Secret::new([pending.received.expose(), taken].concat());
        if taken.len() < lacking {
            self.new.pending = Some(pending);
        } else {
            self.finish(pending, channel)?;
        }
        Ok(rest)
    }

    fn finish(&mut self, whole: PendingFile, channel: &Session) -> Result<(), StatusWord> {
        let identifier = whole.identifier;
        let content = if whole.encrypted { whole.decrypt(channel)? } else { whole.received };
        if identifier == MANIFEST {
            let stream = self.stream();
            manifest::check(content.expose(), &stream)?;
            let in_stream = |wanted| stream.iter().any(|file| file.identifier == wanted);
            manifest::check_usable(|wanted| in_stream(wanted) || self.identity.content(wanted).is_some())?;
            self.new.complete = true;
            return Ok(());
        }
        if !content::is_well_formed(identifier, content.expose()) {
            return Err(StatusWord::WRONG_DATA);
        }
        self.new.files.retain(|file| file.identifier != identifier);
        self.new.files.push(StoredFile { identifier, content });
        Ok(())
    }

    /// The groupings of the stream; one that was sent again takes its new place.
    fn stream(&self) -> Vec<&StoredFile> {
        let replaced = |old: &&StoredFile| self.new.files.iter().any(|new| new.identifier == old.identifier);
        self.before.iter().filter(|old| !replaced(old)).chain(&self.new.files).collect()
    }

    fn growth(&self) -> usize {
        held(&self.new.files, self.new.pending.as_ref()).saturating_sub(held(&[], self.before_pending))
    }
}

impl IdentityData {
    /// Keeps what one STORE DATA brought: beside the files in use while these are rewritten, otherwise as files. With
    /// the last command of a rewriting the new files take the place of the old ones, and a new PIN has all its tries.
    fn keep(&mut self, files: Vec<StoredFile>, pending: Option<PendingFile>, complete: bool) {
        let Some(mut stream) = self.rewriting.take() else {
            put(&mut self.files, files);
            self.pending = pending;
            self.complete = complete;
            return;
        };
        put(&mut stream.files, files);
        stream.pending = pending;
        if !complete {
            self.rewriting = Some(stream);
            return;
        }
        if stream.files.iter().any(|file| file.identifier == PIN) {
            self.pin_tries = PIN_TRIES;
        }
        put(&mut self.files, stream.files);
    }
}

/// Puts `new` behind `files`; of two with one identifier the new one stays.
fn put(files: &mut Vec<StoredFile>, new: Vec<StoredFile>) {
    for file in new {
        files.retain(|old| old.identifier != file.identifier);
        files.push(file);
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
