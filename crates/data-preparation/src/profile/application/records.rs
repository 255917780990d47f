//! The records of a payment application: their form, what terminals need in them and must not find twice.

use super::super::element::{CertificatePart, Element, Source};
use super::super::fault::{FaultKind, Faults};
use super::super::payment::{COMBINED, CertificateRule, DYNAMIC, STATIC};
use super::payment_rules::Groupings;
use crate::emv::elements::{MANDATORY_IN_RECORDS, NEVER_IN_RECORDS};
use crate::standard::{Standard, payment};

/// Files whose records are one template 70; those of the others are the issuer's own.
const TEMPLATE_FILES: std::ops::RangeInclusive<u16> = 1..=10;

pub(super) fn hold(groupings: &Groupings<'_, '_>, faults: &mut Faults<'_>) {
    for position in 0..groupings.dgis.len() {
        groupings.hold_form(position, faults);
        groupings.hold_signed(position, faults);
    }
    if groupings.within.standard != Standard::Emv {
        return;
    }
    for (answer, contact) in [(payment::PROCESSING, true), (payment::PROCESSING_CONTACTLESS, false)] {
        if let Some(position) = groupings.position(answer) {
            groupings.hold_answer(position, contact, faults);
        }
    }
}

impl Groupings<'_, '_> {
    fn is_record(&self, position: usize) -> bool {
        payment::RECORDS.contains(&self.dgis[position].identifier)
    }

    /// Holds records and templates against the form that terminals read.
    fn hold_form(&self, position: usize, faults: &mut Faults<'_>) {
        let dgi = &self.dgis[position];
        let span = || self.sections[position].value_span("content");
        let tags: Vec<Option<u32>> =
            dgi.content.iter().filter_map(|name| self.element(name)).map(|one| one.tag).collect();
        if self.is_record(position) {
            if dgi.identifier & 0xFF == 0 {
                let message = "records are counted from 1";
                let at = self.sections[position].value_span("identifier");
                faults.add(at, FaultKind::RecordForm, message, "write file and record number: 0101");
            } else if TEMPLATE_FILES.contains(&(dgi.identifier >> 8)) && tags != [Some(0x70)] {
                let message = "a record of files 1 to 10 is one template with the tag 70";
                faults.add(
                    span(),
                    FaultKind::RecordForm,
                    message,
                    "name one element: source = \"template\", tag = \"70\"",
                );
            }
            for element in self
                .all(&dgi.content)
                .into_iter()
                .filter(|element| element.tag.is_some_and(|tag| NEVER_IN_RECORDS.contains(&tag)))
            {
                let message = format!("`{}` must not stand in a record: the card answers it itself", element.name);
                faults.add(span(), FaultKind::ForbiddenTag, message, "remove it from the record");
            }
        }
        let wrong = match dgi.identifier {
            payment::SELECTION | payment::SELECTION_CONTACTLESS => tags != [Some(0xA5)],
            payment::PROCESSING | payment::PROCESSING_CONTACTLESS => tags != [Some(0x82), Some(0x94)],
            payment::INTERNAL => tags.contains(&None),
            _ => false,
        };
        if wrong {
            let rule = self.within.standard.rule(dgi.identifier);
            let message = format!("the card's application reads {} there", rule.map_or("", |rule| rule.reads));
            faults.add(span(), FaultKind::DgiContent, message, "name the elements that make it up, in this order");
        }
    }

    /// A record is signed only where something signs it, and never holds what is signed over it.
    fn hold_signed(&self, position: usize, faults: &mut Faults<'_>) {
        let dgi = &self.dgis[position];
        if !dgi.signed {
            return;
        }
        let span = || self.sections[position].value_span("signed");
        let signs = self.within.payment.and_then(|payment| payment.certificates.as_ref());
        if !self.is_record(position) || self.within.standard != Standard::Emv {
            faults.add(span(), FaultKind::Signed, "only records of payment applications are signed", "remove `signed`");
        } else if signs.is_none() {
            let message = "nothing signs it: the application has no certificates";
            faults.add(span(), FaultKind::Signed, message, "remove `signed`, or add [application.certificates]");
        }
        for element in self.all(&dgi.content) {
            if matches!(&element.source, Source::Certificate(part) if part.is_signed_by_issuer()) {
                let message = format!("`{}` is made with the signed data, so it cannot be in it", element.name);
                faults.add(span(), FaultKind::Signed, message, "move it into a record that is not signed");
            }
        }
        if dgi.optional {
            let message = "a signed record cannot be one that the card may refuse";
            faults.add(span(), FaultKind::Signed, message, "remove `optional` or `signed`");
        }
    }

