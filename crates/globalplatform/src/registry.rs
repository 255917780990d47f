//! What GET STATUS answers: the card's registry, entry by entry (GPCS §11.4.3.1).

use cardwright_apdu::{Aid, tlv};

use crate::Error;
use crate::commands::{Privileges, Scope, StatusFormat};

const WHAT: &str = "the answer to GET STATUS";

/// An entry of the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryEntry {
    /// AID of the Security Domain, application or load file
    pub aid: Aid,
    /// life cycle state as the card codes it (GPCS §11.1.1); [`LifeCycle`] reads an application's
    pub life_cycle: u8,
    /// privileges; `None` for load files
    pub privileges: Option<Privileges>,
    /// AIDs of a load file's modules, where they were asked for
    pub modules: Vec<Aid>,
    /// an application's load file (tag C4), where the card says it
    pub load_file: Option<Aid>,
    /// the Security Domain it belongs to (tag CC), where the card says it
    pub security_domain: Option<Aid>,
    /// a load file's version (tag CE), where the card says it
    pub version: Option<Vec<u8>>,
}

/// An application's life cycle state (GPCS Table 11-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LifeCycle {
    /// 03
    Installed,
    /// 07
    Selectable,
    /// 0xxx x111 otherwise: the application's own, for a Security Domain 0F is PERSONALIZED
    ApplicationSpecific(u8),
    /// bit 8 set: it cannot be selected
    Locked,
}

impl LifeCycle {
    /// Reads the state of an application or a supplementary Security Domain; `None` where the byte codes none.
    #[must_use]
    pub fn of_application(byte: u8) -> Option<Self> {
        match byte {
            0x03 => Some(Self::Installed),
            0x07 => Some(Self::Selectable),
            locked if locked & 0x83 == 0x83 => Some(Self::Locked),
            specific if specific & 0x87 == 0x07 => Some(Self::ApplicationSpecific(specific)),
            _ => None,
        }
    }
}

/// Reads one page of entries: the answer's data without the status word, in the format that was asked for.
///
/// # Errors
/// `Error::Malformed`, and `Error::Content` where an entry has no AID or no life cycle state of one byte, or says
/// something twice.
pub fn read_registry(scope: Scope, format: StatusFormat, response_data: &[u8]) -> Result<Vec<RegistryEntry>, Error> {
    match format {
        StatusFormat::Tlv => read_tlv(response_data),
        StatusFormat::Untagged => read_untagged(scope, response_data),
    }
}

/// Entries under tag E3 (GPCS Tables 11-36 and 11-37).
fn read_tlv(data: &[u8]) -> Result<Vec<RegistryEntry>, Error> {
    let entries = tlv::read_all(data).map_err(malformed)?;
    entries
        .into_iter()
        .map(|entry| if entry.tag.0 == 0xE3 { read_entry(entry.value) } else { Err(content("no E3")) })
        .collect()
}

fn read_entry(value: &[u8]) -> Result<RegistryEntry, Error> {
    let elements = tlv::read_all(value).map_err(malformed)?;
    let values = |tag| elements.iter().filter(move |element| element.tag.0 == tag).map(|element| element.value);
    if [0x4F, 0x9F70, 0xC5, 0xC4, 0xCC, 0xCE].into_iter().any(|tag| values(tag).count() > 1) {
        return Err(content("an entry that says something twice"));
    }
    let find = |tag| values(tag).next();
    let aid = |tag| find(tag).map(|bytes| Aid::new(bytes).map_err(malformed)).transpose();
    Ok(RegistryEntry {
        aid: aid(0x4F)?.ok_or(content("an entry without AID (4F)"))?,
        life_cycle: match find(0x9F70) {
            Some(&[state]) => state,
            _ => return Err(content("an entry without a life cycle state (9F70) of one byte")),
        },
        privileges: find(0xC5).map(Privileges::new).transpose()?,
        modules: values(0x84).map(|module| Aid::new(module).map_err(malformed)).collect::<Result<_, _>>()?,
        load_file: aid(0xC4)?,
        security_domain: aid(0xCC)?,
        version: find(0xCE).map(<[u8]>::to_vec),
    })
}

/// Entries as length, AID, state, privileges of one byte, and for modules their number and their AIDs: the
/// deprecated format, which older versions of GPCS describe in §11.4.3.1.
fn read_untagged(scope: Scope, mut data: &[u8]) -> Result<Vec<RegistryEntry>, Error> {
    let mut entries = Vec::new();
    while !data.is_empty() {
        let aid = take_aid(&mut data)?;
        let [life_cycle, privileges] = take(&mut data, 2)? else { return Err(content("an entry that is cut")) };
        let is_load_file = matches!(scope, Scope::LoadFiles | Scope::LoadFilesAndModules);
        let count = if scope == Scope::LoadFilesAndModules { take(&mut data, 1)?[0] } else { 0 };
        let modules = (0..count).map(|_| take_aid(&mut data)).collect::<Result<_, _>>()?;
        let privileges = if is_load_file { None } else { Some(Privileges::new(&[*privileges])?) };
        let (load_file, security_domain, version) = (None, None, None);
        entries.push(RegistryEntry {
            aid,
            life_cycle: *life_cycle,
            privileges,
            modules,
            load_file,
            security_domain,
            version,
        });
    }
    Ok(entries)
}

fn take_aid(data: &mut &[u8]) -> Result<Aid, Error> {
    let length = take(data, 1)?[0];
    Aid::new(take(data, length.into())?).map_err(malformed)
}

fn take<'a>(data: &mut &'a [u8], length: usize) -> Result<&'a [u8], Error> {
    let truncated = cardwright_apdu::Error::Truncated { expected: length, found: data.len() };
    let (taken, rest) = data.split_at_checked(length).ok_or(malformed(truncated))?;
    *data = rest;
    Ok(taken)
}

fn malformed(source: cardwright_apdu::Error) -> Error {
    Error::Malformed { what: WHAT, source }
}

fn content(problem: &'static str) -> Error {
    Error::Content { what: WHAT, problem }
}
