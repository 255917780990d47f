//! The part of a profile that a change of a card in use is made by: the applications that have something to change,
//! what of them is written anew, and the fields, keys and randomness that this takes.

use super::application::{ApplicationProfile, DgiProfile, ScriptRule};
use super::element::{Element, Source};
use super::number::SequenceSource;
use super::pin::VerificationRule;
use super::piv::{PivProfile, PivReferenceSource};
use super::{PinRule, Profile};
use crate::standard::payment;
use crate::{Error, Interface, Rewrite, Scope, ScriptLists, Standard};

impl Profile {
    /// The part of this profile that a change of `scope` is made by; the whole of it for [`Scope::Whole`]. Orders are
    /// read for it, data is prepared by it, and what it says of fields, keys, numbers and randomness is what the change
    /// takes.
    ///
    /// Validity counts from the day that preparation is handed: a change that must not lengthen it is prepared for the
    /// day on which the card's data was.
    ///
    /// # Errors
    /// `Error::NothingToChange` where no application has anything to change; `Error::SameSequence` where a payment
    /// application would be installed again with the keys that it had.
    pub fn within(&self, scope: Scope) -> Result<Self, Error> {
        let mut part = self.clone();
        if scope == Scope::Whole {
            return Ok(part);
        }
        part.scope = scope;
        part.applications.clear();
        for application in &self.applications {
            part.applications.extend(self.part_of(application, scope)?);
        }
        if part.applications.is_empty() {
            return Err(Error::NothingToChange { profile: self.reference.name.clone(), scope });
        }
        part.face.clear();
        let names: Vec<String> =
            part.applications.iter().flat_map(|one| &one.dgis).flat_map(|dgi| dgi.content.clone()).collect();
        let used = self.all_elements(&names);
        part.elements.retain(|element| used.contains(element.name.as_str()));
        part.hold_back_keys();
        part.uses_number = part.needs_number();
        let used: Vec<String> = part.used_fields().into_iter().map(str::to_owned).collect();
        part.fields.retain(|field| used.contains(&field.name));
        part.left_out = self.fields.iter().filter(|field| !used.contains(&field.name)).cloned().collect();
        part.loosen();
        Ok(part)
    }

    /// What of `application` a change of `scope` writes, if it writes anything.
    fn part_of(&self, application: &ApplicationProfile, scope: Scope) -> Result<Option<ApplicationProfile>, Error> {
        match application.rewrite {
            Rewrite::Reinstall => self.installed_again(application, scope),
            Rewrite::StoreData => Ok(self.stream_part(application, scope)),
            Rewrite::PutData => Ok(piv_part(application, scope)),
            Rewrite::IssuerScript => Ok(self.script_part(application, scope)),
        }
    }

    /// The whole application, where something in it is of `scope`.
    fn installed_again(
        &self,
        application: &ApplicationProfile,
        scope: Scope,
    ) -> Result<Option<ApplicationProfile>, Error> {
        let secret = |dgi: &DgiProfile| self.holds(dgi, |element| matches!(element.source, Source::PinBlock { .. }));
        let touched = match scope {
            Scope::Pin => application.piv.is_some() || application.dgis.iter().any(secret),
            _ => application.piv.is_some() || application.dgis.iter().any(|dgi| dgi.personal && !secret(dgi)),
        };
        if !touched {
            return Ok(None);
        }
        if application.standard == Standard::Emv && matches!(self.number.sequence, SequenceSource::Constant(_)) {
            return Err(Error::SameSequence(application.instance));
        }
        Ok(Some(application.clone()))
    }

    /// Of an application that takes its data by STORE DATA: the groupings of the scope, and the manifest of them.
    fn stream_part(&self, application: &ApplicationProfile, scope: Scope) -> Option<ApplicationProfile> {
        let is_pin = |dgi: &DgiProfile| self.holds(dgi, |element| matches!(element.source, Source::PinBlock { .. }));
        let is_manifest = |dgi: &DgiProfile| self.holds(dgi, |element| element.source == Source::Manifest);
        let mut part = application.clone();
        part.dgis.retain(|dgi| is_manifest(dgi) || is_pin(dgi) == (scope == Scope::Pin));
        part.dgis.iter().any(|dgi| !is_manifest(dgi)).then_some(part)
    }

    /// Of a payment application that is changed by script: records and limits that may be written anew, or the PIN.
    fn script_part(&self, application: &ApplicationProfile, scope: Scope) -> Option<ApplicationProfile> {
        let contact = self.script_lists(application, Interface::Contact)?;
        let mut part = application.clone();
        for dgi in &mut part.dgis {
            // Of what the application keeps for itself each element goes by itself; a record goes as a whole.
            if dgi.identifier == payment::INTERNAL {
                dgi.content.retain(|name| self.element(name).is_some_and(|element| element.rewritable));
            }
        }
        part.dgis.retain(|dgi| match scope {
            Scope::Pin => dgi.identifier == payment::PIN,
            _ => self.holds(dgi, |element| element.rewritable),
        });
        if let Some(rule) = &mut part.payment {
            rule.certificates = None;
        }
        let contactless = self.script_lists(application, Interface::Contactless);
        part.script = Some(ScriptRule { contact, contactless });
        (!part.dgis.is_empty()).then_some(part)
    }

