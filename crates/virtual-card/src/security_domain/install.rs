//! INSTALL (GPCS §11.5): for load, install, make selectable, personalization, registry update.

use cardwright_apdu::{Aid, Command, Response, StatusWord, tlv};

use super::NO_CONFIRMATION;
use super::fields::Fields;
use super::load::LoadInProgress;
use super::store_data::Personalization;
use crate::applications::{self, Program, built_in};
use crate::life_cycle::ApplicationState;
use crate::memory::{Memory, Stop};
use crate::product::StoreDataIn;
use crate::registry::Application;
use crate::state::CardState;
use crate::volatile::Volatile;

/// Runs the step that P1 names, if the card product has it.
pub(super) fn install(memory: &mut Memory, volatile: &mut Volatile, command: &Command) -> Result<Response, Stop> {
    let (p1, p2) = (command.header.p1, command.header.p2);
    if p2 != 0x00 || !memory.read().product.install.contains(&p1) {
        return Err(StatusWord::INCORRECT_P1_P2.into());
    }
    let fields = Fields(command.data());
    match p1 {
        0x02 => volatile.load = Some(for_load(memory.read(), fields)?),
        0x04 => for_install(memory, fields, ApplicationState::Installed)?,
        0x0C => for_install(memory, fields, ApplicationState::Selectable)?,
        0x08 => make_selectable(memory, fields)?,
        0x20 => for_personalization(memory, volatile, fields)?,
        0x40 => registry_update(memory.read(), fields)?,
        _ => return Err(StatusWord::INCORRECT_P1_P2.into()),
    }
    Ok(Response::new(NO_CONFIRMATION, StatusWord::SUCCESS))
}

/// Load file AID, Security Domain AID, hash, parameters, token (GPCS Table 11-42).
fn for_load(state: &CardState, mut fields: Fields<'_>) -> Result<LoadInProgress, StatusWord> {
    let aid = fields.aid()?.ok_or(StatusWord::WRONG_DATA)?;
    check_domain(state, fields.aid()?)?;
    let hash = fields.short()?.to_vec();
    let parameters = fields.long()?;
    no_token(&mut fields)?;
    if is_registered(state, &aid) {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
    }
    if !matches!(hash.len(), 0 | 32 | 48 | 64) {
        return Err(StatusWord::WRONG_DATA);
    }
    check_memory(state, system_parameter(parameters, 0xC6)?)?;
    Ok(LoadInProgress::new(aid, hash))
}

/// Load file AID, module AID, instance AID, privileges, parameters, token (GPCS Table 11-43).
fn for_install(memory: &mut Memory, mut fields: Fields<'_>, application_state: ApplicationState) -> Result<(), Stop> {
    let package = fields.aid()?.ok_or(StatusWord::WRONG_DATA)?;
    let module = fields.aid()?.ok_or(StatusWord::WRONG_DATA)?;
    let aid = fields.aid()?.ok_or(StatusWord::WRONG_DATA)?;
    no_privileges(fields.short()?)?;
    let parameters = fields.long()?;
    no_token(&mut fields)?;
    let state = memory.read();
    let file = state.package(&package).filter(|package| package.modules.contains(&module));
    let program = Program::new(built_in::program(file.ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?, &module));
    if is_registered(state, &aid) {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED.into());
    }
    if tlv::find(parameters, 0xC9).ok().flatten().is_none() {
        return Err(StatusWord::WRONG_DATA.into());
    }
    let quota = system_parameter(parameters, 0xC8)?;
    check_memory(state, quota.max(Application::OVERHEAD as u32))?;
    let privileges = vec![0; 3];
    let application = Application { aid, package, state: application_state, locked: false, privileges, program };
    memory.write(|state| state.applications.push(application))
}

/// 00, 00, instance AID, privileges, parameters, token (GPCS Table 11-44). INSTALLED only: no way back.
fn make_selectable(memory: &mut Memory, mut fields: Fields<'_>) -> Result<(), Stop> {
    fields.empty()?;
    fields.empty()?;
    let aid = fields.aid()?.ok_or(StatusWord::WRONG_DATA)?;
    fields.short()?; // privileges but Card Reset are ignored here
    fields.long()?;
    no_token(&mut fields)?;
    let application = memory.read().application(&aid).ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
    if application.locked || application.state != ApplicationState::Installed {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED.into());
    }
    memory.write(|state| {
        if let Some(application) = state.application_mut(&aid) {
            application.state = ApplicationState::Selectable;
        }
    })
}

