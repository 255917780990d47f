//! How the table `[application.piv]` is read.

use super::{
    NameAttribute, NamePart, PivKeyProfile, PivObjectProfile, PivProfile, PivReferenceProfile, PivReferenceSource,
    TextSource,
};
use crate::piv::{LONGEST_AFFILIATION, LONGEST_NAME, ObjectIdentifier};
use crate::profile::fault::{FaultKind, Faults};
use crate::profile::field::{FieldType, OrderField};
use crate::profile::pin::PinRule;
use crate::profile::section::{At, Section};

/// What texts and references are looked up in.
struct Declared<'a, 't> {
    whole: &'a Section<'t>,
    fields: &'a [OrderField],
    pin: Option<&'a PinRule>,
}

pub(in crate::profile) fn read(
    whole: &Section<'_>,
    application: &Section<'_>,
    fields: &[OrderField],
    pin: Option<&PinRule>,
    faults: &mut Faults<'_>,
) -> Option<PivProfile> {
    let declared = Declared { whole, fields, pin };
    let section = application.section("piv", faults)?;
    section.only(&["authority", "authority-name", "object", "key", "reference"], faults);
    let authority = section.key_handle("authority", faults);
    let authority_name = declared.name(&section, "authority-name", faults);
    if let Some(part) = authority_name.iter().flatten().find_map(|part| part.value.field()) {
        let message = format!("the authority's name cannot come from the order (`{part}`)");
        faults.add(section.value_span("authority-name"), FaultKind::UnknownValue, message, "write it out");
    }
    let read_object = |object: &Section<'_>, faults: &mut Faults<'_>| declared.object(object, faults);
    let objects = distinct(section.sections("object", faults), "object", read_object, faults);
    let read_key = |key: &Section<'_>, faults: &mut Faults<'_>| declared.key(key, faults);
    let keys = distinct(section.sections("key", faults), "slot", read_key, faults);
    let read_reference = |reference: &Section<'_>, faults: &mut Faults<'_>| declared.reference(reference, faults);
    let references = distinct(section.sections("reference", faults), "reference", read_reference, faults);
    for (needed, name) in [(0x80, "pin"), (0x81, "puk"), (0x9B, "admin-key")] {
        if references.len() < 3 && !references.iter().any(|reference| reference.reference == needed) {
            let message = format!("the card's application needs the reference `{name}`");
            faults.add(section.span(), FaultKind::MissingKey, message, "add it as an [[application.piv.reference]]");
        }
    }
    Some(PivProfile { authority: authority?, authority_name: authority_name?, objects, keys, references })
}

/// Reads each section; of two with the same text under `key` the second is a fault.
fn distinct<T>(
    sections: Vec<Section<'_>>,
    key: &str,
    read: impl Fn(&Section<'_>, &mut Faults<'_>) -> Option<T>,
    faults: &mut Faults<'_>,
) -> Vec<T> {
    let mut seen: Vec<String> = Vec::new();
    let mut all = Vec::new();
    for section in &sections {
        if let Some(text) = section.optional_text(key, faults).map(|text| (*text.get_ref()).to_owned()) {
            if seen.contains(&text) {
                let message = format!("`{text}` is there twice");
                faults.add(section.value_span(key), FaultKind::DuplicateName, message, "remove one of them");
            }
            seen.push(text);
        }
        all.extend(read(section, faults));
    }
    all
}

const ATTRIBUTES: [(&str, NameAttribute); 5] = [
    ("C", NameAttribute::Country),
    ("O", NameAttribute::Organization),
    ("OU", NameAttribute::OrganizationalUnit),
    ("CN", NameAttribute::CommonName),
    ("serialNumber", NameAttribute::SerialNumber),
];

