//! What each event of an issuance changes: rows and log entries of one commit, and the verdict where it is the end.
//!
//! Architecture invariant: nothing is sent whose intent is not among the changes that were committed before; "result
//! n and intent n + 1" are one commit.

mod end;
mod keys;
mod reason;
mod unknown;

use cardwright_apdu::Aid;
use cardwright_relay::message::{Outcome, Refusal, ScriptResult, Verdict};
use cardwright_relay::{Code, message};
use sha2::{Digest, Sha256};

use end::ended;
pub use reason::{flawed, left, reason, unproven};
pub use unknown::{GivenUp, Tried, unknown, unknown_verdict};

use crate::Id;
use crate::admission::Parties;
use crate::basis::Basis;
use crate::change::{Change, Changes};
use crate::entry::{Entry, Event};
use crate::flow::{Grade, Stage, StageKind, Verified};
use crate::kind::OrderKind;
use crate::row::{Card, Intent, Issuance, KeySet, Order, Outbox, Terminal};
use crate::state::{CardState, IssuanceState, OrderState, State};

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

/// A RESULT as it came, with the rows it is about.
pub struct Arrived<'a> {
    /// microseconds since 1970 UTC
    pub now: i64,
    /// the issuance
    pub issuance: &'a Issuance,
    /// the message
    pub result: &'a ScriptResult,
    /// the message's bytes
    pub bytes: &'a [u8],
    /// the order
    pub order: &'a Order,
    /// the card
    pub card: &'a Card,
    /// the card that the order's takes the place of
    pub replaced: Option<&'a Card>,
    /// the card's key sets
    pub key_sets: &'a [KeySet],
}

impl Arrived<'_> {
    fn entry(&self, event: Event) -> Entry {
        about(self.issuance, self.now, event)
    }

    /// Entries and rows that every RESULT makes, whatever it says.
    fn received(&self) -> Changes {
        let step = self.result.step;
        let result_hash = Sha256::digest(self.bytes).into();
        let received = Event::Received { step, answers: self.result.answers.len() as u16, result_hash };
        // A RESULT names the script's id, which nobody knows to whom it was not sent.
        let entries = vec![self.entry(Event::Sent { step }), self.entry(received)];
        let close =
            Change::CloseIntent { issuance: self.issuance.id, step, result: self.bytes.to_vec(), received: self.now };
        Changes { rows: vec![close], entries }
    }

    /// What the card is after the order.
    fn last_state(&self) -> CardState {
        let was_locked = self.issuance.basis.card_state == CardState::Locked.name();
        match self.order.kind {
            OrderKind::Block => CardState::Locked,
            OrderKind::Terminate => CardState::Terminated,
            OrderKind::Unblock => CardState::Live,
            _ if was_locked => CardState::Locked,
            _ => CardState::Live,
        }
    }

    /// The card that this one takes the place of is used no more.
    fn replaced_ends(&self, outbox: Id) -> Vec<Change> {
        let Some(card) = self.replaced.filter(|card| card.state == CardState::Live) else { return Vec::new() };
        let moved = Change::MoveCard {
            card: card.id,
            from: card.state,
            to: CardState::Locked,
            order: card.order,
            open_tries: card.open_tries,
            masked_number: card.masked_number.clone(),
        };
        let (order, created) = (self.issuance.order, self.now);
        let told = Outbox { id: outbox, kind: "blocked".to_owned(), order, card: Some(card.id), created };
        vec![moved, Change::AddOutbox(told)]
    }

    fn moved(&self, from: (IssuanceState, u16), to: (IssuanceState, u16), deadline: i64) -> Change {
        Change::MoveIssuance { issuance: self.issuance.id, epoch: self.issuance.epoch, from, to, deadline }
    }

    /// A card whose MACs are right took the opening, and counts failures from the beginning again: what the next script
    /// may open is the only try that is not proven.
    fn one_try_left(&self, done: &Verified) -> Option<Change> {
        let is_proven = done.grade() == Some(Grade::A) && self.card.open_tries > 1;
        is_proven.then(|| Change::MoveCard {
            card: self.card.id,
            from: self.card.state,
            to: self.card.state,
            order: self.card.order,
            open_tries: 1,
            masked_number: self.card.masked_number.clone(),
        })
    }

    fn card_moved(&self, from: CardState, to: CardState, masked_number: &str) -> Change {
        Change::MoveCard {
            card: self.issuance.card,
            from,
            to,
            order: if self.order.kind.is_new_card() { Some(self.order.id) } else { self.card.order },
            open_tries: 0,
            masked_number: Some(masked_number.to_owned()),
        }
    }

    /// What the answers are worth.
    fn judged(&self, done: &Verified) -> Entry {
        let step = self.result.step;
        self.entry(match done.grade() {
            Some(grade) => Event::Proven { step, grade: grade.letter().to_owned() },
            None => Event::Believed { step },
        })
    }

    /// Per application, what of its optional data the terminal says the card does not know.
    fn unknown_groupings(&self, done: &Verified) -> Vec<Entry> {
        let of_one = |run: &[(Aid, u16)]| {
            let groupings = run.iter().map(|(_, grouping)| *grouping).collect();
            let (step, application) = (self.result.step, run[0].0.to_string());
            self.entry(Event::GroupingsUnknown { step, application, groupings })
        };
        done.unknown_groupings().chunk_by(|one, next| one.0 == next.0).map(of_one).collect()
    }
}

