//! Approval: a second person says yes, and the card's data is prepared, checked and sealed in the same commit; or no.

use std::collections::BTreeSet;

use cardwright_issuance::Id;
use cardwright_issuance::change::Change;
use cardwright_issuance::entry::{Entry, Event};
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::row::Order;
use cardwright_issuance::state::{OrderState, State};
use cardwright_relay::Code;

use super::cancellation::{self, is_cancellable};
use super::effect::Effects;
use super::preparation::{Made, Preparation};
use super::validity::PREPARED_AGAIN;
use crate::center::Center;
use crate::refused::Refused;
use crate::registry::{is_a_refusal, told};
use crate::store::{Commit, Person, Registration, Store, StoreError};

/// How often a commit is made anew after somebody else took a key or a number of it.
pub(crate) const TRIES: usize = 8;

/// Approves and prepares the orders of these references: all of them or none. A refusal is in the log.
///
/// # Errors
/// `ORDER_UNKNOWN`, `SAME_PERSON` (who entered an order does not approve it), `CHANGE_REFUSED` (its card takes no such
/// change any more), `ORDER_CLOSED` and the other codes of an
/// order that does not wait for approval; what profile, keys, pool and certificates say against the order;
/// `CHANGED_MEANWHILE`; the store's and the keystore's own.
pub async fn approve<S: Store>(
    center: &Center<S>,
    person: &Person,
    references: &[String],
) -> Result<Vec<Order>, Refused> {
    prepared(center, person, references, Step::Approve).await
}

/// Prepares orders again that were not written yet: by the newest text of their profile, with the same number and new
/// keys. All of them or none; their tickets are gone then. A refusal is in the log.
///
/// # Errors
/// As [`approve`], `ORDER_NOT_APPROVED` for one that waits for approval.
pub async fn prepare_again<S: Store>(
    center: &Center<S>,
    person: &Person,
    references: &[String],
) -> Result<Vec<Order>, Refused> {
    prepared(center, person, references, Step::Again).await
}

/// The way to a prepared order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Approve,
    Again,
}

/// Whoever is overtaken begins anew: nothing that another commit took is in the next one.
async fn prepared<S: Store>(
    center: &Center<S>,
    person: &Person,
    references: &[String],
    step: Step,
) -> Result<Vec<Order>, Refused> {
    for _ in 0..TRIES {
        let (commit, orders) = attempt(center, person, references, step).await?;
        match center.store.commit(commit).await {
            Err(StoreError::Conflict(reason)) => tracing::debug!(reason, "somebody else was first"),
            other => return Ok(other.map(|()| orders)?),
        }
    }
    Err(Refused::new(Code::CHANGED_MEANWHILE))
}

async fn attempt<S: Store>(
    center: &Center<S>,
    person: &Person,
    references: &[String],
    step: Step,
) -> Result<(Commit, Vec<Order>), Refused> {
    let mut wanted = Vec::with_capacity(references.len());
    for reference in references {
        let found = center.store.order_by_reference(reference).await?;
        let order = found.ok_or_else(|| Refused::with(Code::ORDER_UNKNOWN, [reference.as_str()]));
        wanted.push(told(&*center.store, center.now(), person, order).await?);
    }
    let mut approving = Approving::of(&wanted);
    let mut orders = Vec::with_capacity(wanted.len());
    for order in wanted {
        approving.add(center, person, &order, step).await?;
        let approved_by = if step == Step::Approve { Some(person.id) } else { order.approved_by };
        orders.push(Order { state: OrderState::Prepared, approved_by, ..order });
    }
    Ok((approving.commit, orders))
}

/// Orders that are approved, or prepared again, in one commit.
pub(crate) struct Approving {
    pub(crate) commit: Commit,
    orders: BTreeSet<Id>,
    preparation: Preparation,
    effects: Effects,
}

impl Approving {
    pub(crate) fn of(orders: &[Order]) -> Self {
        Self {
            commit: Commit::default(),
            orders: orders.iter().map(|order| order.id).collect(),
            preparation: Preparation::default(),
            effects: Effects::default(),
        }
    }

    /// Approves one order in the name of `person`. Nothing of it is in the commit where it is refused; the log has that.
    ///
    /// # Errors
    /// Those of [`approve`].
    pub(crate) async fn approve<S: Store>(
        &mut self,
        center: &Center<S>,
        person: &Person,
        order: &Order,
    ) -> Result<(), Refused> {
        self.add(center, person, order, Step::Approve).await
    }

    async fn add<S: Store>(
        &mut self,
        center: &Center<S>,
        person: &Person,
        order: &Order,
        step: Step,
    ) -> Result<(), Refused> {
        let admitted = match step {
            Step::Approve => may_be_approved(order, person),
            Step::Again => may_be_prepared_again(order, person),
        };
        let made = match admitted {
            Ok(()) => made(center, order, step, &mut self.preparation, &mut self.effects).await,
            Err(refused) => Err(refused),
        };
        let (made, changes) = told_about(center, order, person, made).await?;
        self.commit.changes.extend(changes);
        enter(center.now(), order, person, step, made, &mut self.commit);
        if step == Step::Approve {
            self.close_others(center, person, order).await?;
        }
        Ok(())
    }

