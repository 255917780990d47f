//! The data groupings of an application, held against what the card's application reads.

use std::collections::BTreeSet;

use super::super::element::{Element, Source};
use super::super::fault::{FaultKind, Faults};
use super::super::section::Section;
use super::{Declared, DgiProfile, PaymentRule, payment_rules};
use crate::standard::{Rule, Shape, Standard, payment};
use crate::{Protection, Rewrite};

/// What the groupings of one application are held against.
pub(super) struct Within<'a, 't> {
    pub(super) declared: &'a Declared<'a, 't>,
    pub(super) standard: Standard,
    pub(super) payment: Option<&'a PaymentRule>,
    pub(super) rewrite: Option<Rewrite>,
}

pub(super) fn read_all(within: Within<'_, '_>, section: &Section<'_>, faults: &mut Faults<'_>) -> Vec<DgiProfile> {
    let found = faults.count();
    let sections = section.sections("dgi", faults);
    let mut dgis: Vec<DgiProfile> = Vec::new();
    for (position, part) in sections.iter().enumerate() {
        let others = sections.len() - 1;
        let Some((dgi, rule)) = within.read(part, others, faults) else { continue };
        let identifier = dgi.identifier;
        if dgis.iter().any(|other| other.identifier == identifier) {
            let message = format!("DGI {identifier:04X} is there twice: the card would keep the last only");
            faults.add(part.value_span("identifier"), FaultKind::DuplicateDgi, message, "remove one of them");
        }
        if rule.content == [Shape::Manifest] && position != others {
            let message = "the manifest must be the last DGI: the card takes it as the end of the data";
            faults.add(part.value_span("identifier"), FaultKind::ManifestNotLast, message, "move it to the end");
        }
        dgis.push(dgi);
    }
    if dgis.len() == sections.len() {
        within.refuse_missing(section, &sections, &dgis, faults);
        // What is wrong in one grouping makes others look wrong.
        if faults.count() == found && within.is_described() {
            payment_rules::hold(&within, section, &sections, &dgis, faults);
        }
    }
    dgis
}

impl Within<'_, '_> {
    /// Whether the tables that a payment application's sizes come from could be read; otherwise that is told already.
    fn is_described(&self) -> bool {
        self.standard != Standard::Emv || self.payment.is_some()
    }

