//! Cardholder verification by the card's list of rules (8E; B3 §10.5, §C3).

use super::fault::Wrong;
use super::pin;
use super::report::{CardholderVerification, Verified};
use super::session::{Bit, Session};

/// Profile byte 1.
const SUPPORTED: u8 = 0x10;

/// Verification results, byte 3 (B3 §C5).
const NOT_SUCCESSFUL: Bit = (3, 0x80);
const UNRECOGNISED: Bit = (3, 0x40);

/// One rule: a method, whether the next may be tried after it, and when it applies.
struct Rule {
    code: u8,
    condition: u8,
}

/// How one rule ended.
pub(super) enum Ended {
    Succeeded(Verified),
    /// whoever compares the PIN or the signature comes later
    Unknown(Verified),
    Failed,
}

pub(super) fn verify(session: &mut Session<'_>) -> Result<CardholderVerification, Wrong> {
    if session.profile[0] & SUPPORTED == 0 {
        return Ok(concluded(session, Verified::NotAsked, [0x3F, 0x00, 0x00], None));
    }
    let list = session.card.need(0x8E)?.to_vec();
    let (limits, rules) = read(&list)?;
    let mut tries_left = None;
    let mut results = [0x3F, 0x00, 0x01];
    for rule in rules {
        if !applies(session, &rule, limits)? {
            continue;
        }
        let ended = perform(session, rule.code & 0x3F, &mut tries_left)?;
        let (verified, result) = match ended {
            Some(Ended::Succeeded(verified)) => (Some(verified), 0x02),
            Some(Ended::Unknown(verified)) => (Some(verified), 0x00),
            Some(Ended::Failed) | None => (None, 0x01),
        };
        results = [rule.code, rule.condition, result];
        if let Some(verified) = verified {
            session.done(0x40);
            return Ok(concluded(session, verified, results, tries_left));
        }
        if rule.code & 0x40 == 0 {
            break;
        }
    }
    session.done(0x40);
    session.note(NOT_SUCCESSFUL);
    Ok(concluded(session, Verified::Failed, results, tries_left))
}

fn concluded(
    session: &mut Session<'_>,
    verified: Verified,
    results: [u8; 3],
    tries_left: Option<u8>,
) -> CardholderVerification {
    session.set(0x9F34, &results);
    CardholderVerification { verified, results, tries_left }
}

/// The two amounts X and Y, and the rules.
fn read(list: &[u8]) -> Result<([u64; 2], Vec<Rule>), Wrong> {
    if list.len() < 10 || !list.len().is_multiple_of(2) {
        return Err(Wrong::value(0x8E, "it is not two amounts and rules of two bytes"));
    }
    let amount = |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    let rules = list[8..].chunks_exact(2).map(|rule| Rule { code: rule[0], condition: rule[1] }).collect();
    Ok(([amount(&list[..4]), amount(&list[4..8])], rules))
}

/// Whether a rule's condition holds (B3 table 44); amounts count in the card's currency only (9F42).
fn applies(session: &Session<'_>, rule: &Rule, [x, y]: [u64; 2]) -> Result<bool, Wrong> {
    let purchase = session.purchase;
    let is_cash = purchase.kind == 0x01;
    let is_cashback = purchase.kind == 0x09 || purchase.other_amount > 0;
    let unattended = session.terminal.is_unattended();
    let in_currency = session.card.exactly(0x9F42)? == Some(purchase.currency.to_be_bytes());
    Ok(match rule.condition {
        0x00 => true,
        0x01 => is_cash && unattended,
        0x02 => !is_cash && !is_cashback,
        0x03 => is_supported(session, rule.code & 0x3F),
        0x04 => is_cash && !unattended,
        0x05 => is_cashback,
        0x06 => in_currency && purchase.amount < x,
        0x07 => in_currency && purchase.amount > x,
        0x08 => in_currency && purchase.amount < y,
        0x09 => in_currency && purchase.amount > y,
        0x0A..=0x7F => return Err(Wrong::value(0x8E, "it has a condition that means nothing")),
        _ => false,
    })
}

/// Whether the terminal can do what the rule asks (9F33, byte 2).
fn is_supported(session: &Session<'_>, method: u8) -> bool {
    let capabilities = session.terminal.capabilities[1];
    let has = |bits: u8| capabilities & bits == bits;
    match method {
        0x00 => true,
        0x01 => has(0x80),
        0x02 => has(0x40),
        0x03 => has(0xA0),
        0x04 => has(0x10),
        0x05 => has(0x30),
        0x1E => has(0x20),
        0x1F => has(0x08),
        _ => false,
    }
}

/// Performs a method; `None` where the terminal cannot.
fn perform(session: &mut Session<'_>, method: u8, tries_left: &mut Option<u8>) -> Result<Option<Ended>, Wrong> {
    if !matches!(method, 0x00..=0x05 | 0x1E | 0x1F) {
        session.note(UNRECOGNISED);
        return Ok(None);
    }
    if !is_supported(session, method) {
        pin::note_missing_pad(session, method);
        return Ok(None);
    }
    let with_signature = |ended| match ended {
        Ended::Succeeded(verified) => Ended::Unknown(verified), // the signature's part comes later
        other => other,
    };
    Ok(Some(match method {
        0x01 => pin::offline(session, false, tries_left)?,
        0x02 => pin::online(session),
        0x03 => with_signature(pin::offline(session, false, tries_left)?),
        0x04 => pin::offline(session, true, tries_left)?,
        0x05 => with_signature(pin::offline(session, true, tries_left)?),
        0x1E => Ended::Unknown(Verified::Signature),
        0x1F => Ended::Succeeded(Verified::NoneNeeded),
        _ => Ended::Failed,
    }))
}