/// The commit after a script was proven, or is believed for now, before the next one goes out.
pub fn proven(arrived: &Arrived<'_>, done: &Verified, next: &Prepared, next_kind: StageKind, deadline: i64) -> Changes {
    let mut changes = arrived.received();
    changes.entries.push(arrived.judged(done));
    changes.entries.push(arrived.entry(intended(next)));
    if done.changed_keys() {
        changes.rows.extend(keys::put(arrived));
    }
    let (from, place, step) = (arrived.issuance.state, arrived.issuance.step, next.script.step);
    changes.entries.extend(arrived.unknown_groupings(done));
    if next_kind == StageKind::Activate && from == IssuanceState::Activating {
        changes.rows.push(arrived.moved((from, place), (IssuanceState::Activating, step), deadline));
    } else if next_kind == StageKind::Activate {
        let verified = (IssuanceState::Verified, arrived.issuance.step);
        changes.rows.push(arrived.moved((from, place), verified, deadline));
        changes.rows.push(arrived.moved(verified, (IssuanceState::Activating, step), deadline));
        changes.rows.push(arrived.card_moved(CardState::Dirty, CardState::Verified, done.masked_number()));
        changes.rows.push(arrived.card_moved(CardState::Verified, CardState::Activating, done.masked_number()));
    } else {
        changes.rows.push(arrived.moved((from, place), (IssuanceState::Writing, step), deadline));
        changes.rows.extend(arrived.one_try_left(done));
    }
    changes.rows.push(Change::AddIntent(Box::new(intent(next, arrived.now))));
    changes
}

/// The commit after the last script was proven: the order is carried out, the card live or what else the order asks for,
/// the issuer's host is to know.
///
/// A card is live only with the `grade` of its proof: the last script's. `outbox` names what the host is told, two
/// things at most.
pub fn issued(arrived: &Arrived<'_>, done: &Verified, grade: Grade, outbox: [Id; 2]) -> (Changes, Verdict) {
    let mut changes = arrived.received();
    let issuance = arrived.issuance;
    let last = arrived.last_state();
    let proven = Event::Proven { step: arrived.result.step, grade: grade.letter().to_owned() };
    let settled = issuance.basis.settles.then_some(Event::Settled);
    let became = match last {
        CardState::Live => Event::CardLive,
        other => Event::CardMoved { state: other.name().to_owned() },
    };
    let events = [proven].into_iter().chain(settled);
    let events = events.chain([became, Event::OrderMoved { state: OrderState::Issued.name().to_owned() }]);
    changes.entries.extend(arrived.unknown_groupings(done));
    changes.entries.extend(events.map(|event| arrived.entry(event)));
    // Activated in the script that writes, or nothing to activate: what was written is proven only now.
    let in_script = issuance.state == IssuanceState::Writing;
    let states = [issuance.state, IssuanceState::Verified, IssuanceState::Issued];
    let cards = [CardState::Dirty, CardState::Verified, last];
    let at = |state| (state, issuance.step);
    if in_script {
        let moved = |pair: &[IssuanceState]| arrived.moved(at(pair[0]), at(pair[1]), issuance.deadline);
        changes.rows.extend(states.windows(2).map(moved));
        changes.rows.extend(cards.windows(2).map(|pair| arrived.card_moved(pair[0], pair[1], done.masked_number())));
    } else {
        changes.rows.push(arrived.moved(at(issuance.state), at(IssuanceState::Issued), issuance.deadline));
        changes.rows.push(arrived.card_moved(CardState::Activating, last, done.masked_number()));
    }
    changes.rows.extend(keys::at_the_end(arrived));
    let content = Box::new(done.content().clone());
    changes.rows.push(Change::SetContent { card: issuance.card, content });
    changes.rows.push(order_moved(issuance, OrderState::Issued));
    changes.rows.push(told(issuance, arrived.now, arrived.order.kind.told(), outbox[0]));
    changes.rows.extend(arrived.replaced_ends(outbox[1]));
    let card = Some(shown(done.masked_number(), grade));
    let verdict =
        Verdict { session: issuance.id, outcome: Outcome::Issued, refusal: None, card, waiting: None, notice: None };
    (changes, verdict)
}

