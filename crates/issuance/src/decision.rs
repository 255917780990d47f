//! What each event of an issuance changes: rows and log entries of one commit, and the verdict where it is the end.
//!
//! Architecture invariant: nothing is sent whose intent is not among the changes that were committed before; "result
//! n and intent n + 1" are one commit.

mod reason;

use cardwright_apdu::Aid;
use cardwright_relay::message;
use cardwright_relay::message::{Outcome, Refusal, ScriptResult, Verdict};
use sha2::{Digest, Sha256};

pub use reason::{flawed, left, reason, unproven};

use crate::Id;
use crate::admission::Parties;
use crate::basis::Basis;
use crate::change::{Change, Changes};
use crate::entry::{Entry, Event};
use crate::new_card::{Grade, Stage, StageKind, Verified};
use crate::row::{Card, Intent, Issuance, KeySet, Outbox, Terminal};
use crate::state::{CardState, IssuanceState, KeySetState, OrderState};

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
    /// who and what
    pub parties: &'a Parties<'a>,
    /// the terminal
    pub terminal: &'a Terminal,
    /// the card
    pub card: &'a Card,
    /// the issuer's keys that will be put on it
    pub issuer_keys: &'a KeySet,
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
    let (parties, card) = (opening.parties, opening.card);
    let issuance = Issuance {
        id: session,
        order: parties.order.id,
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
    let rows = vec![
        Change::UseChallenge { challenge: parties.challenge.id, session },
        Change::UseTicket { ticket: parties.ticket.id, session },
        Change::MoveOrder {
            order: parties.order.id,
            from: parties.order.state,
            to: OrderState::Issuing,
            card: Some(card.id),
        },
        Change::MoveCard {
            card: card.id,
            from: card.state,
            to: CardState::Dirty,
            order: Some(parties.order.id),
            open_tries: card.open_tries.saturating_add(1),
            masked_number: Some(stage.masked_number().to_owned()),
        },
        Change::MoveKeySet {
            card: card.id,
            key_set: (opening.issuer_keys.version, opening.issuer_keys.generation),
            from: KeySetState::Derived,
            to: KeySetState::Intended,
        },
        Change::OpenIssuance(Box::new(issuance.clone())),
        Change::AddIntent(Box::new(intent(prepared, now))),
    ];
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
    /// the card's key sets: the one of the transport keys and the issuer's
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

    fn moved(&self, from: (IssuanceState, u16), to: (IssuanceState, u16), deadline: i64) -> Change {
        Change::MoveIssuance { issuance: self.issuance.id, epoch: self.issuance.epoch, from, to, deadline }
    }

    fn card_moved(&self, from: CardState, to: CardState, masked_number: &str) -> Change {
        Change::MoveCard {
            card: self.issuance.card,
            from,
            to,
            order: Some(self.issuance.order),
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

    /// The issuer's keys are proven on the card, the transport keys are gone.
    fn keys_proven(&self) -> Vec<Change> {
        let next = |set: &KeySet| match set.state {
            KeySetState::Transport => Some(KeySetState::Retired),
            KeySetState::Intended => Some(KeySetState::OnCard),
            KeySetState::Derived | KeySetState::OnCard | KeySetState::Retired => None,
        };
        let moved = |set: &KeySet| {
            let (card, key_set, from) = (set.card, (set.version, set.generation), set.state);
            next(set).map(|to| Change::MoveKeySet { card, key_set, from, to })
        };
        self.key_sets.iter().filter_map(moved).collect()
    }
}

/// The commit after a script was proven, or is believed for now, before the next one goes out.
pub fn proven(arrived: &Arrived<'_>, done: &Verified, next: &Prepared, next_kind: StageKind, deadline: i64) -> Changes {
    let mut changes = arrived.received();
    changes.entries.push(arrived.judged(done));
    changes.entries.push(arrived.entry(intended(next)));
    if done.changed_keys() {
        changes.rows.extend(arrived.keys_proven());
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
    }
    changes.rows.push(Change::AddIntent(Box::new(intent(next, arrived.now))));
    changes
}

/// The commit after the last script was proven: the card is live, the order issued, the issuer's host is to know.
///
/// A card is live only with the `grade` of its proof: the last script's.
pub fn issued(arrived: &Arrived<'_>, done: &Verified, grade: Grade, outbox: Id) -> (Changes, Verdict) {
    let mut changes = arrived.received();
    let issuance = arrived.issuance;
    let events = [
        Event::Proven { step: arrived.result.step, grade: grade.letter().to_owned() },
        Event::CardLive,
        Event::OrderMoved { state: "issued".to_owned() },
    ];
    changes.entries.extend(arrived.unknown_groupings(done));
    changes.entries.extend(events.map(|event| arrived.entry(event)));
    // Activated in the script that writes: what was written is proven only now, together with the commit points.
    let in_script = issuance.state == IssuanceState::Writing;
    let states = [issuance.state, IssuanceState::Verified, IssuanceState::Issued];
    let cards = [CardState::Dirty, CardState::Verified, CardState::Live];
    let at = |state| (state, issuance.step);
    if in_script {
        let moved = |pair: &[IssuanceState]| arrived.moved(at(pair[0]), at(pair[1]), issuance.deadline);
        changes.rows.extend(states.windows(2).map(moved));
        changes.rows.extend(cards.windows(2).map(|pair| arrived.card_moved(pair[0], pair[1], done.masked_number())));
    } else {
        changes.rows.push(arrived.moved(at(issuance.state), at(IssuanceState::Issued), issuance.deadline));
        changes.rows.push(arrived.card_moved(CardState::Activating, CardState::Live, done.masked_number()));
    }
    if done.changed_keys() {
        changes.rows.extend(arrived.keys_proven());
    }
    changes.rows.push(order_moved(issuance, OrderState::Issued));
    changes.rows.push(told(issuance, arrived.now, "issued", outbox));
    let card = Some(shown(done.masked_number(), grade));
    (changes, Verdict { session: issuance.id, outcome: Outcome::Issued, refusal: None, card })
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
/// card is seen again. `commit_points` are those that the card proved all the same while others are missing: with any
/// of them, the card is partly activated.
pub fn not_proven(
    arrived: &Arrived<'_>,
    card: &Card,
    why: &Refusal,
    commit_points: &[String],
    outbox: Id,
) -> (Changes, Verdict) {
    let mut changes = arrived.received();
    let mut unknown = unknown(arrived.now, arrived.issuance, card, why, GivenUp { sent: false, outbox });
    if !commit_points.is_empty() {
        let cards = unknown.rows.iter_mut().filter_map(|change| match change {
            Change::MoveCard { to, .. } => Some(to),
            _ => None,
        });
        cards.for_each(|to| *to = CardState::PartlyActivated);
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

/// How an issuance is given up.
#[derive(Debug, Clone, Copy)]
pub struct GivenUp {
    /// whether this center handed the last script out and had no RESULT
    pub sent: bool,
    /// a new id for what the issuer's host is told
    pub outbox: Id,
}

/// The commit that gives an issuance up without a RESULT.
pub fn unknown(now: i64, issuance: &Issuance, card: &Card, why: &Refusal, how: GivenUp) -> Changes {
    let unknown = Event::OutcomeUnknown { step: issuance.step, code: why.code.0, parameters: why.parameters.clone() };
    let sent = how.sent.then_some(Event::Sent { step: issuance.step });
    let entries = sent.into_iter().chain([unknown]).map(|event| about(issuance, now, event)).collect();
    let rows = vec![
        Change::MoveIssuance {
            issuance: issuance.id,
            epoch: issuance.epoch,
            from: (issuance.state, issuance.step),
            to: (IssuanceState::Unknown, issuance.step),
            deadline: issuance.deadline,
        },
        Change::MoveCard {
            card: card.id,
            from: card.state,
            to: CardState::Unknown,
            order: Some(issuance.order),
            open_tries: card.open_tries,
            masked_number: card.masked_number.clone(),
        },
        order_moved(issuance, OrderState::Blocked),
        told(issuance, now, "unknown", how.outbox),
    ];
    Changes { rows, entries }
}

/// The verdict on a session whose outcome is unknown.
#[must_use]
pub fn unknown_verdict(session: Id, why: &Refusal) -> Verdict {
    Verdict { session, outcome: Outcome::Unknown, refusal: Some(why.clone()), card: None }
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
