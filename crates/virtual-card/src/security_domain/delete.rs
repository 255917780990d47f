//! DELETE (GPCS §11.2): instances, load files, both together, keys.

use cardwright_apdu::{Aid, Command, Response, StatusWord, tlv};

use super::NO_CONFIRMATION;
use crate::key::Key;
use crate::memory::{Memory, Stop};
use crate::state::CardState;
use crate::volatile::Volatile;

/// Deletes what the data names.
pub(super) fn delete(memory: &mut Memory, volatile: &mut Volatile, command: &Command) -> Result<Response, Stop> {
    let header = command.header;
    if header.p1 != 0x00 || header.p2 & 0x7F != 0x00 {
        return Err(StatusWord::INCORRECT_P1_P2.into());
    }
    let elements = tlv::read_all(command.data()).map_err(|_| StatusWord::WRONG_DATA)?;
    let named: Vec<(u32, &[u8])> = elements.iter().map(|element| (element.tag.0, element.value)).collect();
    match named[..] {
        [(0x4F, aid)] => {
            let aid = Aid::new(aid).map_err(|_| StatusWord::WRONG_DATA)?;
            let deleted = delete_content(memory, &aid, header.p2 & 0x80 != 0);
            volatile.forget_deleted(memory.read());
            deleted?;
        }
        [(0xD0, [identifier])] => delete_keys(memory, Some(*identifier), None)?,
        [(0xD2, [version])] => delete_keys(memory, None, Some(*version))?,
        [(0xD0, [identifier]), (0xD2, [version])] | [(0xD2, [version]), (0xD0, [identifier])] => {
            delete_keys(memory, Some(*identifier), Some(*version))?;
        }
        _ => return Err(StatusWord::WRONG_DATA.into()),
    }
    Ok(Response::new(NO_CONFIRMATION, StatusWord::SUCCESS))
}

/// An instance, or a load file; with `related` its instances go first, each by a write of its own: a cut leaves
/// some, and the same command rolls forward (GPCS §9.5).
fn delete_content(memory: &mut Memory, aid: &Aid, related: bool) -> Result<(), Stop> {
    let state = memory.read();
    if state.application(aid).is_some() {
        return memory.write(|state| state.applications.retain(|application| application.aid != *aid));
    }
    if state.package(aid).is_none() {
        let own = state.security_domain == *aid;
        let status = if own { StatusWord::CONDITIONS_NOT_SATISFIED } else { StatusWord::REFERENCED_DATA_NOT_FOUND };
        return Err(status.into());
    }
    let instances: Vec<Aid> =
        state.applications.iter().filter(|instance| instance.package == *aid).map(|instance| instance.aid).collect();
    if !instances.is_empty() && !related {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED.into());
    }
    for instance in instances {
        memory.write(|state| state.applications.retain(|application| application.aid != instance))?;
    }
    memory.write(|state| state.packages.retain(|package| package.aid != *aid))
}

/// One key, all of an identifier, or all of a version, in one write. The last set that opens a channel stays.
fn delete_keys(memory: &mut Memory, identifier: Option<u8>, version: Option<u8>) -> Result<(), Stop> {
    let doomed = |set: u8, key: &Key| {
        version.is_none_or(|version| version == set) && identifier.is_none_or(|identifier| identifier == key.identifier)
    };
    let state = memory.read();
    if !state.key_sets.iter().any(|set| set.keys.iter().any(|key| doomed(set.version, key))) {
        return Err(StatusWord::REFERENCED_DATA_NOT_FOUND.into());
    }
    let untouched = |set: u8, keys: &[Key]| !keys.iter().any(|key| doomed(set, key));
    if !channel_sets(state).any(|(version, keys)| untouched(version, keys)) {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED.into());
    }
    memory.write(|state| {
        for set in &mut state.key_sets {
            let version = set.version;
            set.keys.retain(|key| !doomed(version, key));
        }
        state.key_sets.retain(|set| !set.keys.is_empty());
    })
}

/// The sets that can open a channel.
fn channel_sets(state: &CardState) -> impl Iterator<Item = (u8, &[Key])> {
    let complete = state.key_sets.iter().filter(|set| state.protocol_of(set).is_some());
    complete.map(|set| (set.version, &set.keys[..]))
}
