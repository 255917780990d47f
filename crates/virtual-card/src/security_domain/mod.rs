//! The Issuer Security Domain: secure channel and content management (GPCS §7, §11).

mod authenticate;
mod delete;
mod fields;
mod get_data;
mod get_status;
mod install;
mod load;
mod put_key;
mod set_status;
mod store_data;

use cardwright_apdu::{Command, Response, StatusWord};

use crate::channel::{CHAINING_NOT_SUPPORTED, Channel};
use crate::entropy::Entropy;
use crate::life_cycle::CardLifeCycle;
use crate::memory::{Memory, Stop};
use crate::volatile::Volatile;

pub(crate) use authenticate::{external_authenticate, initialize_update};
pub(crate) use load::LoadInProgress;
pub(crate) use store_data::Personalization;

/// The answer of a content management command that has nothing to say: one byte 00 (GPCS §11.5.3.1).
const NO_CONFIRMATION: [u8; 1] = [0x00];

/// Runs one command that reached the Security Domain.
pub(crate) fn process(
    memory: &mut Memory,
    volatile: &mut Volatile,
    entropy: &mut dyn Entropy,
    command: &Command,
) -> Result<Response, Stop> {
    if command.header.cla & 0x10 != 0 {
        return Err(CHAINING_NOT_SUPPORTED.into());
    }
    match (command.header.cla, command.header.ins) {
        (0x80, 0x50) => initialize_update(memory, volatile, entropy, command),
        (0x84, 0x82) => external_authenticate(memory, volatile, command),
        _ => within_channel(memory, volatile, command),
    }
}

/// Takes off the command's protection, runs it, and protects the answer (Amd D §5.6, GPCS §E.1.6).
fn within_channel(memory: &mut Memory, volatile: &mut Volatile, command: &Command) -> Result<Response, Stop> {
    let plain = match volatile.channel.unwrap(command) {
        Ok(plain) if plain.header.cla & 0x04 == 0 => plain,
        Ok(_) => return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED.into()),
        Err(security_error) => {
            end_what_was_begun(volatile);
            return Err(security_error.into());
        }
    };
    let response = run(memory, volatile, &plain)?;
    Ok(volatile.channel.protect(response))
}

/// A personalization, a load and a listing end with their channel (GPCS §11.11.1).
fn end_what_was_begun(volatile: &mut Volatile) {
    volatile.personalization = None;
    volatile.next_block = 0;
    volatile.load = None;
    volatile.listing = None;
    volatile.application.interrupt();
}

fn run(memory: &mut Memory, volatile: &mut Volatile, command: &Command) -> Result<Response, Stop> {
    let header = command.header;
    if header.cla == 0x00 && header.ins != 0xCA {
        return Err(StatusWord::INSTRUCTION_NOT_SUPPORTED.into());
    }
    if header.ins == 0xCA {
        return Ok(get_data::get_data(memory.read(), command)?);
    }
    check_life_cycle(memory.read().life_cycle, header.ins)?;
    if header.ins != 0xE8 {
        volatile.load = None;
    }
    let authenticated = matches!(volatile.channel, Channel::Open(_));
    match header.ins {
        0xE4 | 0xE6 | 0xE8 | 0xD8 | 0xE2 | 0xF0 | 0xF2 if !authenticated => {
            Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED.into())
        }
        0xF2 => Ok(get_status::get_status(memory.read(), volatile, command)?),
        0xE6 => install::install(memory, volatile, command),
        0xE8 => load::load(memory, volatile, command),
        0xE4 => delete::delete(memory, volatile, command),
        0xD8 => put_key::put_key(memory, &volatile.channel, command),
        0xE2 => store_data::store_data(memory, volatile, command),
        0xF0 => set_status::set_status(memory, command),
        _ => Err(StatusWord::INSTRUCTION_NOT_SUPPORTED.into()),
    }
}

/// What a locked and a terminated card still do besides GET DATA (GPCS Table 11-1).
fn check_life_cycle(life_cycle: CardLifeCycle, instruction: u8) -> Result<(), StatusWord> {
    match (life_cycle, instruction) {
        (CardLifeCycle::Terminated, _) => Err(StatusWord::CONDITIONS_NOT_SATISFIED),
        (CardLifeCycle::CardLocked, 0xF0 | 0xF2) => Ok(()),
        (CardLifeCycle::CardLocked, _) => Err(StatusWord::CONDITIONS_NOT_SATISFIED),
        _ => Ok(()),
    }
}