    /// Holds the records that an answer to GET PROCESSING OPTIONS leads to.
    fn hold_answer(&self, position: usize, contact: bool, faults: &mut Faults<'_>) {
        let span = || self.sections[position].value_span("content");
        let locators = self.all(&self.dgis[position].content);
        let files = locators.into_iter().find_map(|element| match &element.source {
            Source::FileLocator(files) => Some(files),
            _ => None,
        });
        let Some(files) = files else {
            if contact {
                let message = "tag 94 is not the locator of the records";
                faults.add(span(), FaultKind::DgiContent, message, "give it source = \"file-locator\"");
            }
            return;
        };
        let in_file = |file: &u8, dgi: u16| payment::RECORDS.contains(&dgi) && dgi >> 8 == u16::from(*file);
        for file in files.iter().filter(|file| !self.dgis.iter().any(|dgi| in_file(file, dgi.identifier))) {
            let message = format!("the locator names file {file}, which has no record");
            faults.add(span(), FaultKind::MissingDgi, message, "add its records, or remove it from `files`");
        }
        let mut seen: Vec<u32> = Vec::new();
        for (place, dgi) in
            self.dgis.iter().enumerate().filter(|(_, dgi)| files.iter().any(|file| in_file(file, dgi.identifier)))
        {
            for element in self.all(&dgi.content) {
                let Some(tag) = element.tag.filter(|tag| !cardwright_apdu::tlv::Tag(*tag).is_constructed()) else {
                    continue;
                };
                if seen.contains(&tag) {
                    let message =
                        format!("tag {tag:02X} (`{}`) is in the records twice: a terminal refuses that", element.name);
                    let at = self.sections[place].value_span("content");
                    faults.add(at, FaultKind::DuplicateTag, message, "remove it from one of the records");
                }
                seen.push(tag);
                self.hold_tag_list(element, place, faults);
            }
            if dgi.optional {
                let message = "a record that the locator names cannot be one that the card may refuse";
                let at = self.sections[place].value_span("optional");
                faults.add(at, FaultKind::MissingDgi, message, "remove `optional`, or its file from the locator");
            }
        }
        if contact {
            self.hold_mandatory(&seen, faults);
        }
    }

    /// 9F4A holds the tag of the interchange profile and nothing else (`EMV B3`).
    fn hold_tag_list(&self, element: &Element, place: usize, faults: &mut Faults<'_>) {
        if element.tag == Some(0x9F4A) && element.source != Source::Constant(vec![0x82]) {
            let message = "the static data authentication tag list is 82 and nothing else";
            let at = self.sections[place].value_span("content");
            faults.add(at, FaultKind::ForbiddenTag, message, "give 9F4A the constant value 82");
        }
    }

    fn hold_mandatory(&self, seen: &[u32], faults: &mut Faults<'_>) {
        let payment = self.within.payment;
        let rule = payment.and_then(|payment| payment.certificates.as_ref());
        let first = payment.map_or(0, |payment| payment.interchange_profile[0]);
        let mut needed: Vec<(u32, &str)> = MANDATORY_IN_RECORDS.iter().map(|tag| (*tag, "every terminal")).collect();
        if first & (STATIC | DYNAMIC | COMBINED) != 0 {
            needed.extend([0x8F, 0x90, 0x9F32].map(|tag| (tag, "offline data authentication")));
        }
        if first & STATIC != 0 && rule.is_some_and(|rule| rule.authentication_code.is_some()) {
            needed.push((0x93, "static data authentication"));
        }
        if first & (DYNAMIC | COMBINED) != 0 {
            needed.extend([0x9F46, 0x9F47].map(|tag| (tag, "dynamic data authentication")));
        }
        if rule.is_some_and(|rule| rule.pin.is_some()) {
            needed.extend([0x9F2D, 0x9F2E].map(|tag| (tag, "PIN encipherment")));
        }
        for (certificate, tag, part) in [
            (0x90, 0x92, CertificatePart::IssuerRemainder),
            (0x9F46, 0x9F48, CertificatePart::IccRemainder),
            (0x9F2D, 0x9F2F, CertificatePart::PinRemainder),
        ] {
            let is_long = |rule: &CertificateRule| part.length(rule) > 0;
            if rule.is_some_and(is_long) && seen.contains(&certificate) {
                needed.push((tag, "a key that does not fit its certificate"));
            }
        }
        for (tag, who) in needed.into_iter().filter(|(tag, _)| !seen.contains(tag)) {
            let message = format!("tag {tag:02X} is in no record that the locator names: {who} needs it");
            faults.add(self.section.span(), FaultKind::MissingTag, message, "add it to a record");
        }
    }
}
