//! From valid fields to finished data groupings.
//!
//! The keystore is asked in batches, once for each verb at most: blocks opened, MACs, card keys, signatures, a block
//! for the PIN mailer.

mod application;
mod card;
mod certificates;
mod element;
mod face;
mod keys;
mod pin;
mod piv;
mod writing;

use cardwright_keystore::KeyId;

use crate::data::masked;
use crate::emv::pin_block::PinBlockFormat;
use crate::{Date, Error, Means, OrderFields, PersonalizationData, Profile, Scope, encoding};
use application::Application;
use card::Card;

/// Data that was made and not yet checked: good for nothing but [`check`](crate::check).
#[must_use]
pub struct Prepared {
    pub(crate) data: PersonalizationData,
    pin_for_mailer: Option<PinForMailer>,
}

/// A generated PIN as the PIN mailer takes it: a block under the mailer's zone key, and one of the PUK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinForMailer {
    /// the zone key
    pub under: KeyId,
    /// the block's format
    pub format: PinBlockFormat,
    /// the enciphered block
    pub block: Vec<u8>,
    /// that of the PUK, where one was generated with the PIN
    pub puk_block: Option<Vec<u8>>,
}

impl Prepared {
    /// The PIN that was generated for this card, for the PIN mailer; nobody else can open it.
    #[must_use]
    pub fn pin_for_mailer(&self) -> Option<&PinForMailer> {
        self.pin_for_mailer.as_ref()
    }
}

/// Makes the data of one card: `fields` by the rules of `profile`, on the day `today`, with what `means` brings.
///
/// The same input gives the same data. A DGI made of a field that the order leaves out is left out; an element with a
/// tag that comes out empty vanishes with its tag.
///
/// # Errors
/// `Error::OtherProfile` where the fields were read for another text of the profile; `Error::DateOutOfRange` where
/// the validity would end after the year 9999, or 2049 for payment cards; `Error::Means` where `means` lacks what the
/// profile asks for; `Error::PinBlock`, `Error::Certificate`, `Error::Piv`, `Error::Keystore`.
pub fn prepare(profile: &Profile, fields: &OrderFields, today: Date, means: &Means<'_>) -> Result<Prepared, Error> {
    if !fields.are_for(profile) {
        return Err(Error::OtherProfile);
    }
    let (card, random) = Card::new(profile, fields, today, means)?;
    let (mut applications, mut random) = Application::all(&card, means, random)?;
    keys::derive(&card, &mut applications, means)?;
    certificates::sign(&card, &mut applications, means)?;
    piv::bring(&card, &mut applications, means, &mut random)?;
    let certification_keys = certificates::authorities(&applications);
    let made =
        applications.iter_mut().map(|application| application.write(&card)).collect::<Result<Vec<_>, Error>>()?;
    let data = PersonalizationData {
        format: encoding::Format,
        profile: profile.reference().clone(),
        security_level: profile.security_level(),
        masked_number: masked(card.number),
        applications: made,
        certification_keys,
        face: face::items(&card),
        scope: profile.scope(),
    };
    Ok(Prepared { data, pin_for_mailer: pin::for_mailer(&card, means)? })
}

/// Makes what a change of `scope` writes on a card in use. `fields` were read for `profile.within(scope)`.
///
/// `from` is the day that the validity counts from, where the change writes it: the day of the card's own preparation,
/// where its validity is to stay. `means.number` is the card's number, where the profile takes it from a range.
///
/// An application that has nothing to change in `scope` is left out of the data. What of an order is left empty is left
/// out as well: a card keeps the photo that the order does not bring.
///
/// # Errors
/// Those of [`Profile::within`] and of [`prepare`].
pub fn prepare_change(
    profile: &Profile,
    scope: Scope,
    fields: &OrderFields,
    from: Date,
    means: &Means<'_>,
) -> Result<Prepared, Error> {
    prepare(&profile.within(scope)?, fields, from, means)
}
