//! Preparation: everything that a card's data is made of is fetched, the data is made, checked and sealed, and what it
//! used up is taken in the commit that keeps it.

use cardwright_data_preparation::profile::{NumberSource, SequenceSource};
use cardwright_data_preparation::{
    Checked, Date, Error, Means, MeansFault, OrderFields, PersonalizationData, PinForMailer, Profile, Standard, check,
    prepare,
};
use cardwright_issuance::row::Order;
use cardwright_keystore::RsaComponents;
use cardwright_relay::Code;
use zeroize::Zeroizing;

use super::certificates;
use super::pin::Mailer;
use crate::calendar::{DAY, day_of};
use crate::center::Center;
use crate::issuers;
use crate::numbers::{For, Giving, Range};
use crate::pool::Taking;
use crate::refused::Refused;
use crate::registry::{document, key};
use crate::sealing;
use crate::store::{Registration, SealedBlob, SealedOrder, Store, StoreError};

/// The preparation of the orders of one commit: no key and no number goes to two of them.
#[derive(Default)]
pub(super) struct Preparation {
    taking: Taking,
    giving: Giving,
}

/// One order's data, sealed, and the rows of what it used up.
pub(super) struct Made {
    pub(super) sealed: SealedBlob,
    pub(super) registrations: Vec<Registration>,
}

impl Preparation {
    /// Makes the data of one order's card by the newest text of its profile. Nothing is written here.
    ///
    /// # Errors
    /// What profile, order, keys, pool, range and certificates say against it; the store's and the keystore's own.
    pub(super) async fn make<S: Store>(&mut self, center: &Center<S>, order: &Order) -> Result<Made, Refused> {
        let profile = document::profile(&*center.store, &order.profile).await?;
        let sealed = center.store.sealed_order(order.id).await?;
        let sealed = sealed.ok_or_else(|| StoreError::Damaged("an order without its sealed fields".into()))?;
        let content = sealing::open_order(&*center.keystore, order.id, &sealed, &profile)?;
        key::hold_named(center, &profile.named_keys())?;
        let today = today(center.now())?;
        let day = center.now().div_euclid(DAY);
        let issuers = issuers::certified(&*center.store, &*center.keystore, &profile.issuers(), day).await?;
        let mut registrations = Vec::new();
        let wanted = (&profile, &content.fields);
        let number = self.number(center, order, &sealed, wanted, &mut registrations).await?;
        let mailer = Mailer::of(center, order, &sealed, &profile).await?;
        let means = Means {
            keystore: Some(&*center.keystore),
            issuers: &issuers,
            card_keys: self.card_keys(center, &profile, &mut registrations).await?,
            number: number.as_deref().map(String::as_str),
            random: mailer.random(&*center.keystore, profile.random_bytes())?,
        };
        let (data, pin) = made(&profile, &content.fields, today, &means)?;
        registrations.extend(mailer.row(center, order, &sealed, &data, pin.as_ref(), &means.random)?);
        registrations.extend(certificates::given(center, order, &data).await?);
        if order.kind.is_new_card() {
            let expiry = profile.validity().end(today).map(Date::day_number);
            registrations.extend(expiry.map(|day| Registration::CardExpiry(order.id, day)));
        }
        Ok(Made { sealed: sealing::seal_prepared(&*center.keystore, order.id, &sealed, &data)?, registrations })
    }

    /// The number of the card, where the center assigns it; enters it, and one that the order brings as well.
    async fn number<S: Store>(
        &mut self,
        center: &Center<S>,
        order: &Order,
        sealed: &SealedOrder,
        (profile, fields): (&Profile, &OrderFields),
        registrations: &mut Vec<Registration>,
    ) -> Result<Option<Zeroizing<String>>, Refused> {
        let rule = profile.number();
        let brought = match &rule.source {
            NumberSource::Field(field) => text(fields, field)?,
            NumberSource::Range => None,
        };
        let sequence = match &rule.sequence {
            SequenceSource::Constant(number) => *number,
            SequenceSource::Field(field) => text(fields, field)?.and_then(|text| text.parse().ok()).unwrap_or(0),
        };
        let wanted = For { order: order.id, reference: &order.reference, sealed, sequence };
        let before = Giving::before(center, wanted).await?;
        match (before, brought) {
            // Prepared again: the card keeps its number.
            (Some((row, digits)), None) if row.sequence == sequence => Ok(Some(digits)),
            (Some((row, digits)), Some(brought)) if row.sequence == sequence && *digits == brought => Ok(None),
            (Some(_), _) => {
                let rule = "the profile takes the number or the sequence number from elsewhere now";
                let remedy = "Reject the order and enter it again, or give the profile its former rule";
                Err(Refused::with(Code::DATA_REFUSED, ["card-number", rule, remedy]))
            }
            (None, Some(brought)) => {
                if is_payment(profile) {
                    registrations.push(self.giving.enter(center, wanted, brought).await?);
                }
                Ok(None)
            }
            (None, None) => {
                let range = Range { prefix: rule.prefix.clone(), length: *rule.lengths.start() };
                let (digits, rows) = self.giving.assign(center, wanted, &range).await?;
                registrations.extend(rows);
                Ok(Some(digits))
            }
        }
    }

