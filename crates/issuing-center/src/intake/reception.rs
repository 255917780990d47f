//! Reception: new orders checked against base, profile and what is here already, sealed, and ready to be committed.

use std::collections::BTreeSet;

use cardwright_data_preparation::{Date, Error as DataError};
use cardwright_issuance::entry::{Entry, Event};
use cardwright_issuance::row::Order;
use cardwright_relay::Code;
use zeroize::Zeroizing;

use super::file::{self, Columns, FindPhoto};
use super::reading::{Reading, Ready};
use crate::calendar::DAY;
use crate::center::Center;
use crate::file_fault::{FileFault, FileRefused};
use crate::refused::Refused;
use crate::sealing;
use crate::store::{Commit, Person, Registration, Store};

/// An order as somebody wrote it.
pub struct NewOrder {
    /// where it stands in the file; 1 for one that came alone
    pub row: u64,
    /// its name at the customer's side
    pub reference: String,
    /// where it is to be written
    pub base: String,
    /// the profile's name
    pub profile: String,
    /// what is asked for
    pub kind: String,
    /// the reference of an order that the card to be changed or replaced carries; empty for a new card
    pub card: String,
    /// what the kind needs to know; empty where it needs nothing
    pub argument: String,
    /// who asked for it
    pub customer: Zeroizing<String>,
    /// who took the order
    pub taken_by: Zeroizing<String>,
    /// the day of the order, YYYY-MM-DD
    pub date: Option<String>,
    /// the profile's fields by name; a photo's holds the name of its file, or anything
    pub fields: Vec<(String, Zeroizing<String>)>,
    /// the photo
    pub photo: Option<Zeroizing<Vec<u8>>>,
}

/// Orders that were taken, once `commit` is committed. More rows may be put into it before.
#[derive(Debug)]
pub struct Received {
    /// the orders
    pub orders: Vec<Order>,
    /// what makes them so
    pub commit: Commit,
}

/// Checks and seals new orders, which `person` enters: all of them or none.
///
/// # Errors
/// `ORDER_FILE_REFUSED` with every fault, each with its own code; the store's and the keystore's own.
pub async fn receive<S: Store>(
    center: &Center<S>,
    person: &Person,
    orders: &[NewOrder],
) -> Result<Received, FileRefused> {
    receive_all(center, person, orders, Vec::new()).await
}

/// Checks and seals the orders of a file, which `person` hands in: all of them or none.
///
/// # Errors
/// `ORDER_FILE_REFUSED` with every fault, by row; the store's and the keystore's own.
pub async fn receive_file<S: Store>(
    center: &Center<S>,
    person: &Person,
    text: &[u8],
    columns: &Columns,
    photo: FindPhoto<'_>,
) -> Result<Received, FileRefused> {
    let (orders, faults) = file::read_orders(text, columns, photo);
    receive_all(center, person, &orders, faults).await
}

/// `faults` are those that were found before.
async fn receive_all<S: Store>(
    center: &Center<S>,
    person: &Person,
    orders: &[NewOrder],
    mut faults: Vec<FileFault>,
) -> Result<Received, FileRefused> {
    let mut references = BTreeSet::new();
    let mut reading = Reading::new(center, person);
    let mut ready = Vec::with_capacity(orders.len());
    for order in orders {
        faults.extend(taken(center, order, &mut references).await?);
        faults.extend(malformed(center, order).await?);
        match reading.read(order).await? {
            Ok(one) => ready.push(one),
            Err(mut of_one) => faults.append(&mut of_one),
        }
    }
    if !faults.is_empty() {
        faults.sort_by_key(|fault| fault.row);
        return Err(FileRefused::Faults(Code::ORDER_FILE_REFUSED, faults));
    }
    let mut received = Received { orders: Vec::with_capacity(orders.len()), commit: Commit::default() };
    for one in ready {
        seal(center, &one, &mut received.commit).await?;
        received.orders.push(one.order);
    }
    Ok(received)
}

/// Whether the reference is taken, here or by a row before.
async fn taken<S: Store>(
    center: &Center<S>,
    order: &NewOrder,
    references: &mut BTreeSet<String>,
) -> Result<Option<FileFault>, Refused> {
    let reason = if !references.insert(order.reference.clone()) {
        "a row before has this reference"
    } else if center.store.order_by_reference(&order.reference).await?.is_some() {
        "an order with this reference is here already"
    } else {
        return Ok(None);
    };
    Ok(Some(FileFault::of_order(order.row, "reference", reason, Code::ORDER_DUPLICATE)))
}

/// What is wrong with the columns that every order has.
async fn malformed<S: Store>(center: &Center<S>, order: &NewOrder) -> Result<Vec<FileFault>, Refused> {
    let mut faults = Vec::new();
    let mut fault =
        |column: &str, reason: &str, code| faults.push(FileFault::of_order(order.row, column, reason, code));
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    if !(1..=64).contains(&order.reference.len()) || !order.reference.bytes().all(letter) {
        fault("reference", "1 to 64 of A-Z, a-z, 0-9 and - _ . /", Code::ORDER_FIELD_REFUSED);
    }
    if center.store.base(&order.base).await?.is_none() {
        fault("base", "there is no such base", Code::BASE_UNKNOWN);
    }
    for (column, text) in [("customer", &order.customer), ("taken_by", &order.taken_by)] {
        if !(1..=200).contains(&text.len()) || text.chars().any(char::is_control) {
            fault(column, "1 to 200 bytes of text", Code::ORDER_FIELD_REFUSED);
        }
    }
    if order.date.as_ref().is_some_and(|date| date.parse::<Date>().is_err()) {
        fault("date", "not a day of the calendar: write YYYY-MM-DD", Code::ORDER_FIELD_REFUSED);
    }
    Ok(faults)
}

/// Every fault of an order's fields, with its row.
pub(crate) fn field_faults(row: u64, error: DataError) -> Vec<FileFault> {
    let refused = Code::ORDER_FIELD_REFUSED;
    match error {
        DataError::Order(faults) => faults
            .into_iter()
            .map(|fault| FileFault::of_order(row, fault.field, format!("{}; {}", fault.message, fault.remedy), refused))
            .collect(),
        other => vec![FileFault::of_order(row, "", other.to_string(), refused)],
    }
}

/// Seals one order and puts its rows and its entry into `commit`.
///
/// # Errors
/// The store's and the keystore's own.
pub(crate) async fn seal<S: Store>(center: &Center<S>, ready: &Ready, commit: &mut Commit) -> Result<(), Refused> {
    let order = &ready.order;
    let day = center.now().div_euclid(DAY) + i64::from(ready.retention_days);
    let day_key = sealing::destruction_key(center, day).await?;
    let sealed = sealing::seal_order(&*center.keystore, order.id, (day, &day_key), &ready.content)?;
    let entry = Entry {
        order: Some(order.id),
        card: order.card,
        person: Some(order.entered_by),
        ..Entry::new(order.entered, Event::OrderReceived)
    };
    commit.registrations.push(Registration::Order(order.clone(), sealed));
    commit.entries.push(entry);
    Ok(())
}
