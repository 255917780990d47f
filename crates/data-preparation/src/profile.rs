//! Profiles: what is put on a card, in which order and how protected, as an issuer's engineer writes it in TOML.
//!
//! `docs/profiles.md` is the reference of every key. A [`Profile`] that exists is right: its elements come from
//! declared fields, its DGIs are what the card's application reads, its levels protect what is personal.

mod application;
mod element;
mod face;
mod fault;
mod field;
mod lines;
mod needs;
mod number;
mod part;
mod payment;
mod pin;
mod piv;
mod rules;
mod section;

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};
use toml::de::DeTable;

pub use application::{ApplicationProfile, DgiProfile, ScriptRule};
pub use element::{
    CertificatePart, DateEncoding, Element, FieldEncoding, NumberEncoding, RsaKey, RsaPart, Source, TrackPart,
};
pub use face::{AtBase, CARD_SIZE, FaceRule, Shown};
pub use fault::{Fault, FaultKind};
pub use field::{Charset, FieldType, OrderField};
pub use needs::NamedKey;
pub(crate) use needs::{DIGIT, PIV_SERIAL, PUK_DIGITS, SERIAL};
pub use number::{NumberRule, NumberSource, SequenceSource};
pub use payment::{CardKeyRule, CertificateRule, KeyOption, PaymentRule};
pub use pin::{PinRule, VerificationRule};
pub use piv::{
    NameAttribute, NamePart, PivKeyProfile, PivObjectProfile, PivProfile, PivReferenceProfile, PivReferenceSource,
    TextSource,
};
pub use rules::Validity;

use crate::{Error, ProfileReference, Scope, SecurityLevel};
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
    number: NumberRule,
    pin: Option<PinRule>,
    verification: VerificationRule,
    face: Vec<FaceRule>,
    scope: Scope,
    /// of a part: the fields that it does without
    left_out: Vec<OrderField>,
    /// whether the card number must be known
    uses_number: bool,
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

    pub(crate) fn elements(&self) -> &[Element] {
        &self.elements
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

    /// Where the card number comes from, and what it must be.
    #[must_use]
    pub fn number(&self) -> &NumberRule {
        &self.number
    }

    /// How the PIN comes to the card, where the profile has one besides what orders bring in digits.
    #[must_use]
    pub fn pin(&self) -> Option<&PinRule> {
        self.pin.as_ref()
    }

    /// What the issuer's host verifies cards and PINs by.
    #[must_use]
    pub fn verification(&self) -> &VerificationRule {
        &self.verification
    }

    /// What is printed on the card's face.
    #[must_use]
    pub fn face(&self) -> &[FaceRule] {
        &self.face
    }

    /// What it makes: the whole of a card, or, of a part by [`Profile::within`], what a change writes.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// Whether the number of the card must be known: always, but for changes that nothing of it goes into.
    #[must_use]
    pub fn uses_number(&self) -> bool {
        self.uses_number
    }

    /// Whether something is made of `field` in the letters of payment cards.
    pub(crate) fn transliterates(&self, field: &str) -> bool {
        self.elements.iter().any(|element| {
            matches!(&element.source, Source::Field { field: of, encoding: FieldEncoding::Transliterated } if of == field)
        })
    }

    /// The names of `content`'s elements and of all that is in them.
    fn all_elements<'s>(&'s self, content: &'s [String]) -> BTreeSet<&'s str> {
        let mut all = BTreeSet::new();
        for name in content {
            all.insert(name.as_str());
            if let Some(Element { source: Source::Template(names), .. }) = self.element(name) {
                all.extend(self.all_elements(names));
            }
        }
        all
    }

    /// The field called `name` that a part does without.
    pub(crate) fn left_out(&self, name: &str) -> Option<&OrderField> {
        self.left_out.iter().find(|field| field.name == name)
    }

    /// The photo's field, where a part does without it.
    pub(crate) fn left_out_photo(&self) -> Option<&OrderField> {
        self.left_out.iter().find(|field| field.field_type == FieldType::Photo)
    }

    /// The elements that `application` is made of, each once, in the order of their names.
    pub(crate) fn elements_of<'s>(&'s self, application: &'s ApplicationProfile) -> impl Iterator<Item = &'s Element> {
        let names: BTreeSet<&str> = application.dgis.iter().flat_map(|dgi| self.all_elements(&dgi.content)).collect();
        names.into_iter().filter_map(|name| self.element(name))
    }

    /// The fields that something is made of.
    fn used_fields(&self) -> BTreeSet<&str> {
        let mut used: BTreeSet<&str> = self.elements.iter().filter_map(Element::field).collect();
        used.extend(self.number.fields().filter(|_| self.uses_number));
        used.extend(self.face.iter().filter_map(|item| match &item.shows {
            Shown::Field(field) => Some(field.as_str()),
            _ => None,
        }));
        if let Some(PinRule::FromOrder { field, .. }) = &self.pin {
            used.insert(field);
        }
        used.extend(self.applications.iter().filter_map(|one| one.piv.as_ref()).flat_map(PivProfile::fields));
        used
    }
}

const KEYS: [&str; 13] = [
    "format",
    "name",
    "version",
    "security-level",
    "card-number",
    "validity",
    "retention",
    "field",
    "pin",
    "verification",
    "element",
    "application",
    "face",
];

fn read(table: &toml::Spanned<DeTable<'_>>, text: &str, faults: &mut Faults<'_>) -> Option<Profile> {
    let whole = Section::whole(table);
    whole.number("format", FORMAT..=FORMAT, FaultKind::Format, faults)?;
    whole.only(&KEYS, faults);
    let name = whole.name("name", faults);
    let version = whole.number("version", 1..=u32::MAX, FaultKind::OutOfRange, faults);
    let fields = field::read_all(&whole, faults);
    let number = number::read(&whole, &fields, faults);
    let pin = pin::read(&whole, &fields, faults);
    let verification = pin::read_verification(&whole, faults);
    let elements = element::read_all(&whole, &fields, faults);
    let security_level = rules::security_level(&whole, faults);
    let applications = {
        let (number, pin) = (number.as_ref(), pin.as_ref());
        let declared =
            application::Declared { whole: &whole, fields: &fields, elements: &elements, number, pin, security_level };
        application::read_all(&declared, faults)
    };
    if let Some(level) = security_level {
        rules::hold_level(&whole, level, &applications, faults);
    }
    let validity = rules::validity(&whole, faults);
    let retention_days = rules::retention(&whole, faults);
    let face = face::read_all(&whole, &fields, faults);
    let profile = Profile {
        reference: ProfileReference { name: name?, version: version?, digest: Sha256::digest(text).into() },
        fields,
        elements,
        applications,
        security_level: security_level?,
        validity: validity?,
        retention_days: retention_days?,
        number: number?,
        pin,
        verification: verification?,
        face,
        scope: Scope::Whole,
        left_out: Vec::new(),
        uses_number: true,
    };
    rules::nothing_undescribed(&whole, &profile, faults);
    rules::nothing_unused(&whole, &profile, faults);
    Some(profile)
}
