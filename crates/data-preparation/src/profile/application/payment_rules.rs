//! What EMV asks of a payment application's data as a whole: order, keys, promises, a PIN that can be verified.

use super::super::element::{CertificatePart, Element, Source};
use super::super::fault::{FaultKind, Faults};
use super::super::payment::{COMBINED, DYNAMIC};
use super::super::section::Section;
use super::DgiProfile;
use super::dgis::Within;
use super::{records, script_rules};
use crate::Rewrite;
use crate::standard::{Standard, payment};

/// The groupings of a payment application, with where they stand.
pub(super) struct Groupings<'a, 's> {
    pub(super) within: &'a Within<'a, 's>,
    pub(super) section: &'a Section<'s>,
    pub(super) sections: &'a [Section<'s>],
    pub(super) dgis: &'a [DgiProfile],
}

pub(super) fn hold(
    within: &Within<'_, '_>,
    section: &Section<'_>,
    sections: &[Section<'_>],
    dgis: &[DgiProfile],
    faults: &mut Faults<'_>,
) {
    let groupings = Groupings { within, section, sections, dgis };
    if within.standard == Standard::Identity {
        return groupings.refuse_signed(faults);
    }
    records::hold(&groupings, faults);
    if within.standard == Standard::Emv {
        groupings.hold_order(faults);
        groupings.hold_descriptions(faults);
        groupings.hold_keys(faults);
        groupings.hold_pin(faults);
        groupings.refuse_clear_pin(faults);
        if within.rewrite == Some(Rewrite::IssuerScript) {
            script_rules::hold(&groupings, faults);
        }
    }
}

impl<'a> Groupings<'a, '_> {
    pub(super) fn position(&self, identifier: u16) -> Option<usize> {
        self.dgis.iter().position(|dgi| dgi.identifier == identifier)
    }

    pub(super) fn element(&self, name: &str) -> Option<&'a Element> {
        self.within.declared.elements.iter().find(|element| element.name == name)
    }

    /// All elements of `names`, templates before what they hold.
    pub(super) fn all(&self, names: &[String]) -> Vec<&'a Element> {
        let mut all = Vec::new();
        for element in names.iter().filter_map(|name| self.element(name)) {
            all.push(element);
            if let Source::Template(names) = &element.source {
                all.extend(self.all(names));
            }
        }
        all
    }

    /// All elements of the application, with the position of their DGI.
    fn everything(&self) -> impl Iterator<Item = (usize, &'a Element)> {
        let all = |(position, dgi): (usize, &DgiProfile)| {
            self.all(&dgi.content).into_iter().map(move |element| (position, element)).collect::<Vec<_>>()
        };
        self.dgis.iter().enumerate().flat_map(all)
    }

    fn refuse_signed(&self, faults: &mut Faults<'_>) {
        for position in (0..self.dgis.len()).filter(|position| self.dgis[*position].signed) {
            let span = self.sections[position].value_span("signed");
            faults.add(span, FaultKind::Signed, "only records of payment applications are signed", "remove `signed`");
        }
    }

    fn hold_order(&self, faults: &mut Faults<'_>) {
        for (first, second) in payment::BEFORE {
            if let (Some(earlier), Some(later)) = (self.position(first), self.position(second))
                && earlier > later
            {
                let message = format!("DGI {second:04X} stands before {first:04X}, and the card refuses it there");
                let span = self.sections[later].value_span("identifier");
                faults.add(span, FaultKind::DgiOrder, message, format!("move it behind {first:04X}"));
            }
        }
        for (exponent, primes) in payment::EITHER {
            let whole = exponent.iter().find_map(|identifier| self.position(*identifier));
            let in_parts = primes.clone().any(|identifier| self.position(identifier).is_some());
            if let (Some(whole), true) = (whole, in_parts) {
                let message = "the card's key is there in two forms: exponent and primes";
                let ([d, n], (first, last)) = (exponent, primes.clone().into_inner());
                let remedy = format!("remove {d:04X} and {n:04X}, or {first:04X} to {last:04X}");
                faults.add(self.sections[whole].value_span("identifier"), FaultKind::DgiConflict, message, remedy);
            }
        }
    }

    /// Refuses elements whose making the profile does not describe.
    fn hold_descriptions(&self, faults: &mut Faults<'_>) {
        let payment = self.within.payment;
        let certificates = payment.and_then(|payment| payment.certificates.as_ref());
        let mut told = Vec::new();
        for (position, element) in self.everything() {
            let missing = match &element.source {
                Source::Certificate(part) => match (certificates, part) {
                    (None, _) => Some("[application.certificates]"),
                    (Some(rule), CertificatePart::Icc | CertificatePart::IccExponent) if rule.icc.is_none() => {
                        Some("`icc-bits` in [application.certificates]")
                    }
                    (Some(rule), CertificatePart::Pin | CertificatePart::PinExponent) if rule.pin.is_none() => {
                        Some("`pin-bits` in [application.certificates]")
                    }
                    (Some(rule), CertificatePart::SignedData) if rule.authentication_code.is_none() => {
                        Some("`authentication-code` in [application.certificates]")
                    }
                    _ => None,
                },
                Source::RsaPart { key, .. } if certificates.is_none_or(|rule| rule.size_of(*key).is_none()) => {
                    Some("the key's bits in [application.certificates]")
                }
                Source::ApplicationKeys | Source::ApplicationKeyCheckValues | Source::IssuerApplicationData
                    if payment.is_some_and(|payment| payment.keys.is_none()) =>
                {
                    Some("[application.keys]")
                }
                _ => None,
            };
            let Some(missing) = missing.filter(|missing| payment.is_some() && !told.contains(missing)) else {
                continue;
            };
            told.push(missing);
            let message = format!("`{}` cannot be made: {missing} is not there", element.name);
            let span = self.sections[position].value_span("content");
            faults.add(span, FaultKind::NotDescribed, message, format!("add {missing}, or leave the element out"));
        }
    }

    /// Keys that the interchange profile promises must reach the card.
    fn hold_keys(&self, faults: &mut Faults<'_>) {
        let Some(payment) = self.within.payment else { return };
        let first = payment.interchange_profile[0];
        let pin = payment.certificates.as_ref().is_some_and(|rule| rule.pin.is_some());
        for (asked, [[exponent, _], [part, _]], what) in [
            (first & (DYNAMIC | COMBINED) != 0, [[0x8101, 0x8103], [0x8201, 0x8205]], "dynamic data authentication"),
            (pin, [[0x8102, 0x8104], [0x8301, 0x8305]], "PIN encipherment"),
        ] {
            if asked && self.position(exponent).is_none() && self.position(part).is_none() {
                let message = format!("the key of {what} does not reach the card");
                let remedy = format!("add the DGIs {part:04X} to {:04X}, or {exponent:04X} and its modulus", part + 4);
                faults.add(self.section.span(), FaultKind::MissingDgi, message, remedy);
            }
        }
    }

    /// The PIN of a payment card never stands in an order in digits.
    fn refuse_clear_pin(&self, faults: &mut Faults<'_>) {
        for (position, element) in self.everything() {
            if let Source::PinBlock { field: Some(field) } = &element.source {
                let message = format!("the PIN of a payment card cannot come in clear digits (`{field}`)");
                let remedy = "let the order bring a field of type `pin-block`, write [pin], and leave out `field`";
                faults.add(self.sections[position].value_span("content"), FaultKind::PinWay, message, remedy);
            }
        }
    }

    /// A list that asks the card to verify a PIN needs one, and a key where it comes enciphered.
    fn hold_pin(&self, faults: &mut Faults<'_>) {
        let list = self.everything().find(|(_, element)| element.tag == Some(0x8E));
        let Some((position, Element { source: Source::Constant(list), .. })) = list else { return };
        let methods: Vec<u8> =
            list.get(8..).unwrap_or_default().iter().step_by(2).map(|method| method & 0x3F).collect();
        let span = || self.sections[position].value_span("content");
        if methods.iter().any(|method| matches!(method, 0x01 | 0x03 | 0x04 | 0x05))
            && self.position(payment::PIN).is_none()
        {
            let message = "the verification list lets the card verify a PIN, and none reaches it (DGI 8010)";
            faults.add(
                span(),
                FaultKind::MissingDgi,
                message,
                "add 9010 and 8010, or remove methods 01, 03, 04 and 05",
            );
        }
        let rule = self.within.payment.and_then(|payment| payment.certificates.as_ref());
        let has_key = rule.is_some_and(|rule| rule.icc.or(rule.pin).is_some());
        if methods.iter().any(|method| matches!(method, 0x04 | 0x05)) && !has_key && self.within.payment.is_some() {
            let message = "the verification list asks for an enciphered PIN, and the card has no key to decipher it";
            faults.add(
                span(),
                FaultKind::Interchange,
                message,
                "add [application.certificates], or remove methods 04 and 05",
            );
        }
    }
}
