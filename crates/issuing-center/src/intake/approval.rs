//! Approval: a second person says yes, and the card's data is prepared, checked and sealed in the same commit; or no.

use cardwright_data_preparation::{Date, Means, check, prepare};
use cardwright_issuance::change::Change;
use cardwright_issuance::entry::{Entry, Event};
use cardwright_issuance::row::Order;
use cardwright_issuance::state::{OrderState, State};
use cardwright_relay::Code;

use crate::center::Center;
use crate::refused::Refused;
use crate::registry::{document, told};
use crate::sealing;
use crate::store::{Commit, Person, Registration, Store, StoreError};

/// Microseconds of a day.
const DAY: i64 = 86_400 * 1_000_000;

/// Approves and prepares the orders of these references: all of them or none. A refusal is in the log.
///
/// # Errors
/// `ORDER_UNKNOWN`, `SAME_PERSON` (who entered an order does not approve it), `ORDER_CLOSED` and the other codes of an
/// order that does not wait for approval; what the profile says now against the order's fields; `CHANGED_MEANWHILE`;
/// the store's and the keystore's own.
pub async fn approve<S: Store>(
    center: &Center<S>,
    person: &Person,
    references: &[String],
) -> Result<Vec<Order>, Refused> {
    let mut commit = Commit::default();
    let mut orders = Vec::with_capacity(references.len());
    for reference in references {
        let order = center.store.order_by_reference(reference).await?;
        let unknown = || Refused::with(Code::ORDER_UNKNOWN, [reference.as_str()]);
        let order = told(&*center.store, center.now(), person, order.ok_or_else(unknown)).await?;
        if let Err(refused) = may_be_approved(&order, person) {
            let event = Event::Refused { code: refused.code.0, parameters: refused.parameters.clone() };
            center
                .store
                .commit(Commit { entries: vec![about(center.now(), event, &order, person)], ..Commit::default() })
                .await?;
            return Err(refused);
        }
        prepare_order(center, &order, person, &mut commit).await?;
        orders.push(Order { state: OrderState::Prepared, approved_by: Some(person.id), ..order });
    }
    match center.store.commit(commit).await {
        Err(StoreError::Conflict(_)) => Err(Refused::new(Code::CHANGED_MEANWHILE)),
        other => Ok(other.map(|()| orders)?),
    }
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
    let change = Change::MoveOrder { order: order.id, from: order.state, to: state, card: None };
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

fn about(now: i64, event: Event, order: &Order, person: &Person) -> Entry {
    Entry { order: Some(order.id), person: Some(person.id), ..Entry::new(now, event) }
}

/// Opens the order's fields, makes the card's data of them, and puts it, sealed, into `commit`.
async fn prepare_order<S: Store>(
    center: &Center<S>,
    order: &Order,
    person: &Person,
    commit: &mut Commit,
) -> Result<(), Refused> {
    let now = center.now();
    let profile = document::profile(&*center.store, &order.profile).await?;
    let sealed = center.store.sealed_order(order.id).await?;
    let sealed = sealed.ok_or_else(|| StoreError::Damaged("an order without its sealed fields".into()))?;
    let content = sealing::open_order(&*center.keystore, order.id, &sealed, &profile)?;
    let prepared = prepare(&profile, &content.fields, today(now)?, &Means::default());
    let data = prepared.and_then(check).map_err(sealing::field_refused)?;
    let prepared = sealing::seal_prepared(&*center.keystore, order.id, &sealed, &data)?;
    commit.registrations.push(Registration::Approve(order.id, person.id));
    commit.registrations.push(Registration::Prepared(order.id, prepared));
    for state in [OrderState::Approved, OrderState::Prepared] {
        commit.entries.push(about(now, Event::OrderMoved { state: state.name().to_owned() }, order, person));
    }
    Ok(())
}

/// The day, UTC.
fn today(now: i64) -> Result<Date, Refused> {
    let days = u32::try_from(now.div_euclid(DAY)).ok();
    let day = Date::new(1970, 1, 1).and_then(|first| first.plus_days(days?));
    day.ok_or_else(|| Refused::with(Code::CLOCK_DIFFERS, ["too many"]))
}