    /// Refuses DGIs that the card's application needs and that can be missing on a card. `sections` are those of `dgis`.
    fn refuse_missing(
        &self,
        section: &Section<'_>,
        sections: &[Section<'_>],
        dgis: &[DgiProfile],
        faults: &mut Faults<'_>,
    ) {
        // What a card may refuse needs nothing else that it must take.
        let there: BTreeSet<u16> = dgis.iter().filter(|dgi| !dgi.optional).map(|dgi| dgi.identifier).collect();
        for needed in self.standard.needed(&there) {
            let Some(position) = dgis.iter().position(|dgi| dgi.identifier == needed) else {
                let message = format!("DGI {needed:04X} is missing: the card's application needs it");
                faults.add(section.span(), FaultKind::MissingDgi, message, "add it as an [[application.dgi]]");
                continue;
            };
            if let Some(field) = self.optional_field(&dgis[position].content) {
                let message = format!("DGI {needed:04X} is needed, but an order may leave out `{field}`");
                let span = sections[position].value_span("content");
                faults.add(span, FaultKind::MissingDgi, message, "make the field required");
            }
            if dgis[position].optional {
                let message = format!("DGI {needed:04X} is needed, but the card may refuse it");
                let span = sections[position].value_span("optional");
                faults.add(span, FaultKind::MissingDgi, message, "remove `optional`");
            }
        }
    }

    /// The first field that the untagged elements of `content` are made of and that an order may leave out.
    fn optional_field(&self, content: &[String]) -> Option<&str> {
        let elements = self.declared.elements.iter().filter(|element| content.contains(&element.name));
        let names: Vec<&str> = elements.filter_map(Element::field).collect();
        let mut fields = self.declared.fields.iter().filter(|field| names.contains(&field.name.as_str()));
        fields.find(|field| !field.required).map(|field| field.name.as_str())
    }

    fn read(
        &self,
        section: &Section<'_>,
        others: usize,
        faults: &mut Faults<'_>,
    ) -> Option<(DgiProfile, &'static Rule)> {
        section.only(&["identifier", "content", "protection", "personal", "optional", "signed"], faults);
        let identifier = section.hexadecimal("identifier", 2..=2, faults);
        let content = self.content(section, faults);
        let protections =
            [("clear", Protection::Clear), ("dek", Protection::Dek), ("dek-padded", Protection::DekPadded)];
        let protection = section.choice("protection", &protections, FaultKind::UnknownValue, faults);
        let personal = section.flag("personal", faults);
        let optional = section.optional_flag("optional", faults);
        let signed = section.optional_flag("signed", faults);
        let identifier = u16::from_be_bytes(identifier?.try_into().ok()?);
        let Some(rule) = self.standard.rule(identifier) else {
            let message = format!("the card's application knows no DGI {identifier:04X}");
            let known = self.standard.identifiers();
            faults.add(
                section.value_span("identifier"),
                FaultKind::UnknownDgi,
                message,
                format!("use one of: {known}"),
            );
            return None;
        };
        let (content, protection, personal) = (content?, protection?, personal?);
        self.hold_protection(section, rule, (identifier, protection), faults);
        if (rule.personal || content.iter().any(|element| self.is_personal(element))) && !personal {
            let message = format!("DGI {identifier:04X} tells something about the card holder");
            faults.add(section.value_span("personal"), FaultKind::Personal, message, "write personal = true");
        }
        self.hold_content(section, rule, (identifier, &content), others, faults);
        let content = content.iter().map(|element| element.name.clone()).collect();
        let (optional, signed) = (optional?, signed?);
        Some((DgiProfile { identifier, content, protection, personal, optional, signed }, rule))
    }

    fn hold_protection(
        &self,
        section: &Section<'_>,
        rule: &Rule,
        (identifier, protection): (u16, Protection),
        faults: &mut Faults<'_>,
    ) {
        let level = self.declared.security_level;
        if level.is_none_or(|level| !level.encrypts_commands() || rule.allows(protection, level)) {
            return;
        }
        let (message, remedy) = match rule.under {
            Some(Protection::Clear) => ("goes in clear: the card's application does not decrypt it", "clear"),
            Some(Protection::Dek) => ("must be encrypted under the data encryption key, and not padded", "dek"),
            Some(Protection::DekPadded) => ("must be padded and encrypted under the data encryption key", "dek-padded"),
            None => ("must be encrypted under the data encryption key below level 33, and is never padded", "dek"),
        };
        let message = format!("DGI {identifier:04X} {message}");
        let remedy = format!("write protection = \"{remedy}\"");
        faults.add(section.value_span("protection"), FaultKind::Protection, message, remedy);
    }

    /// Whether `element`, or something in it, tells something about a person.
    fn is_personal(&self, element: &Element) -> bool {
        let Source::Template(names) = &element.source else { return element.is_personal() };
        let named = |name: &String| self.declared.elements.iter().find(|element| element.name == *name);
        names.iter().filter_map(named).any(|element| self.is_personal(element))
    }

    fn content(&self, section: &Section<'_>, faults: &mut Faults<'_>) -> Option<Vec<&Element>> {
        let names = section.texts("content", faults)?;
        let mut content = Vec::new();
        for name in &names {
            let found = self.declared.elements.iter().find(|element| element.name == *name.get_ref());
            if found.is_none() && !self.declared.whole.declares("element", name.get_ref()) {
                let message = format!("there is no element `{}`", name.get_ref());
                let remedy = "declare it as an [[element]], or correct the name";
                faults.add(name.span(), FaultKind::UndeclaredElement, message, remedy);
            }
            content.push(found);
        }
        content.into_iter().collect()
    }

    /// Holds what a DGI is made of against what the card's application reads there.
    fn hold_content(
        &self,
        section: &Section<'_>,
        rule: &Rule,
        (identifier, content): (u16, &[&Element]),
        others: usize,
        faults: &mut Faults<'_>,
    ) {
        let shapes: Vec<Shape> = content.iter().map(|element| element.shape()).collect();
        if !rule.takes(&shapes) {
            let message = format!("the card's application reads {} there", rule.reads);
            let remedy = "name the elements that make it up, in this order";
            return faults.add(section.value_span("content"), FaultKind::DgiContent, message, remedy);
        }
        if !self.is_described() {
            return;
        }
        let extents = self.declared.extents(self.payment, others);
        let lengths = content.iter().map(|element| extents.lengths(element));
        let (least, most) = lengths.fold((0, 0), |(least, most), one| (least + one.start(), most + one.end()));
        let is_record = self.standard != Standard::Identity && payment::RECORDS.contains(&identifier);
        if is_record && most > payment::LONGEST_RECORD {
            let message = format!("the record can have {most} bytes; no record has more than 254");
            let remedy = "move elements into another record, or take shorter keys or fields";
            faults.add(section.value_span("content"), FaultKind::RecordSize, message, remedy);
        } else if least < *rule.lengths.start() || most > *rule.lengths.end() {
            let message = format!(
                "the content has {least} to {most} bytes; the card's application takes {} to {}",
                rule.lengths.start(),
                rule.lengths.end()
            );
            let remedy = "change `min` and `max` of the fields, or the constants";
            faults.add(section.value_span("content"), FaultKind::DgiSize, message, remedy);
        }
    }
}
