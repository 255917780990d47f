//! What belongs to the whole card: number, days, PIN, the values that the issuer's host verifies by.

use cardwright_keystore::{KeyId, Keystore};
use zeroize::Zeroizing;

use super::pin::{self, Generated};
use crate::emv::pin_block::Pin;
use crate::emv::verification::{CardValue, card_value, pin_value, pin_value_message};
use crate::emv::{ExpiryMonth, Pan, Sequence};
use crate::means::MeansFault;
use crate::profile::{NumberSource, PinRule, Profile, SequenceSource, Shown, Source, TrackPart};
use crate::{Date, Error, Means, OrderFields};

/// What the elements of one card are made from.
pub(super) struct Card<'a> {
    pub(super) profile: &'a Profile,
    pub(super) fields: &'a OrderFields,
    /// the card number, ASCII digits
    pub(super) number: &'a [u8],
    /// the same, where it is one of payment cards
    pub(super) pan: Option<Pan>,
    pub(super) sequence: Sequence,
    pub(super) valid_from: Date,
    pub(super) valid_to: Date,
    /// the PIN that was made for this card
    pub(super) generated: Option<Generated>,
    /// the PUK that was made for this card
    pub(super) generated_puk: Option<Generated>,
    /// the PINs that the order brings, each with its field
    pub(super) opened: Vec<(&'a str, Pin)>,
    values: Vec<(Wanted, Zeroizing<Vec<u8>>)>,
}

/// A verification value that something of the card is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Stripe([u8; 3]),
    Chip,
    Printed,
    Pin,
}

/// Random bytes, taken from the front.
pub(super) type Random<'a> = &'a [u8];

/// The next `length` bytes of `random`.
pub(super) fn draw<'a>(random: &mut Random<'a>, length: usize) -> Result<&'a [u8], Error> {
    let found = random.len();
    let (drawn, rest) = random.split_at_checked(length).ok_or(MeansFault::Random { wanted: length, found })?;
    *random = rest;
    Ok(drawn)
}

/// The keystore, without which nothing that works with keys can be made.
pub(super) fn keystore<'a>(means: &Means<'a>) -> Result<&'a dyn Keystore, Error> {
    means.keystore.ok_or_else(|| MeansFault::Keystore.into())
}