    /// What waits for a card that ends, or that another takes the place of, is cancelled, but for its lock and its end.
    async fn close_others<S: Store>(
        &mut self,
        center: &Center<S>,
        person: &Person,
        order: &Order,
    ) -> Result<(), Refused> {
        let ends = match order.kind {
            OrderKind::Terminate => order.card,
            OrderKind::Replace => order.replaces,
            _ => None,
        };
        let Some(card) = ends else { return Ok(()) };
        for other in center.store.orders_of_card(card).await? {
            let stays = matches!(other.kind, OrderKind::Block | OrderKind::Terminate) || other.kind.is_new_card();
            // The second time it finds it among those of this commit.
            if !stays && is_cancellable(&other) && self.orders.insert(other.id) {
                cancellation::enter(&*center.store, center.now(), person, &other, &mut self.commit).await?;
            }
        }
        Ok(())
    }
}

/// The order's data, where its kind has some, and what its approval does at once.
async fn made<S: Store>(
    center: &Center<S>,
    order: &Order,
    step: Step,
    preparation: &mut Preparation,
    effects: &mut Effects,
) -> Result<(Option<Made>, Vec<Change>), Refused> {
    let changes = match step {
        Step::Approve => effects.of(&*center.store, center.now(), order).await?,
        Step::Again => Vec::new(),
    };
    let made = if order.kind.has_data() { Some(preparation.make(center, order).await?) } else { None };
    Ok((made, changes))
}

/// A refusal is in the log with its order. What the machine or the store could not do is no refusal.
async fn told_about<S: Store, T>(
    center: &Center<S>,
    order: &Order,
    person: &Person,
    result: Result<T, Refused>,
) -> Result<T, Refused> {
    if let Some(refused) = result.as_ref().err().filter(|refused| is_a_refusal(refused)) {
        let event = Event::Refused { code: refused.code.0, parameters: refused.parameters.clone() };
        let entries = vec![about(center.now(), event, order, person)];
        center.store.commit(Commit { entries, ..Commit::default() }).await?;
    }
    result
}

/// The order's rows: its new state first, then its data, then what the data used up.
fn enter(now: i64, order: &Order, person: &Person, step: Step, made: Option<Made>, commit: &mut Commit) {
    let moved = |state: OrderState| Event::OrderMoved { state: state.name().to_owned() };
    let (sealed, used_up) = made.map(|made| (made.sealed, made.registrations)).unzip();
    let events = match (step, sealed) {
        (Step::Approve, sealed) => {
            commit.registrations.push(Registration::Approve(order.id, person.id));
            commit.registrations.push(match sealed {
                Some(sealed) => Registration::Prepared(order.id, sealed),
                None => Registration::PreparedBare(order.id),
            });
            vec![moved(OrderState::Approved), moved(OrderState::Prepared)]
        }
        (Step::Again, Some(sealed)) => {
            commit.registrations.push(Registration::PreparedAgain(order.id, sealed));
            let name = order.reference.clone();
            vec![Event::Registered { what: PREPARED_AGAIN.to_owned(), name, present: true }]
        }
        // There is nothing to prepare.
        (Step::Again, None) => Vec::new(),
    };
    commit.registrations.extend(used_up.into_iter().flatten());
    commit.entries.extend(events.into_iter().map(|event| about(now, event, order, person)));
}

/// Rejects an order that waits for approval: it is closed for good. A refusal is in the log.
///
/// # Errors
/// As [`approve`].
pub async fn reject<S: Store>(store: &S, now: i64, person: &Person, reference: &str) -> Result<Order, Refused> {
    let found = store.order_by_reference(reference).await?;
    let found = found.ok_or_else(|| Refused::with(Code::ORDER_UNKNOWN, [reference]));
    let order = told(store, now, person, found).await?;
    let may = may_be_approved(&order, person).map(|()| order.clone());
    told(store, now, person, may).await?;
    let state = OrderState::Rejected;
    let change = Change::MoveOrder { order: order.id, from: order.state, to: state, card: order.card };
    let entry = about(now, Event::OrderMoved { state: state.name().to_owned() }, &order, person);
    let commit = Commit { changes: vec![change], entries: vec![entry], ..Commit::default() };
    match store.commit(commit).await {
        Err(StoreError::Conflict(_)) => Err(Refused::new(Code::CHANGED_MEANWHILE)),
        other => Ok(other.map(|()| Order { state, ..order })?),
    }
}

fn may_be_approved(order: &Order, person: &Person) -> Result<(), Refused> {
    if order.entered_by == person.id {
        return Err(Refused::with(Code::SAME_PERSON, [person.name.as_str()]));
    }
    let code = match order.state {
        OrderState::Received => return Ok(()),
        OrderState::Approved | OrderState::Prepared => Code::ORDER_APPROVED,
        OrderState::Issuing => Code::ORDER_BUSY,
        OrderState::Issued => Code::ORDER_ISSUED,
        OrderState::Blocked => Code::ORDER_BLOCKED,
        OrderState::Rejected | OrderState::Cancelled => Code::ORDER_CLOSED,
    };
    Err(Refused::with(code, [order.reference.as_str()]))
}

fn may_be_prepared_again(order: &Order, person: &Person) -> Result<(), Refused> {
    match (order.state, may_be_approved(order, person)) {
        (OrderState::Prepared, Err(refused)) if refused.code == Code::ORDER_APPROVED => Ok(()),
        (OrderState::Received, Ok(())) => Err(Refused::with(Code::ORDER_NOT_APPROVED, [order.reference.as_str()])),
        (_, other) => other,
    }
}

fn about(now: i64, event: Event, order: &Order, person: &Person) -> Entry {
    Entry { order: Some(order.id), card: order.card, person: Some(person.id), ..Entry::new(now, event) }
}
