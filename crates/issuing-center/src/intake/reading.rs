//! One order on its way in: kind, card, argument, profile and fields are read together, for each decides what the next
//! may be.

use std::collections::{BTreeMap, BTreeSet};

use cardwright_apdu::Aid;
use cardwright_data_preparation::{OrderFields, Profile};
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::row::Order;
use cardwright_issuance::state::OrderState;
use cardwright_relay::Code;

use super::reception::field_faults;
use super::sense::{self, Asked};
use super::subject::Subject;
use super::{NewOrder, argument, carried, number, preparation};
use crate::center::Center;
use crate::file_fault::FileFault;
use crate::refused::Refused;
use crate::registry::{document, program, random_id};
use crate::sealing::OrderContent;
use crate::store::{Person, Store};

/// The profile, and where it says something wrong.
const PROFILE: &str = "profile";

/// An order that makes sense, not sealed yet.
pub(crate) struct Ready {
    pub(crate) order: Order,
    pub(crate) content: OrderContent,
    pub(crate) retention_days: u32,
}

/// Why an order is not taken: every fault, by column.
type Taken<T> = Result<T, Vec<FileFault>>;

/// The orders of one file, or the one of a call, as they are read.
pub(super) struct Reading<'a, S> {
    center: &'a Center<S>,
    person: &'a Person,
    profiles: BTreeMap<String, Option<Profile>>,
    /// those before, for what may be asked of a card once
    before: Vec<Order>,
}

impl<'a, S: Store> Reading<'a, S> {
    pub(super) fn new(center: &'a Center<S>, person: &'a Person) -> Self {
        Self { center, person, profiles: BTreeMap::new(), before: Vec::new() }
    }

    /// Reads one order.
    ///
    /// # Errors
    /// The store's and the keystore's own. Within: every fault of the order.
    pub(super) async fn read(&mut self, order: &NewOrder) -> Result<Taken<Ready>, Refused> {
        let refused = |column: &str, reason: &str| {
            vec![FileFault::of_order(order.row, column, reason, Code::ORDER_FIELD_REFUSED)]
        };
        let Some(kind) = OrderKind::named(&order.kind) else {
            let names: Vec<_> = OrderKind::NAMES.iter().map(|(_, name)| *name).collect();
            return Ok(Err(refused("kind", &format!("must be one of: {}", names.join(", ")))));
        };
        let argument = match argument::read(kind, &order.argument) {
            Ok(argument) => argument,
            Err(reason) => return Ok(Err(refused("argument", reason))),
        };
        let subject = match self.subject(kind, &order.card).await? {
            Ok(subject) => subject,
            Err(reason) => return Ok(Err(refused("card", reason))),
        };
        let name = profile_name(order, kind, subject.as_ref());
        let Some(profile) = self.profile(&name).await? else {
            let reason = "there is no such profile";
            return Ok(Err(vec![FileFault::of_order(order.row, PROFILE, reason, Code::PROFILE_UNKNOWN)]));
        };
        if let Some(subject) = &subject {
            let loadable = loadable(self.center, kind, &profile).await?;
            let loadable = |package| loadable.contains(&package);
            let asked = Asked { kind, argument: argument.as_deref(), profile: &profile, loadable: &loadable };
            if let Some((column, reason)) = sense::fault(&asked, subject) {
                return Ok(Err(refused(column, &reason)));
            }
        }
        let fields = match self.fields(order, kind, &profile, subject.as_ref()).await? {
            Ok(fields) => fields,
            Err(faults) => return Ok(Err(faults)),
        };
        let row = self.row(order, (kind, argument), name, subject.as_ref())?;
        self.before.push(row.clone());
        let content = OrderContent {
            customer: order.customer.to_string(),
            taken_by: order.taken_by.to_string(),
            date: order.date.clone(),
            fields,
        };
        Ok(Ok(Ready { order: row, content, retention_days: profile.retention_days() }))
    }

