//! OPEN, first half: may this terminal write on this card, through this reader, now; and which order?
//!
//! Everything is asked before a key is touched. The first reason found is the answer.

use cardwright_globalplatform::Protocol;
use cardwright_relay::Code;
use cardwright_relay::message::{Open, Refusal};

use crate::kind::OrderKind;
use crate::product::CardProduct;
use crate::row::{Base, Card, Challenge, Order, Reader, Terminal, Ticket};
use crate::state::{CardState, OrderState};
use crate::waiting::fits;

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
    /// the order that the message names; none where the ticket attends a terminal
    pub order: Option<&'a Order>,
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
    let order = if open.order.is_empty() { None } else { Some(order(facts, open)?) };
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
    if order.kind.is_new_card() && order.base != facts.terminal.base {
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

fn ticket<'a>(facts: &Facts<'a>, order: Option<&Order>) -> Result<&'a Ticket, Refusal> {
    let good = |ticket: &&Ticket| {
        ticket.order == order.map(|order| order.id)
            && ticket.terminal == facts.terminal.id
            && ticket.expires > facts.now
            && ticket.used_by.is_none()
    };
    let ticket = facts.ticket.filter(good).ok_or_else(|| {
        let name = order.map_or("", |order| &order.reference);
        refusal(Code::TICKET_REFUSED, &[name])
    })?;
    if order.is_some_and(|order| approved(ticket, order)) {
        return Err(refusal(Code::SAME_PERSON, &[]));
    }
    Ok(ticket)
}

/// Whether the ticket's operator approved the order.
fn approved(ticket: &Ticket, order: &Order) -> bool {
    Some(ticket.operator) == order.approved_by
}

/// The order that is carried out on a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chosen<'a> {
    /// the order
    pub order: &'a Order,
    /// whether it was left in the middle of, so that it must be found out first what the card holds
    pub settles: bool,
}

/// Which order is carried out on `card`: one that was left in the middle comes first, whatever was asked for; then the
/// one that the message names; then the first of what waits for the card. `of_card` are the prepared and blocked orders
/// about the card, in the order of [`crate::waiting::sort`].
///
/// # Errors
/// The refusal that the terminal is told and the log keeps.
pub fn choose<'a>(
    card: Option<&Card>,
    parties: &Parties<'a>,
    of_card: &'a [Order],
    tries_allowed: u8,
) -> Result<Chosen<'a>, Refusal> {
    let card = card.ok_or_else(|| refusal(Code::CARD_NOT_IN_STOCK, &[]))?;
    let tired = card.open_tries >= tries_allowed;
    let code = match card.state {
        // one that is being written is not judged by the try that writes it
        CardState::Dirty | CardState::Verified | CardState::Activating => Code::CARD_BOUND_ELSEWHERE,
        CardState::Scrapped => Code::CARD_NOT_IN_STOCK,
        _ if tired => Code::CARD_QUARANTINED,
        CardState::Unknown | CardState::PartlyActivated => return settled(card, parties, of_card),
        CardState::Stock => return blank(parties),
        CardState::Bound if parties.order.is_some_and(|order| card.order == Some(order.id)) => return blank(parties),
        CardState::Bound => Code::CARD_BOUND_ELSEWHERE,
        CardState::Live | CardState::Locked | CardState::Lost | CardState::Terminated => {
            return changed(card, parties, of_card);
        }
        CardState::Quarantined => Code::CARD_QUARANTINED,
    };
    Err(refusal(code, &[]))
}

fn settled<'a>(card: &Card, parties: &Parties<'a>, of_card: &'a [Order]) -> Result<Chosen<'a>, Refusal> {
    let blocked = |order: &&Order| order.state == OrderState::Blocked && order.card == Some(card.id);
    // whatever a card holds, it can be ended: one that came out of quarantine may have no other order
    let ends = |order: &&Order| {
        order.state == OrderState::Prepared && order.card == Some(card.id) && order.kind == OrderKind::Terminate
    };
    let mut found = of_card.iter().find(blocked).map(|order| Chosen { order, settles: true });
    found = found.or_else(|| of_card.iter().find(ends).map(|order| Chosen { order, settles: false }));
    let chosen = found.ok_or_else(|| refusal(Code::CARD_WITHOUT_ORDER, &[]))?;
    if approved(parties.ticket, chosen.order) {
        return Err(refusal(Code::SAME_PERSON, &[]));
    }
    Ok(chosen)
}