impl<'a> Card<'a> {
    /// The card, and what is left of the random bytes.
    pub(super) fn new(
        profile: &'a Profile,
        fields: &'a OrderFields,
        today: Date,
        means: &'a Means<'_>,
    ) -> Result<(Self, Random<'a>), Error> {
        let wanted = profile.random_bytes();
        let mut random = means.random.as_slice();
        if random.len() < wanted {
            return Err(MeansFault::Random { wanted, found: random.len() }.into());
        }
        let number = if profile.uses_number() { number(profile, fields, means)? } else { &[] };
        let sequence = match &profile.number().sequence {
            _ if !profile.uses_number() => Some(0),
            _ if means.sequence.is_some() => means.sequence,
            SequenceSource::Constant(number) => Some(*number),
            SequenceSource::Field(field) => {
                fields.value(field).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok())
            }
        };
        let valid_to = profile.validity().end(today).ok_or(Error::DateOutOfRange)?;
        let mut card = Self {
            profile,
            fields,
            number,
            pan: Pan::new(number),
            sequence: sequence.and_then(Sequence::new).ok_or(MeansFault::NumberRule("its sequence number"))?,
            valid_from: today,
            valid_to,
            generated: None,
            generated_puk: None,
            opened: Vec::new(),
            values: Vec::new(),
        };
        if profile.wants_pan() {
            card.expiry()?;
        }
        pin::bring(&mut card, means, &mut random)?;
        card.verify_by(means)?;
        Ok((card, random))
    }

    /// The card number of a payment card.
    pub(super) fn pan(&self) -> Result<&Pan, Error> {
        self.pan.as_ref().ok_or_else(|| MeansFault::NumberRule("it is no number of a payment card").into())
    }

    /// The month that a payment card expires in.
    pub(super) fn expiry(&self) -> Result<ExpiryMonth, Error> {
        let (year, month, _) = self.valid_to.parts();
        ExpiryMonth::new(year, month).ok_or(Error::DateOutOfRange)
    }

    /// The PIN of the profile's `[pin]`.
    pub(super) fn pin(&self) -> Option<&Pin> {
        match self.profile.pin()? {
            PinRule::FromOrder { field, .. } => self.opened_pin(field),
            PinRule::Generated { .. } => self.generated.as_ref().map(|generated| &generated.pin),
        }
    }

    /// The PUK that was made for this card.
    pub(super) fn puk(&self) -> Option<&Pin> {
        self.generated_puk.as_ref().map(|generated| &generated.pin)
    }

    /// The PIN that the order brings in `field`.
    pub(super) fn opened_pin(&self, field: &str) -> Option<&Pin> {
        self.opened.iter().find(|(name, _)| *name == field).map(|(_, pin)| pin)
    }

    /// Whether the order may leave out `field`, and does.
    pub(super) fn leaves_out(&self, field: &str) -> bool {
        self.profile.field(field).is_some_and(|field| !field.required) && self.value(field).is_none()
    }

    /// The value of `field` as the order wrote it.
    pub(super) fn value(&self, field: &str) -> Option<&'a [u8]> {
        self.fields.value(field)
    }

    /// The digits of a track's part.
    pub(super) fn digits<'s>(&'s self, part: &'s TrackPart) -> Zeroizing<Vec<u8>> {
        let wanted = match part {
            TrackPart::Digits(digits) => return Zeroizing::new(digits.as_bytes().to_vec()),
            TrackPart::PinKeyIndex => {
                return Zeroizing::new(vec![b'0' + self.profile.verification().pin_key_index]);
            }
            TrackPart::PinValue => Wanted::Pin,
            TrackPart::ChipValue => Wanted::Chip,
            TrackPart::StripeValue(code) => Wanted::Stripe(*code),
        };
        self.verification_value(wanted)
    }

    /// The printed verification value.
    pub(super) fn printed_value(&self) -> Zeroizing<Vec<u8>> {
        self.verification_value(Wanted::Printed)
    }

    fn verification_value(&self, wanted: Wanted) -> Zeroizing<Vec<u8>> {
        let found = self.values.iter().find(|(value, _)| *value == wanted);
        found.map(|(_, digits)| digits.clone()).unwrap_or_default()
    }

    /// Has the verification values made that something of the card is made of.
    fn verify_by(&mut self, means: &Means<'_>) -> Result<(), Error> {
        let wanted = wanted(self.profile);
        if wanted.is_empty() {
            return Ok(());
        }
        let rule = self.profile.verification();
        let mut items: Vec<(&KeyId, Zeroizing<Vec<u8>>)> = Vec::with_capacity(wanted.len());
        for value in &wanted {
            // A profile that wants a value names its key: Profile::parse has seen to it.
            let key = if *value == Wanted::Pin { &rule.pin_key } else { &rule.card_key };
            items.push((key.as_ref().ok_or(MeansFault::Keystore)?, self.message(*value)?));
        }
        let batch: Vec<(&KeyId, &[u8])> = items.iter().map(|(key, message)| (*key, message.as_slice())).collect();
        let macs = keystore(means)?.retail_mac_batch(&batch)?;
        for (value, mac) in wanted.into_iter().zip(macs) {
            let digits = match value {
                Wanted::Pin => Zeroizing::new(pin_value(&mac).to_vec()),
                _ => Zeroizing::new(card_value(&mac).to_vec()),
            };
            self.values.push((value, digits));
        }
        Ok(())
    }

    fn message(&self, value: Wanted) -> Result<Zeroizing<Vec<u8>>, Error> {
        let (pan, expiry) = (self.pan()?, self.expiry()?);
        let kind = match value {
            Wanted::Stripe(code) => CardValue::Stripe(code.map(|digit| digit - b'0')),
            Wanted::Chip => CardValue::Chip,
            Wanted::Printed => CardValue::Printed,
            Wanted::Pin => {
                let pin = self.pin().ok_or(MeansFault::Keystore)?;
                let index = self.profile.verification().pin_key_index;
                return Ok(Zeroizing::new(pin_value_message(pan, index, pin).to_vec()));
            }
        };
        Ok(Zeroizing::new(kind.message(pan, expiry).to_vec()))
    }
}

/// The card number: from the order, which was held against the rule when it was read, or assigned.
fn number<'a>(profile: &Profile, fields: &'a OrderFields, means: &'a Means<'_>) -> Result<&'a [u8], Error> {
    match &profile.number().source {
        NumberSource::Field(field) => Ok(fields.value(field).unwrap_or_default()),
        NumberSource::Range => {
            let number = means.number.ok_or(MeansFault::Number)?.as_bytes();
            match profile.number().fault_of(number) {
                Some(fault) => Err(MeansFault::NumberRule(fault).into()),
                None => Ok(number),
            }
        }
    }
}

fn wanted(profile: &Profile) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    let mut add = |value| {
        if !wanted.contains(&value) {
            wanted.push(value);
        }
    };
    for element in profile.elements() {
        let Source::Track2 { discretionary, .. } = &element.source else { continue };
        for part in discretionary {
            match part {
                TrackPart::PinValue => add(Wanted::Pin),
                TrackPart::ChipValue => add(Wanted::Chip),
                TrackPart::StripeValue(code) => add(Wanted::Stripe(*code)),
                TrackPart::Digits(_) | TrackPart::PinKeyIndex => {}
            }
        }
    }
    if profile.face().iter().any(|item| item.shows == Shown::PrintedValue) {
        add(Wanted::Printed);
    }
    wanted
}
