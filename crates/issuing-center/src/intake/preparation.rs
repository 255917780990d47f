//! Preparation: everything that a card's data is made of is fetched, the data is made, checked and sealed, and what it
//! used up is taken in the commit that keeps it.

use cardwright_data_preparation::{
    Checked, Date, Error, Means, MeansFault, OrderFields, PersonalizationData, PinForMailer, Profile, Scope, check,
    prepare,
};
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::row::Order;
use cardwright_keystore::RsaComponents;
use cardwright_relay::Code;

use super::number::{self, Wanted};
use super::pin::Mailer;
use super::{carried, certificates, validity};
use crate::calendar::DAY;
use crate::center::Center;
use crate::issuers;
use crate::numbers::Giving;
use crate::pool::Taking;
use crate::refused::Refused;
use crate::registry::{document, key};
use crate::sealing;
use crate::store::{Registration, SealedBlob, Store, StoreError};

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
    /// Makes the data of one order's card, or of the change of one, by the newest text of its profile. Nothing is written
    /// here.
    ///
    /// # Errors
    /// What profile, order, keys, pool, range and certificates say against it; the store's and the keystore's own.
    pub(super) async fn make<S: Store>(&mut self, center: &Center<S>, order: &Order) -> Result<Made, Refused> {
        let profile = part(&document::profile(&*center.store, &order.profile).await?, order.kind)?;
        let sealed = center.store.sealed_order(order.id).await?;
        let sealed = sealed.ok_or_else(|| StoreError::Damaged("an order without its sealed fields".into()))?;
        let fields = carried::fields_of(center, order, &sealed, &profile).await?;
        key::hold_named(center, &profile.named_keys())?;
        let from = validity::from(center, order).await?;
        let day = center.now().div_euclid(DAY);
        let issuers = issuers::certified(&*center.store, &*center.keystore, &profile.issuers(), day).await?;
        let mut registrations = Vec::new();
        let wanted = Wanted { order, sealed: &sealed, profile: &profile, fields: &fields };
        let number = number::of(&mut self.giving, center, &wanted, &mut registrations).await?;
        let mailer = Mailer::of(center, order, &sealed, &profile).await?;
        let means = Means {
            keystore: Some(&*center.keystore),
            issuers: &issuers,
            card_keys: self.card_keys(center, &profile, &mut registrations).await?,
            number: number.digits.as_deref().map(String::as_str),
            sequence: number.sequence,
            random: mailer.random(&*center.keystore, profile.random_bytes())?,
        };
        let (data, pin) = made(&profile, &fields, from, &means)?;
        registrations.extend(mailer.row(center, order, &sealed, &data, pin.as_ref(), &means.random)?);
        registrations.extend(certificates::given(center, order, &data).await?);
        let numbered = registrations.iter().any(|row| matches!(row, Registration::CardNumber(..)));
        if order.kind.is_new_card() || numbered {
            let expiry = profile.validity().end(from).map(Date::day_number);
            registrations.extend(expiry.map(|day| Registration::CardExpiry(order.id, day)));
        }
        Ok(Made { sealed: sealing::seal_prepared(&*center.keystore, order.id, &sealed, &data)?, registrations })
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

/// The part of the profile that an order of `kind` is read and prepared by.
///
/// # Errors
/// `DATA_REFUSED` where the profile has nothing that such an order changes.
pub(super) fn part(profile: &Profile, kind: OrderKind) -> Result<Profile, Refused> {
    let scope = match kind {
        OrderKind::PersonalData => Scope::PersonalData,
        OrderKind::Pin => Scope::Pin,
        _ => Scope::Whole,
    };
    profile.within(scope).map_err(refused)
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
