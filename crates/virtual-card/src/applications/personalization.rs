//! Personalization: STORE DATA reaches whatever program can be personalized, on either route: handed on by the
//! Security Domain after INSTALL [for personalization], or from the program itself while it is selected.

use cardwright_apdu::{Aid, StatusWord};

use super::{Program, emv, identity};
use crate::channel::Session;
use crate::memory::{Memory, Stop};

/// A new personalization of the instance called `aid` begins.
///
/// # Errors
/// 6985 where its program is given its data in another way, or not at all.
pub(crate) fn begin_personalization(memory: &mut Memory, aid: &Aid) -> Result<(), Stop> {
    match memory.read().application(aid).map(|application| &application.program) {
        Some(Program::Identity(_)) => identity::begin(memory, aid),
        Some(Program::Emv(_) | Program::PaymentEnvironment(_)) => emv::begin(memory, aid),
        Some(Program::Piv(_) | Program::Opaque) | None => Err(StatusWord::CONDITIONS_NOT_SATISFIED.into()),
    }
}

/// One STORE DATA for the instance called `aid`, its block number checked: one atomic write, or nothing. Sensitive data
/// is under the DEK of `channel`.
pub(crate) fn store_data(memory: &mut Memory, aid: &Aid, p1: u8, block: &[u8], channel: &Session) -> Result<(), Stop> {
    match memory.read().application(aid).map(|application| &application.program) {
        Some(Program::Identity(_)) => identity::store_data(memory, aid, p1, block, channel),
        Some(Program::Emv(_) | Program::PaymentEnvironment(_)) => emv::store_data(memory, aid, p1, block, channel),
        Some(Program::Piv(_) | Program::Opaque) | None => Err(StatusWord::CONDITIONS_NOT_SATISFIED.into()),
    }
}

/// Whether every grouping of a STORE DATA is under the DEK. Encryption is none or all; the structure is not told, or DGI
/// (GPCS Table 11-89).
pub(super) fn is_under_dek(p1: u8) -> Result<bool, StatusWord> {
    match p1 & 0x70 {
        0x00 => Ok(false),
        0x60 => Ok(true),
        _ => Err(StatusWord::INCORRECT_P1_P2),
    }
}

/// Identifier and length of a grouping, and what follows them. The length is one byte to FE, or FF and two bytes, in
/// the shortest form. A header does not span commands.
pub(super) fn read_header(bytes: &[u8]) -> Result<(u16, usize, &[u8]), StatusWord> {
    let (identifier, length, rest) = match bytes {
        [i1, i2, 0xFF, l1, l2, rest @ ..] => ([*i1, *i2], u16::from_be_bytes([*l1, *l2]), rest),
        [_, _, 0xFF, ..] => return Err(StatusWord::WRONG_DATA),
        [i1, i2, length, rest @ ..] => ([*i1, *i2], u16::from(*length), rest),
        _ => return Err(StatusWord::WRONG_DATA),
    };
    if bytes[2] == 0xFF && length < 0xFF {
        return Err(StatusWord::WRONG_DATA);
    }
    Ok((u16::from_be_bytes(identifier), usize::from(length), rest))
}