    /// The card that the order is about, with the orders before this one.
    async fn subject(&self, kind: OrderKind, card: &str) -> Result<Result<Option<Subject>, &'static str>, Refused> {
        if kind == OrderKind::New {
            let none = card.is_empty();
            return Ok(none.then_some(None).ok_or("a new card is in nobody's place: leave it empty, or order replace"));
        }
        let mut found = match Subject::named(&*self.center.store, card).await? {
            Ok(found) => found,
            Err(reason) => return Ok(Err(reason)),
        };
        let about = |order: &&Order| [order.card, order.replaces].contains(&Some(found.card.id));
        let before: Vec<_> = self.before.iter().filter(about).cloned().collect();
        found.orders.extend(before);
        Ok(Ok(Some(found)))
    }

    /// The profile, each read once.
    async fn profile(&mut self, name: &str) -> Result<Option<Profile>, Refused> {
        if let Some(known) = self.profiles.get(name) {
            return Ok(known.clone());
        }
        let profile = match document::profile(&*self.center.store, name).await {
            Ok(profile) => Some(profile),
            Err(refused) if refused.code == Code::PROFILE_UNKNOWN => None,
            Err(refused) => return Err(refused),
        };
        self.profiles.insert(name.to_owned(), profile.clone());
        Ok(profile)
    }

    /// What the order brings, read for what its kind writes.
    async fn fields(
        &self,
        order: &NewOrder,
        kind: OrderKind,
        profile: &Profile,
        subject: Option<&Subject>,
    ) -> Result<Taken<OrderFields>, Refused> {
        let refused =
            |column: &str, reason: &str| FileFault::of_order(order.row, column, reason, Code::ORDER_FIELD_REFUSED);
        if !kind.has_data() {
            let reason = "an order of this kind brings no data: leave it empty";
            let faults: Vec<_> = order.fields.iter().map(|(column, _)| refused(column, reason)).collect();
            return Ok(if faults.is_empty() { Ok(OrderFields::none(profile)) } else { Err(faults) });
        }
        let part = match preparation::part(profile, kind) {
            Ok(part) => part,
            Err(unfit) => {
                let reason = unfit.parameters[1..].join("; ");
                return Ok(Err(vec![refused(PROFILE, &reason)]));
            }
        };
        if let Some(subject) =
            subject.filter(|_| carried::may_be(kind) && order.fields.is_empty() && order.photo.is_none())
        {
            let reason = "the card's own data is not kept any more: bring the profile's fields with the order";
            // none of its own: they are looked up when it is prepared
            let fields = carried::fields(self.center, subject, &part).await?.map(|_| OrderFields::none(&part));
            return Ok(fields.ok_or_else(|| vec![refused(PROFILE, reason)]));
        }
        let columns = order.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let photo = order.photo.as_ref().map(|photo| photo.as_slice());
        let fields = match OrderFields::read(&part, columns, photo) {
            Ok(fields) => fields,
            Err(error) => return Ok(Err(field_faults(order.row, error))),
        };
        let wrong = match subject {
            Some(subject) => number::fault(self.center, (kind, subject.card.id), &part, &fields).await?,
            None => None,
        };
        Ok(match wrong {
            Some((column, reason)) => Err(vec![refused(&column, reason)]),
            None => Ok(fields),
        })
    }

    fn row(
        &self,
        order: &NewOrder,
        (kind, argument): (OrderKind, Option<String>),
        profile: String,
        subject: Option<&Subject>,
    ) -> Result<Order, Refused> {
        let card = subject.map(|subject| subject.card.id);
        // The rows of a file stay in their order.
        let last = self.before.last().map_or(i64::MIN, |order| order.entered);
        let entered = self.center.now().max(last.saturating_add(1));
        Ok(Order {
            id: random_id()?,
            reference: order.reference.clone(),
            base: order.base.clone(),
            profile,
            kind,
            argument,
            state: OrderState::Received,
            entered_by: self.person.id,
            entered,
            approved_by: None,
            card: card.filter(|_| !kind.is_new_card()),
            replaces: card.filter(|_| kind.is_new_card()),
            campaign: None,
        })
    }
}

/// The profile that the order names; where it may leave it out, the one of the card's own order.
fn profile_name(order: &NewOrder, kind: OrderKind, subject: Option<&Subject>) -> String {
    let may_be_left_out = !matches!(kind, OrderKind::New | OrderKind::AddApplication | OrderKind::UpgradeApplication);
    match subject {
        Some(subject) if may_be_left_out && order.profile.is_empty() => subject.issued_by.profile.clone(),
        _ => order.profile.clone(),
    }
}

/// The packages of the profile that are approved programs here.
///
/// # Errors
/// The store's own.
pub(crate) async fn loadable<S: Store>(
    center: &Center<S>,
    kind: OrderKind,
    profile: &Profile,
) -> Result<BTreeSet<Aid>, Refused> {
    let mut loadable = BTreeSet::new();
    if matches!(kind, OrderKind::AddApplication | OrderKind::UpgradeApplication) {
        for application in profile.applications() {
            let program = program::approved(&*center.store, application.package).await?;
            loadable.extend(program.map(|program| program.load_file));
        }
    }
    Ok(loadable)
}
