//! OPEN, first half: may this terminal write this order on this card, through this reader, now?
//!
//! Everything is asked before a key is touched. The first reason found is the answer.

use cardwright_relay::Code;
use cardwright_relay::message::{Open, Refusal};

use crate::row::{Base, Card, Challenge, Order, Reader, Terminal, Ticket};
use crate::state::{CardState, OrderState};

/// The rows an OPEN is judged by, as they stand.
pub struct Facts<'a> {
    /// microseconds since 1970 UTC
    pub now: i64,
    /// the terminal that sent the message, by its certificate
    pub terminal: &'a Terminal,
    /// its base
    pub base: &'a Base,
    /// the reader that the message names
    pub reader: Option<&'a Reader>,
    /// whether the reader's signature verified under the key on record
    pub reader_proof_valid: bool,
    /// the challenge that the message names
    pub challenge: Option<&'a Challenge>,
    /// the ticket that the message names
    pub ticket: Option<&'a Ticket>,
    /// the order that the message names
    pub order: Option<&'a Order>,
}

/// The parties of an OPEN after they were let in.
#[derive(Debug)]
pub struct Parties<'a> {
    /// the reader
    pub reader: &'a Reader,
    /// the challenge
    pub challenge: &'a Challenge,
    /// the ticket
    pub ticket: &'a Ticket,
    /// the order
    pub order: &'a Order,
}

/// A refusal with `code` and `parameters`.
#[must_use]
pub fn refusal(code: Code, parameters: &[&str]) -> Refusal {
    Refusal { code, parameters: parameters.iter().map(|text| (*text).to_owned()).collect() }
}

/// Lets terminal, reader, operator and order in, or says why not.
///
/// # Errors
/// The refusal that the terminal is told and the log keeps.
pub fn admit<'a>(facts: &Facts<'a>, open: &Open) -> Result<Parties<'a>, Refusal> {
    terminal(facts, open)?;
    let challenge = challenge(facts)?;
    let reader = reader(facts, open)?;
    let order = order(facts, open)?;
    let ticket = ticket(facts, order)?;
    Ok(Parties { reader, challenge, ticket, order })
}

fn terminal(facts: &Facts<'_>, open: &Open) -> Result<(), Refusal> {
    let terminal = facts.terminal;
    if terminal.revoked.is_some() {
        return Err(refusal(Code::TERMINAL_REVOKED, &[]));
    }
    if terminal.expires <= facts.now {
        return Err(refusal(Code::TERMINAL_EXPIRED, &[]));
    }
    let live = terminal.instance == Some(open.instance) && terminal.lease_until > facts.now;
    if live { Ok(()) } else { Err(refusal(Code::TERMINAL_TWICE, &[])) }
}

fn challenge<'a>(facts: &Facts<'a>) -> Result<&'a Challenge, Refusal> {
    let good = |challenge: &&Challenge| {
        challenge.terminal == facts.terminal.id && challenge.expires > facts.now && challenge.used_by.is_none()
    };
    facts.challenge.filter(good).ok_or_else(|| refusal(Code::CHALLENGE_REFUSED, &[]))
}

fn reader<'a>(facts: &Facts<'a>, open: &Open) -> Result<&'a Reader, Refusal> {
    let name = || hexadecimal(&*open.reader);
    let at_base = |reader: &&Reader| reader.base == facts.terminal.base && reader.tier >= facts.base.reader_tier;
    let reader = facts.reader.filter(at_base).ok_or_else(|| refusal(Code::READER_UNKNOWN, &[&name()]))?;
    if reader.revoked.is_some() {
        return Err(refusal(Code::READER_REVOKED, &[&reader.name]));
    }
    if reader.tier >= 2 && !facts.reader_proof_valid {
        return Err(refusal(Code::READER_PROOF_WRONG, &[&reader.name]));
    }
    Ok(reader)
}

fn order<'a>(facts: &Facts<'a>, open: &Open) -> Result<&'a Order, Refusal> {
    let name = &open.order[..];
    let order = facts.order.ok_or_else(|| refusal(Code::ORDER_UNKNOWN, &[name]))?;
    if order.base != facts.terminal.base {
        return Err(refusal(Code::OTHER_BASE, &[name]));
    }
    not_prepared(order.state).map_or(Ok(order), |code| Err(refusal(code, &[name])))
}

/// Why an order in `state` cannot be written now; none for the one state in which it can.
#[must_use]
pub fn not_prepared(state: OrderState) -> Option<Code> {
    Some(match state {
        OrderState::Prepared => return None,
        OrderState::Received => Code::ORDER_NOT_APPROVED,
        OrderState::Approved => Code::ORDER_NOT_PREPARED,
        OrderState::Issuing => Code::ORDER_BUSY,
        OrderState::Issued => Code::ORDER_ISSUED,
        OrderState::Blocked => Code::ORDER_BLOCKED,
        OrderState::Rejected | OrderState::Cancelled => Code::ORDER_CLOSED,
    })
}

fn ticket<'a>(facts: &Facts<'a>, order: &Order) -> Result<&'a Ticket, Refusal> {
    let good = |ticket: &&Ticket| {
        ticket.order == Some(order.id)
            && ticket.terminal == facts.terminal.id
            && ticket.expires > facts.now
            && ticket.used_by.is_none()
    };
    let ticket = facts.ticket.filter(good).ok_or_else(|| refusal(Code::TICKET_REFUSED, &[&order.reference]))?;
    if Some(ticket.operator) == order.approved_by {
        return Err(refusal(Code::SAME_PERSON, &[]));
    }
    Ok(ticket)
}

/// Lets a card in for `order`: only one from stock, with tries left, that nobody else claims.
///
/// # Errors
/// The refusal that the terminal is told and the log keeps.
pub fn admit_card<'a>(card: Option<&'a Card>, order: &Order, tries_allowed: u8) -> Result<&'a Card, Refusal> {
    let card = card.ok_or_else(|| refusal(Code::CARD_NOT_IN_STOCK, &[]))?;
    let code = match card.state {
        CardState::Stock if card.open_tries >= tries_allowed => Code::CARD_QUARANTINED,
        CardState::Stock => return Ok(card),
        CardState::Bound if card.order == Some(order.id) => return Ok(card),
        CardState::Bound | CardState::Dirty | CardState::Verified | CardState::Activating => Code::CARD_BOUND_ELSEWHERE,
        CardState::Live | CardState::Locked => Code::CARD_LIVE,
        CardState::Unknown | CardState::PartlyActivated => Code::CARD_UNKNOWN,
        CardState::Quarantined => Code::CARD_QUARANTINED,
        CardState::Lost | CardState::Terminated | CardState::Scrapped => Code::CARD_NOT_IN_STOCK,
    };
    Err(refusal(code, &[]))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}
