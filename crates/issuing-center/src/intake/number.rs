//! The number of an order's card: brought, assigned, or, for a change of a card and a card in place of another, the one
//! that is on record, with the sequence number that keeps two cards from the same keys.

use cardwright_data_preparation::profile::{NumberSource, SequenceSource};
use cardwright_data_preparation::{OrderFields, Profile, Rewrite, Standard};
use cardwright_issuance::Id;
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::row::Order;
use cardwright_issuance::state::OrderState;
use cardwright_keystore::Error as KeystoreError;
use cardwright_relay::Code;
use zeroize::Zeroizing;

use crate::center::Center;
use crate::numbers::{self, For, Giving, Range};
use crate::refused::Refused;
use crate::sealing::{self, Column};
use crate::store::{CardNumber, Registration, SealedOrder, Store, StoreError};

const NOT_ITS_NUMBER: &str = "it is not the number of this card: compare it with the card";
const NOT_ITS_SEQUENCE: &str =
    "it is not the sequence number of this card: leave it empty, or compare it with the card";

/// What preparation is handed of the number.
#[derive(Default)]
pub(super) struct Numbered {
    /// where the order does not bring it
    pub(super) digits: Option<Zeroizing<String>>,
    /// where it is decided
    pub(super) sequence: Option<u8>,
}

/// An order whose number is asked for.
pub(super) struct Wanted<'a> {
    pub(super) order: &'a Order,
    pub(super) sealed: &'a SealedOrder,
    /// the part of the profile that the order is prepared by
    pub(super) profile: &'a Profile,
    pub(super) fields: &'a OrderFields,
}

impl Wanted<'_> {
    fn of(&self, sequence: u8) -> For<'_> {
        For { order: self.order.id, reference: &self.order.reference, sealed: self.sealed, sequence }
    }

    /// The number that the order brings.
    fn brought(&self) -> Result<Option<&str>, Refused> {
        match &self.profile.number().source {
            NumberSource::Field(field) => text(self.fields, field),
            NumberSource::Range => Ok(None),
        }
    }

    /// The sequence number that the order brings.
    fn said(&self) -> Result<Option<u8>, Refused> {
        match &self.profile.number().sequence {
            SequenceSource::Field(field) => Ok(text(self.fields, field)?.and_then(|text| text.parse().ok())),
            SequenceSource::Constant(_) => Ok(None),
        }
    }

    /// Whether an application with keys of its own number begins anew: it gets other ones, by the next sequence number.
    fn begins_anew(&self) -> bool {
        let whole = self.order.kind == OrderKind::UpgradeApplication;
        let mut payment = self.profile.applications().iter().filter(|one| one.standard == Standard::Emv);
        payment.any(|one| whole || one.rewrite == Rewrite::Reinstall)
    }
}

/// The number of the order's card; what is new of it goes into `registrations`.
///
/// # Errors
/// `ORDER_FIELD_REFUSED` for a number that is not the card's; `NUMBER_TAKEN`, `RANGE_EXHAUSTED`; `DATA_REFUSED` where the
/// profile takes it from elsewhere now; the store's and the keystore's own.
pub(super) async fn of<S: Store>(
    giving: &mut Giving,
    center: &Center<S>,
    wanted: &Wanted<'_>,
    registrations: &mut Vec<Registration>,
) -> Result<Numbered, Refused> {
    if !wanted.profile.uses_number() {
        return Ok(Numbered::default());
    }
    let (brought, said) = (wanted.brought()?, wanted.said()?);
    let known = known(center, wanted, brought).await?;
    if is_of_the_same_card(wanted.order.kind) {
        match &known {
            None if is_numbered(wanted.profile) => return Err(not_its_number(wanted.profile)),
            None => return Ok(Numbered::default()),
            Some(known) if !wanted.begins_anew() => return kept(wanted, known, said),
            Some(_) => {}
        }
    }
    let before = Giving::before(center, wanted.of(0)).await?;
    let sequence = match (said, &known, &before) {
        (Some(said), ..) => said,
        (None, Some(_), Some((row, _))) => row.sequence,
        (None, Some(known), None) => giving.next(center, known.row.hash, &wanted.order.reference).await?,
        (None, None, _) => constant(wanted.profile),
    };
    let digits = given(giving, center, wanted, (before, known, sequence), registrations).await?;
    Ok(Numbered { digits, sequence: Some(sequence) })
}

/// The number and sequence number stay what they are.
fn kept(wanted: &Wanted<'_>, known: &Known, said: Option<u8>) -> Result<Numbered, Refused> {
    let other = said.is_some_and(|said| said != known.row.sequence);
    if let (SequenceSource::Field(field), true) = (&wanted.profile.number().sequence, other) {
        return Err(Refused::with(Code::ORDER_FIELD_REFUSED, [field.as_str(), NOT_ITS_SEQUENCE]));
    }
    let assigned = wanted.profile.number().source == NumberSource::Range;
    let digits = known.digits.clone().filter(|_| assigned);
    Ok(Numbered { digits, sequence: Some(known.row.sequence) })
}

/// What the order got before, where it is prepared again.
type Before = (CardNumber, Zeroizing<String>);

