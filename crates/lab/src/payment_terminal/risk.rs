//! Terminal risk management: what makes an issuer want to be asked (B3 §10.6).

use super::data::only;
use super::fault::Wrong;
use super::session::{Bit, Session};

/// Profile byte 1.
const SUPPORTED: u8 = 0x08;

/// Verification results (B3 §C5).
const NEW_CARD: Bit = (2, 0x08);
const FLOOR_LIMIT: Bit = (4, 0x80);
const LOWER_LIMIT: Bit = (4, 0x40);
const UPPER_LIMIT: Bit = (4, 0x20);
const SELECTED: Bit = (4, 0x10);

pub(super) fn manage(session: &mut Session<'_>) -> Result<(), Wrong> {
    if session.profile[0] & SUPPORTED == 0 {
        return Ok(());
    }
    if session.purchase.amount >= session.terminal.floor_limit {
        session.note(FLOOR_LIMIT);
    }
    if session.terminal.selected_at_random {
        session.note(SELECTED);
    }
    velocity(session)?;
    session.done(0x08);
    Ok(())
}

/// How often the card was used since the issuer was asked last (B3 §10.6.3); only where it sets both limits.
fn velocity(session: &mut Session<'_>) -> Result<(), Wrong> {
    let (Some([lower]), Some([upper])) = (session.card.exactly(0x9F14)?, session.card.exactly(0x9F23)?) else {
        return Ok(());
    };
    let (counter, last) = (counter(session, 0x9F36)?, counter(session, 0x9F13)?);
    let (Some(counter), Some(last)) = (counter, last) else {
        session.note(LOWER_LIMIT);
        session.note(UPPER_LIMIT);
        return Ok(());
    };
    let since = counter.checked_sub(last).ok_or(Wrong::value(0x9F13, "it is higher than 9F36"))?;
    if since > u16::from(lower) {
        session.note(LOWER_LIMIT);
    }
    if since > u16::from(upper) {
        session.note(UPPER_LIMIT);
    }
    if last == 0 {
        session.note(NEW_CARD);
    }
    Ok(())
}

fn counter(session: &mut Session<'_>, tag: u32) -> Result<Option<u16>, Wrong> {
    let [_, _, first, second] = tag.to_be_bytes();
    let response = session.send([0x80, 0xCA, first, second], &[])?;
    if response.status != 0x9000 {
        return Ok(None);
    }
    match only("counter", &response.data, tag)? {
        [high, low] => Ok(Some(u16::from_be_bytes([*high, *low]))),
        _ => Err(Wrong::value(tag, "its length is not 2")),
    }
}
