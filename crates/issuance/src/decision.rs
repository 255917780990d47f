//! What each event of an issuance changes: rows and log entries of one commit, and the verdict where it is the end.
//!
//! Architecture invariant: nothing is sent whose intent is not among the changes that were committed before; "result
//! n and intent n + 1" are one commit.

mod arrived;
mod end;
mod keys;
mod opening;
mod reason;
mod unknown;

use cardwright_relay::Code;
use cardwright_relay::message::{Outcome, Refusal, Verdict};

pub use arrived::Arrived;
use end::ended;
pub use opening::{Opening, Prepared, open, prepare};
use opening::{intended, intent};
pub use reason::{flawed, left, reason, unproven};
pub use unknown::{GivenUp, Tried, unknown, unknown_verdict};

use crate::Id;
use crate::change::{Change, Changes};
use crate::entry::{Entry, Event};
use crate::flow::{StageKind, Verified};
use crate::kind::OrderKind;
use crate::proof::Grade;
use crate::row::{Card, Issuance, Outbox};
use crate::state::{CardState, IssuanceState, OrderState, State};

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
    let is_usable = arrived.order.kind != OrderKind::Unblock || last == CardState::Live;
    let kind = if is_usable { arrived.order.kind.told() } else { "changed" };
    changes.rows.push(told(issuance, arrived.now, kind, outbox[0]));
    changes.rows.extend(arrived.replaced_ends(outbox[1]));
    changes.rows.extend(arrived.looked_at());
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
    let before = arrived.unless_given_up(before);
    let at = |state| (state, issuance.step);
    changes.rows.push(arrived.moved(at(issuance.state), at(IssuanceState::FailedClean), issuance.deadline));
    changes.rows.push(arrived.card_moved(CardState::Dirty, CardState::Verified, &number));
    changes.rows.push(arrived.card_moved(CardState::Verified, before, &number));
    changes.rows.push(order_moved(issuance, OrderState::Prepared));
    changes.rows.extend(arrived.looked_at());
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

fn order_moved(issuance: &Issuance, to: OrderState) -> Change {
    Change::MoveOrder { order: issuance.order, from: OrderState::Issuing, to, card: Some(issuance.card) }
}

fn told(issuance: &Issuance, now: i64, kind: &str, id: Id) -> Change {
    let (order, card) = (issuance.order, Some(issuance.card));
    Change::AddOutbox(Outbox { id, kind: kind.to_owned(), order, card, created: now })
}
