//! The commit before the first script goes out, and scripts as they are committed and sent.

use cardwright_relay::message;

use super::{about, keys};
use crate::Id;
use crate::admission::Parties;
use crate::basis::Basis;
use crate::change::{Change, Changes};
use crate::entry::Event;
use crate::flow::Stage;
use crate::row::{Card, Intent, Issuance, KeySet, Order, Terminal};
use crate::state::{CardState, IssuanceState, OrderState};

/// A script as it is committed and sent.
pub struct Prepared {
    /// the message
    pub script: message::Script,
    /// SHA-256 of session, step and commands
    pub hash: [u8; 32],
}

/// Makes the message of `stage`. `deadline` is in milliseconds from receipt.
#[must_use]
pub fn prepare(stage: &Stage, session: Id, step: u16, deadline: u32) -> Prepared {
    let (script, hash) = message::Script::hashed(session, step, deadline, stage.commands());
    Prepared { script, hash }
}

/// What an OPEN that was let in is about.
pub struct Opening<'a> {
    /// who and where
    pub parties: &'a Parties<'a>,
    /// the order
    pub order: &'a Order,
    /// the terminal
    pub terminal: &'a Terminal,
    /// the card
    pub card: &'a Card,
    /// its key sets on record
    pub key_sets: &'a [KeySet],
    /// a key set that was derived for this issuance and is not on record yet
    pub derived: Option<&'a KeySet>,
    /// the OPEN message's bytes
    pub open_message: &'a [u8],
    /// randomness for the second channel
    pub second_challenge: Id,
    /// what it is opened on
    pub basis: Basis,
    /// fence
    pub epoch: i64,
    /// after this, no RESULT is waited for
    pub deadline: i64,
}

/// The commit before the first script goes out: challenge and ticket used, card bound and dirty, its try counted,
/// the issuer's keys intended, the script's hash on record.
pub fn open(now: i64, opening: &Opening<'_>, stage: &Stage, prepared: &Prepared) -> Changes {
    let session = prepared.script.session;
    let (parties, order, card) = (opening.parties, opening.order, opening.card);
    let issuance = Issuance {
        id: session,
        order: order.id,
        card: card.id,
        terminal: opening.terminal.id,
        reader: parties.reader.id,
        operator: parties.ticket.operator,
        state: IssuanceState::Writing,
        epoch: opening.epoch,
        step: prepared.script.step,
        opened: now,
        deadline: opening.deadline,
        open_message: opening.open_message.to_vec(),
        second_challenge: opening.second_challenge,
        basis: opening.basis.clone(),
    };
    let entry = |event| about(&issuance, now, event);
    let entries = vec![entry(Event::CardAuthenticated), entry(intended(prepared))];
    let mut rows = vec![Change::UseChallenge { challenge: parties.challenge.id, session }];
    // a ticket without an order, or for another one, is not used up by this one
    if parties.ticket.order == Some(order.id) {
        rows.push(Change::UseTicket { ticket: parties.ticket.id, session });
    }
    rows.extend([
        Change::MoveOrder { order: order.id, from: order.state, to: OrderState::Issuing, card: Some(card.id) },
        Change::MoveCard {
            card: card.id,
            from: card.state,
            to: CardState::Dirty,
            order: if order.kind.is_new_card() { Some(order.id) } else { card.order },
            open_tries: card.open_tries.saturating_add(1),
            masked_number: Some(stage.masked_number().to_owned()),
        },
    ]);
    rows.extend(opening.derived.map(|set| Change::AddKeySet(Box::new(set.clone()))));
    rows.extend(keys::at_opening(opening));
    rows.push(Change::OpenIssuance(Box::new(issuance.clone())));
    rows.push(Change::AddIntent(Box::new(intent(prepared, now))));
    Changes { rows, entries }
}

pub(super) fn intended(prepared: &Prepared) -> Event {
    let (step, commands) = (prepared.script.step, prepared.script.commands.len() as u16);
    Event::Intended { step, commands, script_hash: prepared.hash }
}

pub(super) fn intent(prepared: &Prepared, now: i64) -> Intent {
    Intent {
        issuance: prepared.script.session,
        step: prepared.script.step,
        script_hash: prepared.hash,
        commands: prepared.script.commands.len() as u16,
        committed: now,
        result: None,
        received: None,
    }
}
