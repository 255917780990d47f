//! The identity application (docs/identity-application.md): name, number, validity and photo of a person, readable
//! with SELECT and READ BINARY, complete or not readable at all.

mod content;
mod manifest;
mod reading;
mod receiving;

use cardwright_apdu::{Aid, StatusWord, tlv};
use serde::{Deserialize, Serialize};

use crate::applications::Program;
use crate::memory::{Memory, Stop};
use crate::secret::Secret;

pub(crate) use reading::process;
pub(crate) use receiving::{begin, store_data};

/// File identifiers, which are the DGIs they arrive as.
const NAME: u16 = 0x0101;
const CARD_NUMBER: u16 = 0x0102;
const VALIDITY: u16 = 0x0103;
const PHOTO: u16 = 0x0201;
const PIN: u16 = 0x0301;
const MANIFEST: u16 = 0x7FFF;
/// The tag of the program's version in the FCI.
const PROGRAM_VERSION: u32 = 0xDF01;
/// Tries of the PIN.
const PIN_TRIES: u8 = 3;

/// What an instance remembers while it is selected.
#[derive(Default)]
pub(crate) struct IdentitySession {
    pin_verified: bool,
    selected_file: Option<u16>,
}

/// The application's persistent data.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityData {
    /// in the order in which they arrived
    files: Vec<StoredFile>,
    /// a grouping of which more is to come
    pending: Option<PendingFile>,
    /// whether the manifest has arrived and everything matched
    complete: bool,
    /// tries left of the PIN
    pin_tries: u8,
    /// what is being written over a complete instance: seen by nobody until its manifest agrees
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rewriting: Option<Rewriting>,
}

/// The groupings of a stream that rewrites a complete instance, as far as they have arrived.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rewriting {
    files: Vec<StoredFile>,
    pending: Option<PendingFile>,
}

/// A transparent file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredFile {
    identifier: u16,
    content: Secret,
}

/// A grouping of which more is to come.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PendingFile {
    identifier: u16,
    length: usize,
    encrypted: bool,
    received: Secret,
}

impl Default for IdentityData {
    fn default() -> Self {
        Self { files: Vec::new(), pending: None, complete: false, pin_tries: PIN_TRIES, rewriting: None }
    }
}

impl IdentityData {
    /// Whether personalization is complete.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Identifiers and lengths of the files, in the order in which they arrived.
    pub fn files(&self) -> impl Iterator<Item = (u16, usize)> + '_ {
        self.files.iter().map(|file| (file.identifier, file.content.expose().len()))
    }

    pub(super) fn memory_used(&self) -> usize {
        let rewriting = self.rewriting.as_ref();
        let staged = rewriting.map_or(0, |stream| held(&stream.files, stream.pending.as_ref()));
        held(&self.files, self.pending.as_ref()) + staged
    }

    /// `6F {84 AID, A5 {50 label}}`, from version 2 on with `DF01 version` in A5; 6985 until personalization is complete.
    pub(super) fn file_control_information(&self, version: u8, aid: &Aid) -> Result<Vec<u8>, StatusWord> {
        if !self.complete {
            return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
        }
        let mut proprietary = tlv::element(0x50, b"cardwright identity");
        if version >= 2 {
            tlv::write(&mut proprietary, PROGRAM_VERSION, &[version]);
        }
        let inner = [tlv::element(0x84, aid.as_bytes()), tlv::element(0xA5, &proprietary)].concat();
        Ok(tlv::element(0x6F, &inner))
    }

    fn content(&self, identifier: u16) -> Option<&[u8]> {
        self.files.iter().find(|file| file.identifier == identifier).map(|file| file.content.expose())
    }
}

/// Persistent bytes of files, and of the one that is arriving: each has 8 more than its content.
fn held(files: &[StoredFile], pending: Option<&PendingFile>) -> usize {
    let files: usize = files.iter().map(|file| file.content.expose().len() + 8).sum();
    files + pending.map_or(0, |pending| pending.length + 8)
}

/// The data of the instance with `aid`.
fn data<'a>(memory: &'a Memory, aid: &Aid) -> Result<&'a IdentityData, StatusWord> {
    match memory.read().application(aid).map(|application| &application.program) {
        Some(Program::Identity(data)) => Ok(data),
        _ => Err(StatusWord::CONDITIONS_NOT_SATISFIED),
    }
}

/// Changes the data of the instance with `aid` by one atomic write.
fn write(memory: &mut Memory, aid: &Aid, change: impl FnOnce(&mut IdentityData)) -> Result<(), Stop> {
    memory.write(|state| {
        if let Some(Program::Identity(data)) = state.application_mut(aid).map(|application| &mut application.program) {
            change(data);
        }
    })
}
