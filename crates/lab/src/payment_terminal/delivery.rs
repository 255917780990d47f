//! The terminal hands the issuer's scripts to the card, command by command (B3 §10.10).

use cardwright_apdu::{Command, tlv};

use super::fault::Wrong;
use super::issuer::Answer;
use super::report::Delivered;
use super::script::ScriptTime;
use super::session::{Bit, Session};

/// Verification results, byte 5 (B3 §C5).
const FAILED_BEFORE: Bit = (5, 0x20);
const FAILED_AFTER: Bit = (5, 0x10);
/// Transaction status information, byte 1 (B3 §C6).
const PERFORMED: u8 = 0x04;

/// Delivers what the issuer's answer has for this time; nothing where there was no answer.
pub(super) fn deliver(
    session: &mut Session<'_>,
    answer: Option<&Answer>,
    time: ScriptTime,
) -> Result<Vec<Delivered>, Wrong> {
    let mut delivered = Vec::new();
    for script in answer.map_or(&[][..], |answer| &answer.scripts) {
        let script = tlv::read_one(script).map_err(|error| Wrong::structure("issuer script", error))?;
        if script.tag.0 != time.tag() {
            continue;
        }
        let statuses = run(session, script.value)?;
        session.done(PERFORMED);
        let failed = statuses.last().is_some_and(|status| is_error(*status));
        if failed {
            session.note(if time == ScriptTime::Before { FAILED_BEFORE } else { FAILED_AFTER });
        }
        delivered.push(Delivered { time, statuses, failed });
    }
    Ok(delivered)
}

/// Sends the commands (86) of one script up to the first that the card does not obey.
fn run(session: &mut Session<'_>, script: &[u8]) -> Result<Vec<u16>, Wrong> {
    let objects = tlv::read_all(script).map_err(|error| Wrong::structure("issuer script", error))?;
    let mut statuses = Vec::new();
    for object in objects.into_iter().filter(|object| object.tag.0 == 0x86) {
        let command = Command::parse(object.value).map_err(|error| Wrong::structure("script command (86)", error))?;
        let status = session.exchange(&command)?.status;
        statuses.push(status);
        if is_error(status) {
            break;
        }
    }
    Ok(statuses)
}

/// Normal processing is 90 and 61, a warning 62 and 63; all else is an error.
fn is_error(status: u16) -> bool {
    !matches!(status >> 8, 0x90 | 0x61..=0x63)
}