/// The commit where a card was looked at and nothing is done: it is as it was, the order waits on.
pub fn declined(arrived: &Arrived<'_>, why: &Refusal) -> (Changes, Verdict) {
    let mut changes = arrived.received();
    let issuance = arrived.issuance;
    let number = arrived.card.masked_number.clone().unwrap_or_default();
    let before = CardState::named(&issuance.basis.card_state).unwrap_or(CardState::Unknown);
    let at = |state| (state, issuance.step);
    changes.rows.push(arrived.moved(at(issuance.state), at(IssuanceState::FailedClean), issuance.deadline));
    changes.rows.push(arrived.card_moved(CardState::Dirty, CardState::Verified, &number));
    changes.rows.push(arrived.card_moved(CardState::Verified, before, &number));
    changes.rows.push(order_moved(issuance, OrderState::Prepared));
    changes.entries.push(arrived.entry(Event::FailedClean { code: why.code.0 }));
    let (outcome, refusal) = (Outcome::FailedClean, Some(why.clone()));
    (changes, Verdict { session: issuance.id, outcome, refusal, card: None, waiting: None, notice: None })
}

/// What the operator sees of a card that was issued: its number as people may see it, and where the proof is less than
/// the best, its grade.
#[must_use]
pub fn shown(masked_number: &str, grade: Grade) -> String {
    match grade {
        Grade::A => masked_number.to_owned(),
        Grade::B => format!("{masked_number}, grade B"),
    }
}

/// The commit after a RESULT that does not prove its script: the outcome is unknown, the order is blocked until the
/// card is seen again. `commit_points` are those that the card proved all the same while others are missing: with any of
/// them the card is partly activated. Answers that are wrong where an outcome is being settled put the card aside.
pub fn not_proven(
    arrived: &Arrived<'_>,
    card: &Card,
    why: &Refusal,
    commit_points: &[String],
    outbox: Id,
) -> (Changes, Verdict) {
    let mut changes = arrived.received();
    let ends = arrived.order.kind == OrderKind::Terminate;
    let how = GivenUp { sent: false, outbox, ends, tried: Tried::said_by(arrived.result) };
    let mut unknown = unknown(arrived.now, arrived.issuance, card, why, how);
    let is_forged = arrived.issuance.basis.settles && why.code == Code::ANSWER_NOT_PROVEN;
    for change in &mut unknown.rows {
        let Change::MoveCard { to, .. } = change else { continue };
        *to = match (is_forged && card.state == CardState::Dirty, commit_points.is_empty()) {
            (true, _) => CardState::Quarantined,
            (false, false) => CardState::PartlyActivated,
            (false, true) => *to,
        };
    }
    if !commit_points.is_empty() {
        let applications = commit_points.to_vec();
        let event = Event::PartlyActivated { step: arrived.result.step, applications };
        changes.entries.push(arrived.entry(event));
    }
    changes.rows.extend(unknown.rows);
    changes.entries.extend(unknown.entries);
    (changes, unknown_verdict(arrived.issuance.id, why))
}

/// A RESULT for an issuance that was given up already: kept for whoever settles the outcome, changes nothing else.
pub fn late(arrived: &Arrived<'_>) -> Changes {
    arrived.received()
}

fn about(issuance: &Issuance, now: i64, event: Event) -> Entry {
    Entry {
        order: Some(issuance.order),
        card: Some(issuance.card),
        session: Some(issuance.id),
        terminal: Some(issuance.terminal),
        reader: Some(issuance.reader),
        person: Some(issuance.operator),
        ..Entry::new(now, event)
    }
}

fn intended(prepared: &Prepared) -> Event {
    let (step, commands) = (prepared.script.step, prepared.script.commands.len() as u16);
    Event::Intended { step, commands, script_hash: prepared.hash }
}

fn intent(prepared: &Prepared, now: i64) -> Intent {
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

fn order_moved(issuance: &Issuance, to: OrderState) -> Change {
    Change::MoveOrder { order: issuance.order, from: OrderState::Issuing, to, card: Some(issuance.card) }
}

fn told(issuance: &Issuance, now: i64, kind: &str, id: Id) -> Change {
    let (order, card) = (issuance.order, Some(issuance.card));
    Change::AddOutbox(Outbox { id, kind: kind.to_owned(), order, card, created: now })
}
