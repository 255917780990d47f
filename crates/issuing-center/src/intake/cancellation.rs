//! Cancelling an order that was not carried out: it is closed for good, and what it had ready is freed.

use cardwright_issuance::change::Change;
use cardwright_issuance::entry::{Entry, Event};
use cardwright_issuance::row::Order;
use cardwright_issuance::state::{OrderState, State};
use cardwright_relay::Code;

use crate::refused::Refused;
use crate::registry::told;
use crate::store::{Commit, Freed, Person, Registration, Store, StoreError};

/// Cancels an order that is not issued, not being written and not blocked; by who entered it, or an approver. Its
/// prepared data, its tickets and a letter that nobody has are gone, and its number is free where no card was ever written
/// for it. What the approval of a block, a termination or a replacement did stays done. A refusal is in the log.
///
/// # Errors
/// `ORDER_UNKNOWN`, `ORDER_ISSUED`, `ORDER_BUSY`, `ORDER_BLOCKED`, `ORDER_CLOSED`; `ROLE_MISSING` for another person;
/// `CHANGED_MEANWHILE`; the store's own.
pub async fn cancel<S: Store>(store: &S, now: i64, person: &Person, reference: &str) -> Result<Order, Refused> {
    let found = store.order_by_reference(reference).await?;
    let found = found.ok_or_else(|| Refused::with(Code::ORDER_UNKNOWN, [reference]));
    let order = told(store, now, person, found).await?;
    told(store, now, person, may_be_cancelled(&order, person)).await?;
    let mut commit = Commit::default();
    enter(store, now, person, &order, &mut commit).await?;
    match store.commit(commit).await {
        Err(StoreError::Conflict(_)) => Err(Refused::new(Code::CHANGED_MEANWHILE)),
        other => Ok(other.map(|()| Order { state: OrderState::Cancelled, ..order })?),
    }
}

/// The rows and the entry of a cancelled order.
///
/// # Errors
/// The store's own.
pub(crate) async fn enter<S: Store>(
    store: &S,
    now: i64,
    person: &Person,
    order: &Order,
    commit: &mut Commit,
) -> Result<(), Refused> {
    let never_tried = store.issuances_of(order.id).await?.is_empty();
    let to = OrderState::Cancelled;
    commit.changes.push(Change::MoveOrder { order: order.id, from: order.state, to, card: order.card });
    commit.registrations.push(Registration::Free(Freed { order: order.id, number: never_tried }));
    let event = Event::OrderMoved { state: to.name().to_owned() };
    let (of, card) = (Some(order.id), order.card);
    commit.entries.push(Entry { order: of, card, person: Some(person.id), ..Entry::new(now, event) });
    Ok(())
}

/// Whether the order can still be cancelled, whoever wants it.
pub(crate) fn is_cancellable(order: &Order) -> bool {
    matches!(order.state, OrderState::Received | OrderState::Approved | OrderState::Prepared)
}

fn may_be_cancelled(order: &Order, person: &Person) -> Result<(), Refused> {
    let approver = person.roles.iter().any(|role| role == "approver");
    if order.entered_by != person.id && !approver {
        return Err(Refused::with(Code::ROLE_MISSING, [person.name.as_str(), "approver"]));
    }
    let code = match order.state {
        _ if is_cancellable(order) => return Ok(()),
        OrderState::Issued => Code::ORDER_ISSUED,
        OrderState::Blocked => Code::ORDER_BLOCKED,
        OrderState::Rejected | OrderState::Cancelled => Code::ORDER_CLOSED,
        _ => Code::ORDER_BUSY,
    };
    Err(Refused::with(code, [order.reference.as_str()]))
}