fn blank<'a>(parties: &Parties<'a>) -> Result<Chosen<'a>, Refusal> {
    let order = parties.order.filter(|order| order.kind.is_new_card());
    let code = if parties.order.is_some() { Code::OTHER_CARD } else { Code::CARD_BLANK };
    let name = parties.order.map_or("", |order| &order.reference);
    let order =
        order.ok_or_else(|| refusal(code, if code == Code::OTHER_CARD { std::slice::from_ref(&name) } else { &[] }))?;
    Ok(Chosen { order, settles: false })
}

fn changed<'a>(card: &Card, parties: &Parties<'a>, of_card: &'a [Order]) -> Result<Chosen<'a>, Refusal> {
    if let Some(order) = parties.order {
        return match order.card {
            _ if order.kind.is_new_card() && card.state.is_in_use() => Err(refusal(Code::CARD_LIVE, &[])),
            _ if order.kind.is_new_card() => Err(refusal(Code::CARD_ENDED, &[])),
            Some(id) if id == card.id && fits(order.kind, card.state) => Ok(Chosen { order, settles: false }),
            Some(id) if id == card.id => Err(refusal(Code::CARD_ENDED, &[])),
            _ => Err(refusal(Code::OTHER_CARD, &[&order.reference])),
        };
    }
    let waiting = |order: &&Order| {
        order.state == OrderState::Prepared && order.card == Some(card.id) && fits(order.kind, card.state)
    };
    let mut waiting = of_card.iter().filter(waiting).peekable();
    let some_waits = waiting.peek().is_some();
    let order = waiting.find(|order| !approved(parties.ticket, order));
    let code = match (some_waits, card.state) {
        (true, _) => Code::SAME_PERSON,
        (false, CardState::Locked) => Code::CARD_BLOCKED,
        (false, state) if state.is_in_use() => Code::NOTHING_WAITS,
        (false, _) => Code::CARD_ENDED,
    };
    order.map(|order| Chosen { order, settles: false }).ok_or_else(|| refusal(code, &[]))
}

/// Whether the product lets a key set of `protocol` be used at all: SCP02 is off where it does not say how often.
///
/// # Errors
/// The refusal that the terminal is told and the log keeps.
pub fn speaks_as_allowed(product: &CardProduct, protocol: Protocol) -> Result<(), Refusal> {
    let off = matches!(protocol, Protocol::Scp02 { .. }) && product.scp02_sessions() == 0;
    if off { Err(refusal(Code::PRODUCT_REFUSED, &[product.name(), SCP02_IS_OFF])) } else { Ok(()) }
}

/// Whether a key set of `protocol`, which was used in `sessions` before this one, is used once more for an order of
/// `kind`. Each session of SCP02 that carries a secret gives something of it away to whoever carries the commands; a
/// change to other keys is the way out, and has some sessions in reserve. What carries no secret is not counted out.
///
/// # Errors
/// The refusal that the terminal is told and the log keeps.
pub fn within_scp02_sessions(
    product: &CardProduct,
    protocol: Protocol,
    kind: OrderKind,
    sessions: u32,
) -> Result<(), Refusal> {
    speaks_as_allowed(product, protocol)?;
    let allowed = match kind {
        OrderKind::ChangeKeys => product.scp02_sessions().saturating_add(SESSIONS_IN_RESERVE),
        kind if kind.has_data() => product.scp02_sessions(),
        _ => u32::MAX,
    };
    let used_up = matches!(protocol, Protocol::Scp02 { .. }) && sessions >= allowed;
    let why = format!("this card's SCP02 keys were used in {sessions} sessions: order change-keys");
    if used_up { Err(refusal(Code::PRODUCT_REFUSED, &[product.name(), &why])) } else { Ok(()) }
}

const SCP02_IS_OFF: &str =
    "SCP02 is off: its key scp02_sessions does not say in how many sessions a key set may be used";

/// Sessions beyond a product's own number in which keys may still be changed.
const SESSIONS_IN_RESERVE: u32 = 4;

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}
