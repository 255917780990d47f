//! The PIN: opened from the order's block or made of random bytes, and handed on as a block again.

use cardwright_keystore::{BlockMechanism, Enciphering, KeyId, KeyRef};
use zeroize::Zeroizing;

use super::PinForMailer;
use super::card::{Card, Random, draw, keystore};
use crate::emv::Pan;
use crate::emv::pin_block::{Pin, PinBlockFault, PinBlockFormat};
use crate::means::MeansFault;
use crate::profile::{DIGIT, PUK_DIGITS, PinRule, PivReferenceSource, Profile};
use crate::{Error, Means};

/// Brings the card its PIN, by the profile's `[pin]`, and the further PIN blocks of its order.
pub(super) fn bring(card: &mut Card<'_>, means: &Means<'_>, random: &mut Random<'_>) -> Result<(), Error> {
    match card.profile.pin() {
        None => {}
        Some(PinRule::FromOrder { field, zone_key, format }) => {
            let mut fields: Vec<&str> = reference_fields(card.profile);
            fields.push(field);
            fields.sort_unstable();
            fields.dedup();
            // A field that the order leaves out brings no PIN.
            fields.retain(|field| card.value(field).is_some());
            card.opened = open(card, &fields, (zone_key, *format), means)?;
        }
        Some(PinRule::Generated { digits, .. }) => {
            card.generated = Some(Generated::new(random, usize::from(*digits))?);
            if card.profile.generates_puk() {
                card.generated_puk = Some(Generated::new(random, PUK_DIGITS)?);
            }
        }
    }
    Ok(())
}

/// A PIN or PUK that was made for this card.
pub(super) struct Generated {
    pub(super) pin: Pin,
    /// 14 digits that fill a block of format 1
    filling: Zeroizing<[u8; 14]>,
}

impl Generated {
    fn new(random: &mut Random<'_>, digits: usize) -> Result<Self, Error> {
        let refused = Error::PinBlock { field: "pin".to_owned(), fault: PinBlockFault::Length };
        let pin = Pin::new(&random_digits(random, digits)?).ok_or(refused)?;
        let mut filling = Zeroizing::new([0; 14]);
        filling.copy_from_slice(&random_digits(random, 14)?);
        Ok(Self { pin, filling })
    }

    fn block(&self, format: PinBlockFormat, pan: &Pan) -> Result<Zeroizing<[u8; 8]>, Error> {
        let refused = |fault| Error::PinBlock { field: "pin".to_owned(), fault };
        self.pin.write(format, pan, Some(&self.filling)).map_err(refused)
    }
}

/// Decimal digits (ASCII), each of 4 random bytes, so that none is likelier than another by more than 1 in 2^28.
fn random_digits(random: &mut Random<'_>, count: usize) -> Result<Zeroizing<Vec<u8>>, Error> {
    let bytes = draw(random, count * DIGIT)?;
    let (numbers, _) = bytes.as_chunks::<DIGIT>();
    Ok(Zeroizing::new(numbers.iter().map(|number| b'0' + (u32::from_be_bytes(*number) % 10) as u8).collect()))
}

/// Opens the PIN blocks that the order brings in `fields`: one batch.
fn open<'a>(
    card: &Card<'_>,
    fields: &[&'a str],
    (zone_key, format): (&KeyId, PinBlockFormat),
    means: &Means<'_>,
) -> Result<Vec<(&'a str, Pin)>, Error> {
    let pan = card.pan()?;
    let under = KeyRef::Named(zone_key.clone());
    let blocks: Vec<Vec<u8>> = fields.iter().map(|field| bytes_of(card.value(field).unwrap_or_default())).collect();
    let item = |data| Enciphering { under: &under, mechanism: BlockMechanism::TdesEcb, data };
    let items: Vec<_> = blocks.iter().map(|block| item(block.as_slice())).collect();
    let opened = keystore(means)?.decipher_batch(&items)?;
    let pins = opened.iter().zip(fields).map(|(block, field)| {
        let refused = |fault| Error::PinBlock { field: (*field).to_owned(), fault };
        let block = block.expose().try_into().map_err(|_| refused(PinBlockFault::Length))?;
        Ok((*field, Pin::read(format, block, pan).map_err(refused)?))
    });
    pins.collect()
}

/// The bytes of hexadecimal digits, which were checked when the order was read.
pub(super) fn bytes_of(digits: &[u8]) -> Vec<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16).unwrap_or_default() as u8;
    let (pairs, _) = digits.as_chunks::<2>();
    pairs.iter().map(|[high, low]| digit(*high) << 4 | digit(*low)).collect()
}

/// The generated PIN, and the PUK where there is one, for the PIN mailer: one batch.
pub(super) fn for_mailer(card: &Card<'_>, means: &Means<'_>) -> Result<Option<PinForMailer>, Error> {
    let Some(PinRule::Generated { mailer_key, format, .. }) = card.profile.pin() else { return Ok(None) };
    let pan = card.pan()?;
    let pins = [&card.generated, &card.generated_puk].into_iter().flatten();
    let blocks = pins.map(|one| one.block(*format, pan)).collect::<Result<Vec<_>, _>>()?;
    let under = KeyRef::Named(mailer_key.clone());
    let item = |data| Enciphering { under: &under, mechanism: BlockMechanism::TdesEcb, data };
    let items: Vec<_> = blocks.iter().map(|block| item(block.as_slice())).collect();
    let mut enciphered = keystore(means)?.encipher_batch(&items)?.into_iter();
    let block = enciphered.next().ok_or(MeansFault::Keystore)?;
    Ok(Some(PinForMailer { under: mailer_key.clone(), format: *format, block, puk_block: enciphered.next() }))
}

/// The fields with PIN blocks that PIV references are made of.
fn reference_fields(profile: &Profile) -> Vec<&str> {
    let references = profile.applications().iter().filter_map(|one| one.piv.as_ref()).flat_map(|piv| &piv.references);
    let fields = references.filter_map(|reference| match &reference.source {
        PivReferenceSource::Block(field) => Some(field.as_str()),
        _ => None,
    });
    fields.collect()
}
