//! SET STATUS (GPCS §11.10): the card's life cycle; locking and unlocking instances.

use cardwright_apdu::{Aid, Command, Response, StatusWord};

use crate::life_cycle::CardLifeCycle;
use crate::memory::{Memory, Stop};

/// P1 80: the card; P1 40: an instance.
pub(super) fn set_status(memory: &mut Memory, command: &Command) -> Result<Response, Stop> {
    match command.header.p1 & 0xE0 {
        0x80 => set_card(memory, command.header.p2)?,
        0x40 => set_application(memory, command.data(), command.header.p2 & 0x80 != 0)?,
        _ => return Err(StatusWord::INCORRECT_P1_P2.into()),
    }
    Ok(Response::new([], StatusWord::SUCCESS))
}

/// The state it already has, and a way that Figure 5-1 does not show, are refused.
fn set_card(memory: &mut Memory, code: u8) -> Result<(), Stop> {
    let next = CardLifeCycle::from_code(code).ok_or(StatusWord::WRONG_DATA)?;
    if !memory.read().life_cycle.may_become(next) {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED.into());
    }
    memory.write(|state| state.life_cycle = next)
}

/// Only bit 8 counts; a lock or unlock that is already there is refused (GPCS §11.10.2.2).
fn set_application(memory: &mut Memory, aid: &[u8], lock: bool) -> Result<(), Stop> {
    let state = memory.read();
    if state.life_cycle == CardLifeCycle::CardLocked {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED.into());
    }
    let aid = Aid::new(aid).map_err(|_| StatusWord::WRONG_DATA)?;
    let application = state.application(&aid).ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
    if application.locked == lock {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED.into());
    }
    memory.write(|state| {
        if let Some(application) = state.application_mut(&aid) {
            application.locked = lock;
        }
    })
}