    async fn card_keys<S: Store>(
        &mut self,
        center: &Center<S>,
        profile: &Profile,
        registrations: &mut Vec<Registration>,
    ) -> Result<Vec<RsaComponents>, Refused> {
        let sizes = profile.card_keys();
        let mut keys = Vec::with_capacity(sizes.len());
        for size in sizes {
            let (key, taken) = self.taking.take(center, size).await?;
            keys.push(key);
            registrations.push(taken);
        }
        Ok(keys)
    }
}

/// Makes and checks the data; every reason against it as a refusal. With it comes the PIN for who prints it, where one
/// was generated.
pub(crate) fn made(
    profile: &Profile,
    fields: &OrderFields,
    today: Date,
    means: &Means<'_>,
) -> Result<(Checked<PersonalizationData>, Option<PinForMailer>), Refused> {
    let prepared = prepare(profile, fields, today, means).map_err(refused)?;
    let pin = prepared.pin_for_mailer().cloned();
    Ok((check(prepared).map_err(refused)?, pin))
}

/// Why the data cannot be made: element, rule, remedy; never a value.
fn refused(error: Error) -> Refused {
    match error {
        Error::Keystore(error) => return error.into(),
        Error::Order(_) | Error::OrderEncoding | Error::OtherProfile => return sealing::field_refused(error),
        _ => {}
    }
    let told = error.to_string();
    // The crate's sentences end in what to do, after a semicolon or the last colon.
    let split = told.rsplit_once("; ").or_else(|| told.rsplit_once(": "));
    let (rule, remedy) = match (usual_remedy(&error), split) {
        (Some(remedy), _) => (told.as_str(), remedy),
        (None, Some(parts)) => parts,
        (None, None) => (told.as_str(), "correct the profile, and import it again"),
    };
    let element = element(&error);
    let rule = rule.strip_prefix(element).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(rule);
    Refused::with(Code::DATA_REFUSED, [element.to_owned(), rule.to_owned(), capital(remedy)])
}

/// What is to be done where the sentence does not say it.
fn usual_remedy(error: &Error) -> Option<&'static str> {
    match error {
        Error::DateOutOfRange => Some("shorten [validity] of the profile"),
        Error::Check(_) => Some("correct the profile's application, and import it again"),
        _ => None,
    }
}

fn element(error: &Error) -> &str {
    match error {
        Error::Means(MeansFault::Issuer(_) | MeansFault::IssuerExpired { .. }) => "issuer certificate",
        Error::Means(MeansFault::Size { .. } | MeansFault::AuthorityTooSmall { .. }) => "issuer key",
        Error::Means(MeansFault::Number | MeansFault::NumberRule(_)) => "card-number",
        Error::PinBlock { field, .. } => field,
        Error::Certificate { what, .. } => what,
        Error::DateOutOfRange => "validity",
        Error::Piv(unfit) => unfit.element,
        Error::Check(_) => "check",
        _ => "profile",
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Numbers of payment cards are given once; a number of another card is its holder's, and comes again with a new card.
fn is_payment(profile: &Profile) -> bool {
    profile.applications().iter().any(|application| application.standard == Standard::Emv)
}

fn text<'a>(fields: &'a OrderFields, field: &str) -> Result<Option<&'a str>, Refused> {
    let text = fields.value(field).map(std::str::from_utf8).transpose();
    text.map_err(|_| StoreError::Damaged("an order's field is no text".into()).into())
}

/// The day, UTC.
fn today(now: i64) -> Result<Date, Refused> {
    day_of(now).ok_or_else(|| Refused::with(Code::CLOCK_DIFFERS, ["too many"]))
}
