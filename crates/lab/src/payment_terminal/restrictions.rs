//! Processing restrictions: whether this card may be used here, for this, today (B3 §10.4). Nothing here is a fault:
//! the results go into the analysis.

use super::day::Day;
use super::fault::Wrong;
use super::session::{Bit, Session};

/// Verification results, byte 2 (B3 §C5).
const OTHER_VERSION: Bit = (2, 0x80);
const EXPIRED: Bit = (2, 0x40);
const NOT_YET_EFFECTIVE: Bit = (2, 0x20);
const NOT_ALLOWED: Bit = (2, 0x10);

pub(super) fn check(session: &mut Session<'_>) -> Result<(), Wrong> {
    if session.card.exactly(0x9F08)?.is_some_and(|version: [u8; 2]| version != session.terminal.version) {
        session.note(OTHER_VERSION);
    }
    if !is_usable(session)? {
        session.note(NOT_ALLOWED);
    }
    let today = session.purchase.day;
    if date(session, 0x5F25)?.is_some_and(|effective| effective > today) {
        session.note(NOT_YET_EFFECTIVE);
    }
    if date(session, 0x5F24)?.is_some_and(|expiry| expiry < today) {
        session.note(EXPIRED);
    }
    Ok(())
}

fn date(session: &Session<'_>, tag: u32) -> Result<Option<Day>, Wrong> {
    match session.card.get(tag) {
        None => Ok(None),
        Some(value) => Day::of_digits(value).map(Some).ok_or(Wrong::value(tag, "it is no day")),
    }
}

/// Application usage control (9F07; B3 §10.4.2, §C2).
fn is_usable(session: &Session<'_>) -> Result<bool, Wrong> {
    let Some([usage, more]): Option<[u8; 2]> = session.card.exactly(0x9F07)? else { return Ok(true) };
    let is_cash_machine = session.terminal.is_unattended() && session.terminal.additional_capabilities[0] & 0x80 != 0;
    if usage & if is_cash_machine { 0x02 } else { 0x01 } == 0 {
        return Ok(false);
    }
    let Some(country) = session.card.exactly(0x5F28)? else { return Ok(true) };
    let is_domestic = country == session.terminal.country.to_be_bytes();
    let either = |domestic, international| usage & if is_domestic { domestic } else { international } != 0;
    let kind_is_allowed = match session.purchase.kind {
        0x01 => either(0x80, 0x40),
        _ => either(0x20, 0x10) || either(0x08, 0x04),
    };
    let cashback_is_allowed = session.purchase.other_amount == 0 || more & if is_domestic { 0x80 } else { 0x40 } != 0;
    Ok(kind_is_allowed && cashback_is_allowed)
}
