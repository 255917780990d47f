//! Reception: new orders checked against base, profile and what is here already, sealed, and ready to be committed.

use std::collections::{BTreeMap, BTreeSet};

use cardwright_data_preparation::{Date, Error as DataError, OrderFields, Profile};
use cardwright_issuance::entry::{Entry, Event};
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::row::Order;
use cardwright_issuance::state::OrderState;
use cardwright_relay::Code;
use zeroize::Zeroizing;

use super::file::{self, Columns, FindPhoto};
use crate::calendar::DAY;
use crate::center::Center;
use crate::file_fault::{FileFault, FileRefused};
use crate::refused::Refused;
use crate::registry::{document, random_id};
use crate::sealing::{self, OrderContent};
use crate::store::{Commit, Person, Registration, Store};

/// The only kind of order so far: a new card.
const NEW_CARD: &str = "new";

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
    let profiles = profiles(center, orders, &mut faults).await?;
    let mut references = BTreeSet::new();
    let mut contents = Vec::with_capacity(orders.len());
    for order in orders {
        faults.extend(taken(center, order, &mut references).await?);
        faults.extend(malformed(center, order).await?);
        let Some(profile) = profiles.get(&order.profile) else { continue };
        match content(order, profile) {
            Ok(content) => contents.push((order, profile, content)),
            Err(mut of_fields) => faults.append(&mut of_fields),
        }
    }
    if !faults.is_empty() {
        faults.sort_by_key(|fault| fault.row);
        return Err(FileRefused::Faults(Code::ORDER_FILE_REFUSED, faults));
    }
    let mut received = Received { orders: Vec::with_capacity(orders.len()), commit: Commit::default() };
    for (order, profile, content) in contents {
        seal(center, person, order, profile, &content, &mut received).await?;
    }
    Ok(received)
}

/// The profiles that are named, each read once; a fault for each row that names none.
async fn profiles<S: Store>(
    center: &Center<S>,
    orders: &[NewOrder],
    faults: &mut Vec<FileFault>,
) -> Result<BTreeMap<String, Profile>, FileRefused> {
    let mut profiles = BTreeMap::new();
    for order in orders {
        if profiles.contains_key(&order.profile) {
            continue;
        }
        match document::profile(&*center.store, &order.profile).await {
            Ok(profile) => drop(profiles.insert(order.profile.clone(), profile)),
            Err(refused) if refused.code == Code::PROFILE_UNKNOWN => {
                let reason = "there is no such profile";
                faults.push(FileFault::of_order(order.row, "profile", reason, Code::PROFILE_UNKNOWN));
            }
            Err(refused) => return Err(refused.into()),
        }
    }
    Ok(profiles)
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
    if order.kind != NEW_CARD {
        fault("kind", "must be: new", Code::ORDER_FIELD_REFUSED);
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

/// What of the order is sealed; every fault of its fields.
fn content(order: &NewOrder, profile: &Profile) -> Result<OrderContent, Vec<FileFault>> {
    let columns = order.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let photo = order.photo.as_ref().map(|photo| photo.as_slice());
    let fields = OrderFields::read(profile, columns, photo).map_err(|error| field_faults(order.row, error))?;
    Ok(OrderContent {
        customer: order.customer.to_string(),
        taken_by: order.taken_by.to_string(),
        date: order.date.clone(),
        fields,
    })
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

/// Seals one order and puts its rows and its entry into `received`.
async fn seal<S: Store>(
    center: &Center<S>,
    person: &Person,
    order: &NewOrder,
    profile: &Profile,
    content: &OrderContent,
    received: &mut Received,
) -> Result<(), Refused> {
    let now = center.now();
    let day = now.div_euclid(DAY) + i64::from(profile.retention_days());
    let day_key = sealing::destruction_key(center, day).await?;
    let row = Order {
        id: random_id()?,
        reference: order.reference.clone(),
        base: order.base.clone(),
        profile: order.profile.clone(),
        kind: OrderKind::New,
        argument: None,
        state: OrderState::Received,
        entered_by: person.id,
        entered: now,
        approved_by: None,
        card: None,
        replaces: None,
        campaign: None,
    };
    let sealed = sealing::seal_order(&*center.keystore, row.id, (day, &day_key), content)?;
    let entry = Entry { order: Some(row.id), person: Some(person.id), ..Entry::new(now, Event::OrderReceived) };
    received.commit.registrations.push(Registration::Order(row.clone(), sealed));
    received.commit.entries.push(entry);
    received.orders.push(row);
    Ok(())
}
