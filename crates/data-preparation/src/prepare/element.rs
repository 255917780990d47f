//! The bytes of data elements.

use cardwright_apdu::tlv;
use zeroize::Zeroizing;

use super::application::Application;
use super::card::Card;
use super::pin;
use crate::emv::Track2;
use crate::emv::digits::{pack_left, pack_right};
use crate::emv::pin_block::Pin;
use crate::means::MeansFault;
use crate::profile::{
    CertificatePart, DateEncoding, Element, FieldEncoding, NumberEncoding, RsaKey, RsaPart, Source, TrackPart,
};
use crate::transliteration::transliterate;
use crate::{Date, Error, manifest};

/// Bytes of a tag and its length at most.
const HEAD: usize = 7;

impl Application<'_> {
    /// Whether `element` comes out empty on this card, so that it vanishes with its tag.
    pub(super) fn is_empty(&self, card: &Card<'_>, element: &Element) -> bool {
        match &element.source {
            Source::Template(names) => {
                names.iter().filter_map(|name| card.profile.element(name)).all(|one| self.is_empty(card, one))
            }
            Source::Certificate(part) => self.certificate_length(*part) == 0,
            _ => element.field().is_some_and(|field| card.value(field).is_none()),
        }
    }

    /// Appends `element`: its value, or tag, length and value; nothing where the value is empty.
    pub(super) fn write_element(&self, card: &Card<'_>, element: &Element, out: &mut Vec<u8>) -> Result<(), Error> {
        let Some(tag) = element.tag else { return self.write_value(card, element, out) };
        if self.is_empty(card, element) {
            return Ok(());
        }
        let mut value = Zeroizing::new(Vec::with_capacity(self.room(card, element)));
        self.write_value(card, element, &mut value)?;
        tlv::write(out, tag, &value);
        Ok(())
    }

    /// At least as many bytes as [`Application::write_element`] appends.
    pub(super) fn room(&self, card: &Card<'_>, element: &Element) -> usize {
        let value = match &element.source {
            // A letter is written as four at most.
            Source::Field { field, encoding: FieldEncoding::Transliterated } => {
                4 * card.value(field).map_or(0, <[u8]>::len)
            }
            Source::Field { field, .. } => card.value(field).map_or(0, <[u8]>::len).max(32),
            Source::Constant(bytes) => bytes.len(),
            Source::Template(names) => {
                names.iter().filter_map(|name| card.profile.element(name)).map(|one| self.room(card, one)).sum()
            }
            Source::Manifest => manifest::ENTRY * (1 + self.profile.dgis.len()),
            Source::Random(length) => *length,
            // Certificates, keys, locators: nothing of payment data is longer.
            _ => 256,
        };
        HEAD + value
    }

    fn write_value(&self, card: &Card<'_>, element: &Element, out: &mut Vec<u8>) -> Result<(), Error> {
        match &element.source {
            Source::Field { field, encoding } => {
                if let Some(value) = card.value(field) {
                    write_field(value, *encoding, out);
                }
            }
            Source::Constant(bytes) => out.extend_from_slice(bytes),
            Source::CardNumber(NumberEncoding::Ascii) => out.extend_from_slice(card.number),
            Source::CardNumber(NumberEncoding::Compressed) => out.extend_from_slice(&card.pan()?.to_compressed()),
            Source::SequenceNumber => out.push(card.sequence.to_bcd()),
            Source::ValidFrom(encoding) => write_day(card.valid_from, *encoding, out),
            Source::ValidTo(encoding) => write_day(card.valid_to, *encoding, out),
            Source::PinBlock { field } => write_pin(card, field.as_deref(), out)?,
            Source::Template(names) => {
                for one in names.iter().filter_map(|name| card.profile.element(name)) {
                    self.write_element(card, one, out)?;
                }
            }
            Source::Track2 { service_code, discretionary } => write_track(card, *service_code, discretionary, out)?,
            Source::InterchangeProfile => {
                out.extend(self.profile.payment.iter().flat_map(|payment| payment.interchange_profile));
            }
            Source::FileLocator(files) => {
                out.extend(self.locator(card, files).iter().flat_map(|locator| locator.to_bytes()))
            }
            Source::Certificate(part) => self.write_certificate(*part, out),
            Source::ApplicationKeys => out.extend_from_slice(&**self.keys.as_ref().ok_or(MeansFault::Keystore)?),
            Source::ApplicationKeyCheckValues => out.extend_from_slice(&self.check_values),
            Source::RsaPart { key, part } => self.write_rsa(*key, *part, out),
            Source::IssuerApplicationData => {
                let keys = self.profile.payment.as_ref().and_then(|payment| payment.keys.as_ref());
                out.extend(keys.into_iter().flat_map(crate::profile::CardKeyRule::issuer_application_data));
            }
            Source::Random(_) => {
                let drawn = self.drawn.iter().find(|(name, _)| *name == element.name);
                out.extend(drawn.into_iter().flat_map(|(_, bytes)| bytes.iter()));
            }
            // Written where the DGIs before it are known.
            Source::Manifest => {}
        }
        Ok(())
    }

    fn certificate_length(&self, part: CertificatePart) -> usize {
        let rule = self.profile.payment.as_ref().and_then(|payment| payment.certificates.as_ref());
        rule.map_or(0, |rule| part.length(rule))
    }

    fn write_certificate(&self, part: CertificatePart, out: &mut Vec<u8>) {
        let Some(issuer) = self.issuer else { return };
        let of = |key: RsaKey| self.rsa(key);
        let bytes: &[u8] = match part {
            CertificatePart::AuthorityIndex => &[issuer.certification_key.index],
            CertificatePart::Issuer => &issuer.certificate,
            CertificatePart::IssuerRemainder => &issuer.remainder,
            CertificatePart::IssuerExponent => &issuer.exponent,
            CertificatePart::Icc => of(RsaKey::Icc).map_or(&[], |rsa| &rsa.certificate),
            CertificatePart::IccRemainder => of(RsaKey::Icc).map_or(&[], |rsa| &rsa.remainder),
            CertificatePart::IccExponent => of(RsaKey::Icc).map_or(&[], |rsa| &rsa.components.e),
            CertificatePart::Pin => of(RsaKey::Pin).map_or(&[], |rsa| &rsa.certificate),
            CertificatePart::PinRemainder => of(RsaKey::Pin).map_or(&[], |rsa| &rsa.remainder),
            CertificatePart::PinExponent => of(RsaKey::Pin).map_or(&[], |rsa| &rsa.components.e),
            CertificatePart::SignedData => &self.signed_data,
        };
        out.extend_from_slice(bytes);
    }

    fn write_rsa(&self, key: RsaKey, part: RsaPart, out: &mut Vec<u8>) {
        let Some(rsa) = self.rsa(key) else { return };
        let key = rsa.components;
        out.extend_from_slice(match part {
            RsaPart::Modulus => &key.n,
            RsaPart::Exponent => &key.d,
            RsaPart::P => &key.p,
            RsaPart::Q => &key.q,
            RsaPart::ExponentP => &key.d_p,
            RsaPart::ExponentQ => &key.d_q,
            RsaPart::QInverse => &key.q_inv,
        });
    }
}