/// 00, 00, instance AID, 00, 00, 00 (GPCS Table 11-47): STORE DATA goes to that application from now on.
fn for_personalization(memory: &mut Memory, volatile: &mut Volatile, mut fields: Fields<'_>) -> Result<(), Stop> {
    fields.empty()?;
    fields.empty()?;
    let aid = fields.aid()?.ok_or(StatusWord::WRONG_DATA)?;
    (0..3).try_for_each(|_| fields.empty())?;
    fields.end()?;
    let state = memory.read();
    let application = state.application(&aid).ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
    let early_enough = state.product.store_data_in == StoreDataIn::Installed;
    let far_enough = early_enough || application.state.is_selectable();
    if application.locked || !far_enough {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED.into());
    }
    applications::begin_personalization(memory, &aid)?;
    volatile.personalization = Some(Personalization { application: aid });
    volatile.next_block = 0;
    Ok(())
}

/// Security Domain AID, 00, instance AID, privileges, parameters, token (GPCS Table 11-46). This card has one
/// Security Domain and grants no privileges: what asks for a change is refused.
fn registry_update(state: &CardState, mut fields: Fields<'_>) -> Result<(), StatusWord> {
    check_domain(state, fields.aid()?)?;
    fields.empty()?;
    let aid = fields.aid()?.ok_or(StatusWord::WRONG_DATA)?;
    let privileges = fields.short()?;
    let parameters = fields.long()?;
    no_token(&mut fields)?;
    if privileges.iter().any(|byte| *byte != 0) || !parameters.is_empty() {
        return Err(StatusWord::WRONG_DATA);
    }
    state.application(&aid).map(|_| ()).ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)
}

/// The only Security Domain is this one.
fn check_domain(state: &CardState, domain: Option<Aid>) -> Result<(), StatusWord> {
    match domain {
        Some(other) if other != state.security_domain => Err(StatusWord::REFERENCED_DATA_NOT_FOUND),
        _ => Ok(()),
    }
}

/// Whether any load file, instance or Security Domain has `aid` (GPCS §9.3.5).
fn is_registered(state: &CardState, aid: &Aid) -> bool {
    state.package(aid).is_some() || state.application(aid).is_some() || state.security_domain == *aid
}

/// One or three bytes, no privilege: this card grants none (GPCS Table 11-43).
fn no_privileges(privileges: &[u8]) -> Result<(), StatusWord> {
    let plain = matches!(privileges.len(), 1 | 3) && privileges.iter().all(|byte| *byte == 0);
    if plain { Ok(()) } else { Err(StatusWord::WRONG_DATA) }
}

/// A token is refused where the Security Domain's provider is authenticated (GPCS §11.5.2.3.2).
fn no_token(fields: &mut Fields<'_>) -> Result<(), StatusWord> {
    let token = fields.long()?;
    if token.is_empty() { fields.end() } else { Err(StatusWord::WRONG_DATA) }
}

/// A memory figure in the system specific parameters EF; 0 where there is none (GPCS Tables 11-48, 11-49).
fn system_parameter(parameters: &[u8], tag: u32) -> Result<u32, StatusWord> {
    let find = |bytes, tag| tlv::find(bytes, tag).map_err(|_| StatusWord::WRONG_DATA);
    let Some(system) = find(parameters, 0xEF)? else { return Ok(0) };
    match find(system, tag)? {
        None => Ok(0),
        Some([high, low]) => Ok(u32::from(u16::from_be_bytes([*high, *low]))),
        Some(figure) => figure.try_into().map(u32::from_be_bytes).map_err(|_| StatusWord::WRONG_DATA),
    }
}

fn check_memory(state: &CardState, needed: u32) -> Result<(), StatusWord> {
    if needed <= state.memory_free() { Ok(()) } else { Err(StatusWord::NOT_ENOUGH_MEMORY) }
}