/// A number that was given before, is on record, is brought, or comes next in its range.
async fn given<S: Store>(
    giving: &mut Giving,
    center: &Center<S>,
    wanted: &Wanted<'_>,
    (before, known, sequence): (Option<Before>, Option<Known>, u8),
    registrations: &mut Vec<Registration>,
) -> Result<Option<Zeroizing<String>>, Refused> {
    let rule = wanted.profile.number();
    let assigned = rule.source == NumberSource::Range;
    let recorded = known.and_then(|known| known.digits).filter(|_| assigned);
    let brought = wanted.brought()?.or(recorded.as_deref().map(String::as_str));
    match (before, brought) {
        // Prepared again: the card keeps its number.
        (Some((row, digits)), None) if row.sequence == sequence => Ok(Some(digits)),
        (Some((row, digits)), Some(brought)) if row.sequence == sequence && *digits == brought => {
            Ok(Some(digits).filter(|_| assigned))
        }
        (Some(_), _) => {
            let rule = "the profile takes the number or the sequence number from elsewhere now";
            let remedy = "Reject the order and enter it again, or give the profile its former rule";
            Err(Refused::with(Code::DATA_REFUSED, ["card-number", rule, remedy]))
        }
        (None, Some(brought)) => {
            if is_payment(wanted.profile) {
                registrations.push(giving.enter(center, wanted.of(sequence), brought).await?);
            }
            Ok(assigned.then(|| Zeroizing::new(brought.to_owned())))
        }
        (None, None) => {
            let range = Range { prefix: rule.prefix.clone(), length: *rule.lengths.start() };
            let (digits, rows) = giving.assign(center, wanted.of(sequence), &range).await?;
            registrations.extend(rows);
            Ok(Some(digits))
        }
    }
}

/// A number of a card that was issued.
struct Known {
    row: CardNumber,
    /// where the center assigned it
    digits: Option<Zeroizing<String>>,
}

/// The number on record that the order is about: the one it brings, or, where the center assigns numbers and the card is
/// the same, the card's.
async fn known<S: Store>(
    center: &Center<S>,
    wanted: &Wanted<'_>,
    brought: Option<&str>,
) -> Result<Option<Known>, Refused> {
    let order = wanted.order;
    let Some(card) = order.replaces.or(order.card).filter(|_| order.kind != OrderKind::New) else { return Ok(None) };
    let rows = on_record(&*center.store, card).await?;
    if let Some(brought) = brought {
        let hash = numbers::hash(&*center.keystore, brought)?;
        let row = rows.into_iter().find(|row| row.hash == hash);
        return Ok(row.map(|row| Known { row, digits: None }));
    }
    let assigned = wanted.profile.number().source == NumberSource::Range;
    let Some(row) = rows.into_iter().next().filter(|_| assigned && is_of_the_same_card(order.kind)) else {
        return Ok(None);
    };
    let sealed = center.store.sealed_order(row.order).await?;
    let sealed = sealed.ok_or_else(|| StoreError::Damaged("a number without its order".into()))?;
    match sealing::open_column(&*center.keystore, row.order, &sealed, Column::CardNumber, &row.sealed) {
        Ok(clear) => {
            let digits = std::str::from_utf8(&clear).map_err(|_| StoreError::Damaged("a sealed card number".into()))?;
            let digits = Zeroizing::new(digits.to_owned());
            Ok(Some(Known { row, digits: Some(digits) }))
        }
        Err(KeystoreError::UnknownKey(_)) => {
            let rule = "the card's number was destroyed with the order that brought it";
            let remedy = "Order a card in its place by renew";
            Err(Refused::with(Code::DATA_REFUSED, ["card-number", rule, remedy]))
        }
        Err(other) => Err(other.into()),
    }
}

/// The numbers of the orders that a card carries, the newest first.
///
/// # Errors
/// The store's own.
pub(super) async fn on_record<S: Store>(store: &S, card: Id) -> Result<Vec<CardNumber>, StoreError> {
    let mut rows = Vec::new();
    for order in store.orders_of_card(card).await?.iter().rev() {
        if order.state == OrderState::Issued && order.kind.has_data() {
            rows.extend(store.number_of(order.id).await?);
        }
    }
    Ok(rows)
}

/// What is wrong with the number that an order brings for a card in use: field and reason.
///
/// # Errors
/// The store's and the keystore's own.
pub(super) async fn fault<S: Store>(
    center: &Center<S>,
    (kind, card): (OrderKind, Id),
    profile: &Profile,
    fields: &OrderFields,
) -> Result<Option<(String, &'static str)>, Refused> {
    let Some(field) = profile.number().field() else { return Ok(None) };
    if !is_of_the_same_card(kind) || !profile.uses_number() || !is_payment(profile) {
        return Ok(None);
    }
    let Some(brought) = text(fields, field)? else { return Ok(None) };
    let hash = numbers::hash(&*center.keystore, brought)?;
    let known = on_record(&*center.store, card).await?.iter().any(|row| row.hash == hash);
    Ok((!known).then(|| (field.to_owned(), NOT_ITS_NUMBER)))
}

fn not_its_number(profile: &Profile) -> Refused {
    Refused::with(Code::ORDER_FIELD_REFUSED, [profile.number().field().unwrap_or("card-number"), NOT_ITS_NUMBER])
}

/// Whether the order changes an application that bears the card's number already.
fn is_of_the_same_card(kind: OrderKind) -> bool {
    matches!(kind, OrderKind::PersonalData | OrderKind::Pin | OrderKind::UpgradeApplication)
}

/// Whether numbers of the profile's cards are on record.
fn is_numbered(profile: &Profile) -> bool {
    is_payment(profile) || profile.number().source == NumberSource::Range
}

/// Numbers of payment cards are given once; a number of another card is its holder's, and comes again with a new card.
fn is_payment(profile: &Profile) -> bool {
    profile.applications().iter().any(|application| application.standard == Standard::Emv)
}

fn constant(profile: &Profile) -> u8 {
    match &profile.number().sequence {
        SequenceSource::Constant(number) => *number,
        SequenceSource::Field(_) => 0,
    }
}

fn text<'a>(fields: &'a OrderFields, field: &str) -> Result<Option<&'a str>, Refused> {
    let text = fields.value(field).map(std::str::from_utf8).transpose();
    text.map_err(|_| StoreError::Damaged("an order's field is no text".into()).into())
}
