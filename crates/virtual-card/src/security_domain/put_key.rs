//! PUT KEY (GPCS §11.8): adds or replaces keys, all of a command or none.

use cardwright_apdu::{Command, Response, StatusWord};

use super::fields::Fields;
use crate::channel::{Channel, Session};
use crate::key::{Key, KeyKind, KeySet};
use crate::memory::{Memory, Stop};
use crate::secret::Secret;
use crate::state::CardState;

/// The version of the set a card may be delivered with; P1 cannot name it.
const INITIAL_VERSION: u8 = 0xFF;

/// Checks every key, writes them by one atomic write, and answers version and check values.
pub(super) fn put_key(memory: &mut Memory, channel: &Channel, command: &Command) -> Result<Response, Stop> {
    let (p1, p2) = (command.header.p1, command.header.p2);
    let Channel::Open(session) = channel else {
        return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED.into());
    };
    if p1 & 0x80 != 0 {
        return Err(StatusWord::INCORRECT_P1_P2.into()); // keys in several commands are not supported
    }
    let mut fields = Fields(command.data());
    let version = fields.byte()?;
    let mut keys = Vec::new();
    while fields.end().is_err() {
        let identifier = (p2 & 0x7F).checked_add(keys.len() as u8).filter(|identifier| *identifier <= 0x7F);
        keys.push(read_key(&mut fields, identifier.ok_or(StatusWord::WRONG_DATA)?, session)?);
    }
    if !matches!(version, 1..=0x7F) || keys.is_empty() || (p2 & 0x80 == 0 && keys.len() > 1) {
        return Err(StatusWord::WRONG_DATA.into());
    }
    check_kinds(memory.read(), &keys)?;
    let mut answer = vec![version];
    keys.iter().for_each(|key| answer.extend_from_slice(&key.check_value()));
    if p1 == 0 {
        add(memory, version, keys)?
    } else {
        replace(memory, p1, version, keys)?
    }
    Ok(Response::new(answer, StatusWord::SUCCESS))
}

/// Key type, key component block, check value (GPCS Table 11-68). A check value that is wrong is 6982.
fn read_key(fields: &mut Fields<'_>, identifier: u8, session: &Session) -> Result<Key, StatusWord> {
    let kind = KeyKind::from_code(fields.byte()?).ok_or(StatusWord::WRONG_DATA)?;
    let value = read_component(fields.long()?, session)?;
    let check_value = fields.short()?;
    let key = Key::new(identifier, kind, value).ok_or(StatusWord::WRONG_DATA)?;
    match check_value.len() {
        3 if check_value == key.check_value() => Ok(key),
        3 => Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED),
        _ => Err(StatusWord::WRONG_DATA), // GPCS §11.8.2.3.3: it shall be present
    }
}

/// A key that opens no channel on this card, or has not one of the product's lengths, is 6A80 (GPCS Table 11-78, which
/// deprecates 9484).
fn check_kinds(state: &CardState, keys: &[Key]) -> Result<(), StatusWord> {
    let fits = |key: &Key| {
        state.product.protocol_of(key.kind).is_some() && state.product.takes_key_length(key.value.expose().len())
    };
    if keys.iter().all(fits) { Ok(()) } else { Err(StatusWord::WRONG_DATA) }
}

/// Whole blocks are the encrypted value; otherwise its clear length stands before them (GPCS §11.8.2.3.3).
fn read_component(component: &[u8], session: &Session) -> Result<Secret, StatusWord> {
    let block = session.data_encryption_block();
    let mut fields = Fields(component);
    let length = if component.len().is_multiple_of(block) { component.len() } else { fields.length()? };
    let plain = session.decrypt_sensitive(fields.0).map(Secret::new).ok_or(StatusWord::WRONG_DATA)?;
    let padding = plain.expose().len().checked_sub(length).filter(|padding| *padding < block);
    padding.map(|_| Secret::new(plain.expose()[..length].to_vec())).ok_or(StatusWord::WRONG_DATA)
}

/// P1 00: new keys. The first set that is added takes the place of an initial set FF; otherwise a set that is new needs
/// a free slot: 6A84 where there is none.
fn add(memory: &mut Memory, version: u8, keys: Vec<Key>) -> Result<(), Stop> {
    let state = memory.read();
    let present = state.key_set(version);
    if present.is_some_and(|set| keys.iter().any(|key| set.key(key.identifier).is_some())) {
        return Err(StatusWord::WRONG_DATA.into());
    }
    let mut set = KeySet { version, keys, sequence_counter: 0, failures: 0 };
    let replaces_initial = state.protocol_of(&set).is_some() && state.key_set(INITIAL_VERSION).is_some();
    let has_slot = state.key_sets.len() < usize::from(state.product.key_sets) || present.is_some() || replaces_initial;
    if !has_slot {
        return Err(StatusWord::NOT_ENOUGH_MEMORY.into());
    }
    check_memory(state, &set.keys)?;
    memory.write(|state| {
        match state.key_set_mut(version) {
            Some(present) => {
                present.keys.append(&mut set.keys);
                present.keys.sort_by_key(|key| key.identifier);
            }
            None => state.key_sets.push(set),
        }
        let opens = state.key_set(version).is_some_and(|set| state.protocol_of(set).is_some());
        state.key_sets.retain(|set| !(opens && set.version == INITIAL_VERSION));
    })
}

/// P1 a version: its keys are replaced by keys of the same algorithm and size (GPCS §11.8.2.3.3), under the same
/// version or, where the whole set is replaced, another.
fn replace(memory: &mut Memory, old_version: u8, version: u8, keys: Vec<Key>) -> Result<(), Stop> {
    let state = memory.read();
    let set = state.key_set(old_version).ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
    for key in &keys {
        let old = set.key(key.identifier).ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        if !key.has_the_characteristics_of(old) {
            return Err(StatusWord::WRONG_DATA.into());
        }
    }
    let whole = keys.len() == set.keys.len();
    if old_version != version && (!whole || state.key_set(version).is_some()) {
        return Err(StatusWord::WRONG_DATA.into());
    }
    let restart = whole || state.protocol_of(set).is_some_and(|protocol| protocol.scp == 2);
    memory.write(|state| {
        if let Some(set) = state.key_set_mut(old_version) {
            set.version = version;
            for key in keys {
                set.keys.retain(|old| old.identifier != key.identifier);
                set.keys.push(key);
            }
            set.keys.sort_by_key(|key| key.identifier);
            if restart {
                set.sequence_counter = 0; // Amd D §6.2.2.1: the whole set; GPCS §E.1.2: any change of a key
            }
            if whole {
                set.failures = 0;
            }
        }
    })
}

fn check_memory(state: &CardState, keys: &[Key]) -> Result<(), StatusWord> {
    let growth: usize = keys.iter().map(|key| key.value.expose().len() + 8).sum();
    if growth <= state.memory_free() as usize { Ok(()) } else { Err(StatusWord::NOT_ENOUGH_MEMORY) }
}