    /// What `application` asks terminals for over `interface`; `None` where it has no records for it, or none that ask
    /// for a cryptogram.
    pub(super) fn script_lists(&self, application: &ApplicationProfile, interface: Interface) -> Option<ScriptLists> {
        let (template, answer) = match interface {
            Interface::Contact => (payment::SELECTION, payment::PROCESSING),
            Interface::Contactless => (payment::SELECTION_CONTACTLESS, payment::PROCESSING_CONTACTLESS),
        };
        let dgi = |identifier| application.dgis.iter().find(|dgi: &&DgiProfile| dgi.identifier == identifier);
        let files = self.elements_in(dgi(answer)?).find_map(|element| match &element.source {
            Source::FileLocator(files) => Some(files),
            _ => None,
        })?;
        let is_read = |dgi: &&DgiProfile| {
            payment::RECORDS.contains(&dgi.identifier)
                && files.iter().any(|file| dgi.identifier >> 8 == u16::from(*file))
        };
        let list = |tag: u32| {
            let mut elements = application.dgis.iter().filter(is_read).flat_map(|dgi| self.elements_in(dgi));
            elements.find_map(|element| constant(element, tag))
        };
        Some(ScriptLists {
            interchange_profile: application.payment.as_ref()?.interchange_profile,
            options: self.elements_in(dgi(template)?).find_map(|element| constant(element, 0x9F38)).unwrap_or_default(),
            first: list(0x8C)?,
            second: list(0x8D)?,
        })
    }

    fn elements_in<'s>(&'s self, dgi: &'s DgiProfile) -> impl Iterator<Item = &'s Element> {
        self.all_elements(&dgi.content).into_iter().filter_map(|name| self.element(name))
    }

    pub(super) fn holds(&self, dgi: &DgiProfile, is: impl Fn(&Element) -> bool) -> bool {
        self.elements_in(dgi).any(is)
    }

    /// Leaves out the ways of the PIN and of verification that nothing of the part goes.
    fn hold_back_keys(&mut self) {
        let (card, pin) = self.wanted_values();
        let index = self.verification.pin_key_index;
        let verification = std::mem::take(&mut self.verification);
        self.verification = VerificationRule {
            card_key: verification.card_key.filter(|_| card),
            pin_key: verification.pin_key.filter(|_| pin),
            pin_key_index: index,
        };
        let mut references =
            self.applications.iter().filter_map(|one| one.piv.as_ref()).flat_map(|piv| &piv.references);
        let of_piv = references.any(|one| !matches!(one.source, PivReferenceSource::Derived(_)));
        if !of_piv && !self.wants_pin() {
            self.pin = None;
        }
    }

    fn needs_number(&self) -> bool {
        let of_number = |element: &Element| {
            let brings = element.field().is_some() && element.field() == self.number.field();
            brings || matches!(element.source, Source::CardNumber(_) | Source::SequenceNumber)
        };
        let in_piv = |piv: &PivProfile| {
            let derived = |one: &super::PivReferenceProfile| matches!(one.source, PivReferenceSource::Derived(_));
            !piv.objects.is_empty() || piv.references.iter().any(derived)
        };
        self.pin.is_some()
            || self.wants_pan()
            || self.elements.iter().any(of_number)
            || self.applications.iter().filter_map(|one| one.piv.as_ref()).any(in_piv)
    }

    /// A change of the PIN leaves the PUK as it is where the order brings none.
    fn loosen(&mut self) {
        let references = self.applications.iter().filter_map(|one| one.piv.as_ref()).flat_map(|piv| &piv.references);
        let puks: Vec<String> = references
            .filter(|one| one.reference == 0x81)
            .filter_map(|one| match &one.source {
                PivReferenceSource::Block(field) => Some(field.clone()),
                _ => None,
            })
            .collect();
        let pin = match &self.pin {
            Some(PinRule::FromOrder { field, .. }) => Some(field.as_str()),
            _ => None,
        };
        if self.scope == Scope::Pin {
            let of_puk = |name: &String| puks.contains(name) && pin != Some(name.as_str());
            self.fields.iter_mut().filter(|field| of_puk(&field.name)).for_each(|field| field.required = false);
        }
    }
}

fn constant(element: &Element, tag: u32) -> Option<Vec<u8>> {
    match &element.source {
        Source::Constant(bytes) if element.tag == Some(tag) => Some(bytes.clone()),
        _ => None,
    }
}

/// Of PIV: objects and keys, or PIN and PUK.
fn piv_part(application: &ApplicationProfile, scope: Scope) -> Option<ApplicationProfile> {
    let mut part = application.clone();
    let piv = part.piv.as_mut()?;
    if scope == Scope::Pin {
        piv.objects.clear();
        piv.keys.clear();
        piv.references.retain(|one| matches!(one.reference, 0x80 | 0x81));
    } else {
        piv.references.clear();
    }
    Some(part)
}