fn write_field(value: &[u8], encoding: FieldEncoding, out: &mut Vec<u8>) {
    let start = out.len();
    let text = || std::str::from_utf8(value).unwrap_or_default(); // only a photo is not text
    let date = || text().parse::<Date>().ok();
    match encoding {
        FieldEncoding::Utf8 | FieldEncoding::Ascii | FieldEncoding::Raw => out.extend_from_slice(value),
        FieldEncoding::Transliterated => {
            // Held against the rules when the order was read.
            out.extend(transliterate(text()).iter().flat_map(|name| name.bytes()));
        }
        FieldEncoding::Numeric(length) => {
            out.resize(start + length, 0);
            pack_right(value.iter().copied(), &mut out[start..]);
        }
        FieldEncoding::Binary(length) => {
            out.resize(start + length, 0);
            value.iter().for_each(|digit| add_digit(&mut out[start..], digit - b'0'));
        }
        FieldEncoding::Compressed => {
            out.resize(start + value.len().div_ceil(2), 0);
            pack_left(value.iter().copied(), 0x0F, &mut out[start..]);
        }
        FieldEncoding::Bcd => date().into_iter().for_each(|day| write_day(day, DateEncoding::Bcd, out)),
        FieldEncoding::ShortBcd => date().into_iter().for_each(|day| write_day(day, DateEncoding::ShortBcd, out)),
        FieldEncoding::Hexadecimal => out.extend(pin::bytes_of(value)),
    }
}

/// Ten times the big-endian `number`, and `digit`.
fn add_digit(number: &mut [u8], digit: u8) {
    let mut carry = u16::from(digit);
    for byte in number.iter_mut().rev() {
        carry += u16::from(*byte) * 10;
        *byte = carry as u8;
        carry >>= 8;
    }
}

fn write_day(day: Date, encoding: DateEncoding, out: &mut Vec<u8>) {
    let bcd = day.to_bcd();
    out.extend_from_slice(match encoding {
        DateEncoding::Bcd => &bcd,
        DateEncoding::ShortBcd => &bcd[1..],
    });
}

fn write_pin(card: &Card<'_>, field: Option<&str>, out: &mut Vec<u8>) -> Result<(), Error> {
    match field {
        Some(field) => {
            if let Some(pin) = card.value(field).and_then(Pin::new) {
                out.extend_from_slice(&*pin.for_the_card());
            }
        }
        None => out.extend_from_slice(&*card.pin().ok_or(MeansFault::Keystore)?.for_the_card()),
    }
    Ok(())
}

fn write_track(card: &Card<'_>, service_code: [u8; 3], parts: &[TrackPart], out: &mut Vec<u8>) -> Result<(), Error> {
    let mut discretionary = Zeroizing::new(Vec::with_capacity(26));
    for part in parts {
        discretionary.extend_from_slice(&card.digits(part));
    }
    let pan = crate::emv::Pan::new(card.pan()?.digits()).ok_or(MeansFault::Number)?;
    let track = Track2 { pan, expiry: card.expiry()?, service_code, discretionary };
    let bytes = track.to_bytes().ok_or(MeansFault::NumberRule("track 2 has no room for it"))?;
    out.extend_from_slice(&bytes);
    Ok(())
}
