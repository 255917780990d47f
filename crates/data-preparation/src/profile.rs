//! Profiles: what is put on a card, in which order and how protected, as an issuer's engineer writes it in TOML.
//!
//! `docs/profiles.md` is the reference of every key. A [`Profile`] that exists is right: its elements come from
//! declared fields, its DGIs are what the card's application reads, its levels protect what is personal.

mod application;
mod element;
mod fault;
mod field;
mod lines;
mod rules;
mod section;

use sha2::{Digest, Sha256};
use toml::de::DeTable;

pub use application::{ApplicationProfile, DgiProfile};
pub use element::{Element, FieldEncoding, Source};
pub use fault::{Fault, FaultKind};
pub use field::{Charset, FieldType, OrderField};
pub use rules::Validity;

use crate::{Error, ProfileReference, SecurityLevel};
use fault::Faults;
use section::Section;

/// The format of profiles that this version reads.
const FORMAT: u32 = 1;

/// What is put on a card, and how. Made by [`Profile::parse`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    reference: ProfileReference,
    fields: Vec<OrderField>,
    elements: Vec<Element>,
    applications: Vec<ApplicationProfile>,
    security_level: SecurityLevel,
    validity: Validity,
    retention_days: u32,
    number_field: String,
    card_face: Vec<String>,
}

impl Profile {
    /// Reads a profile from its TOML text.
    ///
    /// # Errors
    /// `Error::Profile` with every fault that was found, each with its line, reason and remedy.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut faults = Faults::new(text);
        let profile = match DeTable::parse(text) {
            Ok(table) => read(&table, text, &mut faults),
            Err(error) => {
                faults.add(
                    error.span().unwrap_or_default(),
                    FaultKind::Syntax,
                    format!("this is not TOML: {}", error.message()),
                    "see https://toml.io for how tables, keys and values are written",
                );
                None
            }
        };
        faults.into_result(profile).map_err(Error::Profile)
    }

    /// Name, version and digest of the text.
    #[must_use]
    pub fn reference(&self) -> &ProfileReference {
        &self.reference
    }

    /// The fields that an order must or may bring, in the profile's order.
    #[must_use]
    pub fn fields(&self) -> &[OrderField] {
        &self.fields
    }

    /// The field called `name`.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&OrderField> {
        self.fields.iter().find(|field| field.name == name)
    }

    pub(crate) fn element(&self, name: &str) -> Option<&Element> {
        self.elements.iter().find(|element| element.name == name)
    }

    /// The applications, in the order of their commit points.
    #[must_use]
    pub fn applications(&self) -> &[ApplicationProfile] {
        &self.applications
    }

    /// The level of the secure channel that the data must travel under.
    #[must_use]
    pub fn security_level(&self) -> SecurityLevel {
        self.security_level
    }

    /// How long a card is valid.
    #[must_use]
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// After how many days the sealed data of an order is destroyed.
    #[must_use]
    pub fn retention_days(&self) -> u32 {
        self.retention_days
    }

    /// The name of the order field that is the card number.
    #[must_use]
    pub fn number_field(&self) -> &str {
        &self.number_field
    }

    /// The names of the order fields that are printed on the card's face.
    #[must_use]
    pub fn card_face(&self) -> &[String] {
        &self.card_face
    }
}

const KEYS: [&str; 11] = [
    "format",
    "name",
    "version",
    "security-level",
    "card-number",
    "card-face",
    "validity",
    "retention",
    "field",
    "element",
    "application",
];

fn read(table: &toml::Spanned<DeTable<'_>>, text: &str, faults: &mut Faults<'_>) -> Option<Profile> {
    let whole = Section::whole(table);
    whole.number("format", FORMAT..=FORMAT, FaultKind::Format, faults)?;
    whole.only(&KEYS, faults);
    let name = whole.name("name", faults);
    let version = whole.number("version", 1..=u32::MAX, FaultKind::OutOfRange, faults);
    let fields = field::read_all(&whole, faults);
    let elements = element::read_all(&whole, &fields, faults);
    let security_level = rules::security_level(&whole, faults);
    let applications = application::read_all(&whole, &fields, &elements, security_level, faults);
    if let Some(level) = security_level {
        rules::hold_level(&whole, level, &applications, faults);
    }
    let validity = rules::validity(&whole, faults);
    let retention_days = rules::retention(&whole, faults);
    let number_field = rules::number_field(&whole, &fields, faults);
    let card_face = rules::card_face(&whole, &fields, faults);
    rules::nothing_unused(&whole, &fields, &elements, &applications, faults);
    Some(Profile {
        reference: ProfileReference { name: name?, version: version?, digest: Sha256::digest(text).into() },
        fields,
        elements,
        applications,
        security_level: security_level?,
        validity: validity?,
        retention_days: retention_days?,
        number_field: number_field?,
        card_face: card_face?,
    })
}
