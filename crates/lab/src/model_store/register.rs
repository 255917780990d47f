//! New rows of people's work.

use cardwright_issuance::row::{Card, KeySet, Order, Reader, Terminal};
use cardwright_issuance::state::OrderState;
use cardwright_issuing_center::store::{Registration, SealedOrder, StoreError};

use super::{Rows, conflict, insert};

/// Adds one row, or marks one as used, approved or revoked.
pub(super) fn register(rows: &mut Rows, registration: Registration) -> Result<(), StoreError> {
    let Some(registration) = super::ahead::register(rows, registration)? else { return Ok(()) };
    let Some(registration) = super::programs::register(rows, registration)? else { return Ok(()) };
    let Some(registration) = super::campaigns::register(rows, registration)? else { return Ok(()) };
    let Some(registration) = super::host::register(rows, registration)? else { return Ok(()) };
    match registration {
        Registration::Base(row) => insert(&mut rows.bases, row.name.clone(), row, "base"),
        Registration::Person(row) => {
            if rows.persons.values().any(|known| known.name == row.name) {
                return Err(conflict("person"));
            }
            insert(&mut rows.persons, row.id, row, "person")
        }
        Registration::Product(row) => insert(&mut rows.products, (row.name.clone(), row.version), row, "product"),
        Registration::Profile(row) => insert(&mut rows.profiles, (row.name.clone(), row.version), row, "profile"),
        Registration::Terminal(row) if rows.terminals.values().any(|known| same_terminal(known, &row)) => {
            Err(conflict("terminal"))
        }
        Registration::Terminal(row) => insert(&mut rows.terminals, row.id, row, "terminal"),
        Registration::RevokeTerminal(id, now) => {
            let row = rows.terminals.get_mut(&id).ok_or_else(|| conflict("terminal"))?;
            row.instance = None;
            revoke(&mut row.revoked, now, "terminal")
        }
        Registration::Reader(row) if rows.readers.values().any(|known| same_reader(known, &row)) => {
            Err(conflict("reader"))
        }
        Registration::Reader(row) => insert(&mut rows.readers, row.id, row, "reader"),
        Registration::RevokeReader(id, now) => {
            let row = rows.readers.get_mut(&id).ok_or_else(|| conflict("reader"))?;
            revoke(&mut row.revoked, now, "reader")
        }
        Registration::EnrolmentCode(row) => insert(&mut rows.codes, row.hash, (row, false), "enrolment code"),
        Registration::UseEnrolmentCode(hash, now) => {
            let row = rows.codes.get_mut(&hash).filter(|(code, used)| !used && code.expires > now);
            row.map(|(_, used)| *used = true).ok_or_else(|| conflict("enrolment code"))
        }
        Registration::Stock(card, transport, issuer) => stock(rows, card, [transport, issuer]),
        Registration::Order(order, sealed) => add_order(rows, order, sealed),
        Registration::Prepared(id, blob) => {
            let row = rows.orders.get_mut(&id).filter(|order| order.state == OrderState::Approved);
            row.ok_or_else(|| conflict("order"))?.state = OrderState::Prepared;
            insert(&mut rows.prepared, id, blob, "prepared data")
        }
        Registration::PreparedBare(id) => {
            let row = rows.orders.get_mut(&id).filter(|order| order.state == OrderState::Approved);
            row.ok_or_else(|| conflict("order"))?.state = OrderState::Prepared;
            Ok(())
        }
        Registration::Approve(id, person) => {
            let by_another = |order: &&mut Order| order.state == OrderState::Received && order.entered_by != person;
            let row = rows.orders.get_mut(&id).filter(by_another).ok_or_else(|| conflict("order"))?;
            (row.state, row.approved_by) = (OrderState::Approved, Some(person));
            Ok(())
        }
        Registration::Ticket(row) => insert(&mut rows.tickets, row.id, row, "ticket"),
        Registration::EndTicket(id, now) => {
            let row = rows.tickets.get_mut(&id).filter(|row| row.used_by.is_none() && row.expires > now);
            row.ok_or_else(|| conflict("ticket"))?.expires = now;
            Ok(())
        }
        Registration::Idempotency(row) => insert(&mut rows.idempotency, row.key.clone(), row, "idempotency key"),
        Registration::DestructionKey { day, key } => insert(&mut rows.destruction_keys, day, key, "destruction key"),
        Registration::Setting { name, value } => insert(&mut rows.settings, name, value, "setting"),
        _ => Err(conflict("registration")),
    }
}

/// A name, and a certificate, are one terminal's as long as it is not revoked.
fn same_terminal(known: &Terminal, row: &Terminal) -> bool {
    known.revoked.is_none() && known.name == row.name || known.fingerprint == row.fingerprint
}

fn same_reader(known: &Reader, row: &Reader) -> bool {
    known.revoked.is_none() && known.name == row.name
}

fn revoke(place: &mut Option<i64>, now: i64, what: &str) -> Result<(), StoreError> {
    if place.is_some() {
        return Err(conflict(what));
    }
    *place = Some(now);
    Ok(())
}

fn stock(rows: &mut Rows, card: Card, key_sets: [KeySet; 2]) -> Result<(), StoreError> {
    let same = |known: &Card| (&known.product, &known.cplc, known.kdd) == (&card.product, &card.cplc, card.kdd);
    if rows.cards.values().any(same) {
        return Err(conflict("card"));
    }
    insert(&mut rows.cards, card.id, card, "card")?;
    for set in key_sets {
        insert(&mut rows.key_sets, (set.card, set.generation, set.version), set, "key set")?;
    }
    Ok(())
}

fn add_order(rows: &mut Rows, order: Order, sealed: SealedOrder) -> Result<(), StoreError> {
    let taken = rows.orders.values().any(|known| known.reference == order.reference);
    if taken || !rows.bases.contains_key(&order.base) {
        return Err(conflict("reference or base"));
    }
    insert(&mut rows.sealed_orders, order.id, sealed, "order")?;
    insert(&mut rows.orders, order.id, order, "order")
}