impl Declared<'_, '_> {
    /// A distinguished name: `["C=XX", "CN={name}"]`.
    fn name(&self, section: &Section<'_>, key: &str, faults: &mut Faults<'_>) -> Option<Vec<NamePart>> {
        let texts = section.texts(key, faults)?;
        if texts.is_empty() {
            faults.add(section.value_span(key), FaultKind::UnknownValue, "the name is empty", "write CN= at least");
        }
        let parts = texts.iter().map(|text| {
            let part = text.get_ref().split_once('=').and_then(|(name, value)| {
                let attribute = ATTRIBUTES.iter().find(|(known, _)| *known == name)?.1;
                Some((attribute, value))
            });
            let right = part.filter(|(attribute, value)| match attribute {
                NameAttribute::Country => value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_uppercase()),
                _ => (1..=64).contains(&value.len()),
            });
            let Some((attribute, value)) = right else {
                let message = format!("`{}` is no part of a name", text.get_ref());
                let remedy = "write C=, O=, OU=, CN= or serialNumber= and 1 to 64 characters; after C= two capitals";
                faults.add(text.span(), FaultKind::UnknownValue, message, remedy);
                return None;
            };
            Some(NamePart { attribute, value: self.text(value, text, faults)? })
        });
        parts.collect::<Vec<_>>().into_iter().collect()
    }

    /// `{field}`, or a constant.
    fn text(&self, text: &str, at: &At<&str>, faults: &mut Faults<'_>) -> Option<TextSource> {
        let Some(name) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            return Some(TextSource::Constant(text.to_owned()));
        };
        let field = self.fields.iter().find(|field| field.name == name);
        match field.map(|field| field.field_type) {
            Some(FieldType::Text(_) | FieldType::Digits | FieldType::Date) => {}
            Some(_) => {
                let message = format!("`{name}` is no text");
                faults.add(at.span(), FaultKind::Encoding, message, "name a field of type text, digits or date");
            }
            None if self.whole.declares("field", name) => {}
            None => {
                let message = format!("there is no field `{name}`");
                let remedy = "declare it as a [[field]], or correct the name";
                faults.add(at.span(), FaultKind::UndeclaredField, message, remedy);
            }
        }
        field.map(|field| TextSource::Field(field.name.clone()))
    }

    fn text_of(&self, section: &Section<'_>, key: &str, faults: &mut Faults<'_>) -> Option<TextSource> {
        let text = section.text(key, faults)?;
        self.text(text.get_ref(), &text, faults)
    }

    /// The field that `key` names, if it is of the type that `right` takes.
    fn field(
        &self,
        section: &Section<'_>,
        right: impl Fn(FieldType) -> bool,
        wanted: &str,
        faults: &mut Faults<'_>,
    ) -> Option<String> {
        let name = section.text("field", faults)?;
        let field = self.fields.iter().find(|field| field.name == *name.get_ref());
        match field {
            Some(field) if right(field.field_type) => {}
            Some(_) => {
                let message = format!("`{}` is not of type `{wanted}`", name.get_ref());
                faults.add(name.span(), FaultKind::Encoding, message, format!("name a field of type `{wanted}`"));
            }
            None if self.whole.declares("field", name.get_ref()) => {}
            None => {
                let message = format!("there is no field `{}`", name.get_ref());
                let remedy = "declare it as a [[field]], or correct the name";
                faults.add(name.span(), FaultKind::UndeclaredField, message, remedy);
            }
        }
        field.map(|field| field.name.clone())
    }

    fn object(&self, section: &Section<'_>, faults: &mut Faults<'_>) -> Option<PivObjectProfile> {
        let kinds =
            [("chuid", 0), ("card-capability", 1), ("printed-information", 2), ("face-image", 3), ("discovery", 4)];
        match section.choice("object", &kinds, FaultKind::UnknownValue, faults)? {
            0 => {
                section.only(&["object", "agency", "system"], faults);
                let agency = section.digits("agency", 4..=4, faults);
                let system = section.digits("system", 4..=4, faults);
                Some(PivObjectProfile::Chuid { agency: agency?.to_owned(), system: system?.to_owned() })
            }
            1 => {
                section.only(&["object"], faults);
                Some(PivObjectProfile::CardCapability)
            }
            2 => {
                section.only(&["object", "name", "affiliation", "transliterate"], faults);
                let name = self.printed(section, "name", LONGEST_NAME, faults);
                let affiliation = self.printed(section, "affiliation", LONGEST_AFFILIATION, faults);
                let transliterated = section.optional_flag("transliterate", faults)?;
                Some(PivObjectProfile::PrintedInformation { name: name?, affiliation: affiliation?, transliterated })
            }
            3 => {
                section.only(&["object", "field"], faults);
                let field = self.field(section, |kind| kind == FieldType::Photo, "photo", faults)?;
                Some(PivObjectProfile::FaceImage { field })
            }
            _ => {
                section.only(&["object"], faults);
                Some(PivObjectProfile::Discovery)
            }
        }
    }

    /// A text of the printed information; what is the same on every card is ASCII, and not too long.
    fn printed(&self, section: &Section<'_>, key: &str, longest: usize, faults: &mut Faults<'_>) -> Option<TextSource> {
        let source = self.text_of(section, key, faults)?;
        if let TextSource::Constant(text) = &source
            && !((1..=longest).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b' '..=b'~')))
        {
            let message = format!("printed information takes 1 to {longest} characters of ASCII here");
            faults.add(section.value_span(key), FaultKind::Encoding, message, "shorten it, or write it in ASCII");
        }
        Some(source)
    }

    fn key(&self, section: &Section<'_>, faults: &mut Faults<'_>) -> Option<PivKeyProfile> {
        section.only(&["slot", "algorithm", "subject", "email", "principal", "policies"], faults);
        let slots = [("9A", 0x9A), ("9C", 0x9C), ("9D", 0x9D), ("9E", 0x9E)];
        let slot = section.choice("slot", &slots, FaultKind::UnknownValue, faults);
        let algorithms = [("rsa-2048", 0x07), ("p-256", 0x11)];
        let algorithm = section.choice("algorithm", &algorithms, FaultKind::UnknownValue, faults);
        let subject = self.name(section, "subject", faults);
        let email = self.optional_text_of(section, "email", faults)?;
        let principal = self.optional_text_of(section, "principal", faults)?;
        let policies = policies(section, faults)?;
        Some(PivKeyProfile { slot: slot?, algorithm: algorithm?, subject: subject?, email, principal, policies })
    }

    /// `Some(None)` where the key is not there.
    fn optional_text_of(
        &self,
        section: &Section<'_>,
        key: &str,
        faults: &mut Faults<'_>,
    ) -> Option<Option<TextSource>> {
        if section.has(key) { Some(Some(self.text_of(section, key, faults)?)) } else { Some(None) }
    }

    fn reference(&self, section: &Section<'_>, faults: &mut Faults<'_>) -> Option<PivReferenceProfile> {
        let references = [("pin", 0x80), ("puk", 0x81), ("admin-key", 0x9B)];
        let reference = section.choice("reference", &references, FaultKind::UnknownValue, faults)?;
        if reference == 0x9B {
            section.only(&["reference", "algorithm", "derived-from"], faults);
            let algorithms = [("3des", 0x03), ("aes-128", 0x08), ("aes-192", 0x0A), ("aes-256", 0x0C)];
            let algorithm = section.choice("algorithm", &algorithms, FaultKind::UnknownValue, faults);
            let master = section.key_handle("derived-from", faults);
            let source = PivReferenceSource::Derived(master?);
            return Some(PivReferenceProfile { reference, algorithm: algorithm?, source });
        }
        section.only(&["reference", "source", "field"], faults);
        let generated =
            section.choice("source", &[("order", false), ("generated", true)], FaultKind::UnknownValue, faults)?;
        let source = if generated {
            PivReferenceSource::Generated
        } else {
            PivReferenceSource::Block(self.field(section, |kind| kind == FieldType::PinBlock, "pin-block", faults)?)
        };
        let described = match self.pin {
            Some(PinRule::FromOrder { .. }) => !generated,
            Some(PinRule::Generated { digits, .. }) => generated && (reference == 0x81 || (6..=8).contains(digits)),
            None => false,
        };
        if !described {
            let message = "the profile's [pin] does not describe where it comes from";
            let remedy = "write [pin] with the zone key of the order's blocks, or with 6 to 8 generated digits and both generated";
            faults.add(section.value_span("source"), FaultKind::NotDescribed, message, remedy);
        }
        Some(PivReferenceProfile { reference, algorithm: 0, source })
    }
}

/// The object identifiers under `policies`; none where the key is not there.
fn policies(section: &Section<'_>, faults: &mut Faults<'_>) -> Option<Vec<ObjectIdentifier>> {
    if !section.has("policies") {
        return Some(Vec::new());
    }
    let texts = section.texts("policies", faults)?;
    let read = |text: &At<&str>| {
        let policy = ObjectIdentifier::parse(text.get_ref());
        if policy.is_none() {
            let message = format!("`{}` is no object identifier", text.get_ref());
            faults.add(text.span(), FaultKind::UnknownValue, message, "write numbers with dots: 1.3.6.1.4.1.99999.1");
        }
        policy
    };
    texts.iter().map(read).collect::<Vec<_>>().into_iter().collect()
}
