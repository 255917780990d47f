//! The PIN: how it comes to the card without anybody seeing it, and the values that the host verifies by.

use cardwright_keystore::KeyId;

use super::fault::{FaultKind, Faults};
use super::field::{FieldType, OrderField};
use super::section::Section;
use crate::emv::pin_block::PinBlockFormat;

/// How a card's PIN comes, and where it goes besides the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PinRule {
    /// as a PIN block in the order, under a zone key that the issuer's host shares
    FromOrder {
        /// the field, of type `pin-block`
        field: String,
        /// the zone key
        zone_key: KeyId,
        /// the block's format
        format: PinBlockFormat,
    },
    /// made of random digits, and handed to a PIN mailer under a zone key
    Generated {
        /// how many digits, 4 to 12
        digits: u8,
        /// the zone key of the mailer
        mailer_key: KeyId,
        /// the format of the block for the mailer: 1
        format: PinBlockFormat,
    },
}

/// What the issuer's host verifies a card and a PIN by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VerificationRule {
    /// the key of CVV, iCVV and CVV2
    pub card_key: Option<KeyId>,
    /// the key of the PVV
    pub pin_key: Option<KeyId>,
    /// the index of the PVV key (PVKI), 0 to 6
    pub pin_key_index: u8,
}

impl PinRule {
    /// The zone key.
    #[must_use]
    pub fn zone_key(&self) -> &KeyId {
        match self {
            Self::FromOrder { zone_key, .. } => zone_key,
            Self::Generated { mailer_key, .. } => mailer_key,
        }
    }
}

const FORMATS: [(&str, PinBlockFormat); 3] =
    [("iso-9564-0", PinBlockFormat::Zero), ("iso-9564-1", PinBlockFormat::One), ("iso-9564-2", PinBlockFormat::Two)];

pub(super) fn read(whole: &Section<'_>, fields: &[OrderField], faults: &mut Faults<'_>) -> Option<PinRule> {
    let section = whole.optional_section("pin", faults)?;
    if section.choice("source", &[("order", false), ("generated", true)], FaultKind::UnknownValue, faults)? {
        return read_generated(&section, faults);
    }
    section.only(&["source", "field", "zone-key", "format"], faults);
    let zone_key = section.key_handle("zone-key", faults);
    let format = section.choice("format", &FORMATS, FaultKind::UnknownValue, faults);
    let name = section.text("field", faults)?;
    let field = fields.iter().find(|field| field.name == *name.get_ref());
    match field.map(|field| field.field_type) {
        Some(FieldType::PinBlock) => {}
        Some(_) => {
            let message = format!("`{}` brings no PIN block", name.get_ref());
            faults.add(name.span(), FaultKind::PinWay, message, "name a field of type `pin-block`");
        }
        None if whole.declares("field", name.get_ref()) => {}
        None => {
            let message = format!("there is no field `{}`", name.get_ref());
            let remedy = "declare it as a [[field]], or correct the name";
            faults.add(name.span(), FaultKind::UndeclaredField, message, remedy);
        }
    }
    Some(PinRule::FromOrder { field: field?.name.clone(), zone_key: zone_key?, format: format? })
}

fn read_generated(section: &Section<'_>, faults: &mut Faults<'_>) -> Option<PinRule> {
    section.only(&["source", "digits", "mailer-key", "format"], faults);
    let digits = section.number("digits", 4..=12, FaultKind::PinWay, faults);
    let mailer_key = section.key_handle("mailer-key", faults);
    // Format 2 is for a card alone (ISO 9564-1). Format 0 opens with the card number, which letters are made without.
    let format = section.choice("format", &FORMATS[1..2], FaultKind::PinWay, faults);
    Some(PinRule::Generated { digits: digits? as u8, mailer_key: mailer_key?, format: format? })
}

pub(super) fn read_verification(whole: &Section<'_>, faults: &mut Faults<'_>) -> Option<VerificationRule> {
    let Some(section) = whole.optional_section("verification", faults) else {
        return (!whole.has("verification")).then(VerificationRule::default);
    };
    section.only(&["card-key", "pin-key", "pin-key-index"], faults);
    let handle = |key, faults: &mut Faults<'_>| if section.has(key) { section.key_handle(key, faults) } else { None };
    let card_key = handle("card-key", faults);
    let pin_key = handle("pin-key", faults);
    let index = section.optional_number("pin-key-index", 0..=6, FaultKind::OutOfRange, faults);
    Some(VerificationRule { card_key, pin_key, pin_key_index: index.unwrap_or_default() as u8 })
}
