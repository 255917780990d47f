//! What scripts of the issuer may change in a payment application, and what they are asked for by.

use super::super::element::{Element, Source};
use super::super::fault::{FaultKind, Faults};
use super::super::payment::KeyOption;
use super::payment_rules::Groupings;
use crate::check::emv::{IN_CRYPTOGRAMS, MOST_COMMANDS};
use crate::emv::dol::Dol;
use crate::emv::elements::NEVER_BY_SCRIPT;
use crate::emv::script::LONGEST;
use crate::standard::payment;

/// The offline limits, with the elements of records that must be the same.
const LIMITS: [(u32, u32); 2] = [(0x9F58, 0x9F14), (0x9F59, 0x9F23)];
/// Script commands that bring them, in whatever order they stand to those that the card has.
pub(crate) const FOR_LIMITS: usize = 3;

/// Authorisation response code.
const RESPONSE_CODE: (u32, u8) = (0x8A, 2);

/// Holds an application that scripts change against what scripts can do.
pub(super) fn hold(groupings: &Groupings<'_, '_>, faults: &mut Faults<'_>) {
    groupings.hold_conversation(faults);
    let mut commands = 0;
    for position in 0..groupings.dgis.len() {
        let dgi = &groupings.dgis[position];
        let rewritable: Vec<&Element> =
            groupings.all(&dgi.content).into_iter().filter(|element| element.rewritable).collect();
        let Some(first) = rewritable.first() else { continue };
        if payment::RECORDS.contains(&dgi.identifier) {
            groupings.hold_record(position, first, faults);
            commands += 1;
        } else if dgi.identifier == payment::INTERNAL {
            groupings.hold_limits(position, &rewritable, faults);
            commands += FOR_LIMITS;
        } else {
            let message = format!("`{}` is in DGI {:04X}, which no script writes", first.name, dgi.identifier);
            let remedy = "remove `rewritable`: scripts write records, and 9F58 and 9F59 of DGI 3000";
            faults.add(groupings.content_span(position), FaultKind::Rewrite, message, remedy);
        }
    }
    if commands > MOST_COMMANDS {
        let message = format!("a change takes {commands} script commands, and a card counts {MOST_COMMANDS}");
        let remedy = "put what is rewritable into fewer records";
        faults.add(groupings.section.value_span("rewrite"), FaultKind::Rewrite, message, remedy);
    }
}

impl Groupings<'_, '_> {
    fn content_span(&self, position: usize) -> std::ops::Range<usize> {
        self.sections[position].value_span("content")
    }

    /// The issuer's side of a script knows the lists, the keys and the form of the issuer application data.
    fn hold_conversation(&self, faults: &mut Faults<'_>) {
        let keys = self.within.payment.and_then(|payment| payment.keys.as_ref());
        if keys.is_some_and(|keys| keys.option == KeyOption::C) {
            let message = "scripts are made under keys of 3DES, and option C makes keys of AES";
            let remedy = "write rewrite = \"reinstall\", or option \"A\" or \"B\"";
            faults.add(self.section.value_span("rewrite"), FaultKind::Rewrite, message, remedy);
        }
        for position in 0..self.dgis.len() {
            for element in self.all(&self.dgis[position].content) {
                let told = match element.tag {
                    Some(0x8C) => list_fault(element, &IN_CRYPTOGRAMS),
                    Some(0x8D) => list_fault(element, &[RESPONSE_CODE]),
                    Some(0x9F38) => list_fault(element, &[]),
                    Some(0x9F10) if element.source != Source::IssuerApplicationData => Some((
                        "is not the issuer application data that scripts are answered by".to_owned(),
                        "give it source = \"issuer-application-data\", or write rewrite = \"reinstall\"",
                    )),
                    _ => None,
                };
                if let Some((message, remedy)) = told {
                    let message = format!("`{}` {message}", element.name);
                    faults.add(self.content_span(position), FaultKind::Rewrite, message, remedy);
                }
            }
        }
    }

    /// A record that is written anew is so as a whole: nothing in it may be signed, or made of what the card alone has.
    fn hold_record(&self, position: usize, rewritable: &Element, faults: &mut Faults<'_>) {
        let dgi = &self.dgis[position];
        let name = &rewritable.name;
        if dgi.signed {
            let message =
                format!("`{name}` is rewritable, and the certificates vouch for its record: they would be wrong");
            let remedy = "move it into a record that is not signed, or remove `rewritable`";
            faults.add(self.sections[position].value_span("signed"), FaultKind::Rewrite, message, remedy);
        }
        if let Some(other) = self.all(&dgi.content).into_iter().find(|element| !self.is_made_again(element)) {
            let message = format!(
                "`{}` stands in one record with `{name}`, and is not made again as the card has it",
                other.name
            );
            let remedy = "give what is rewritable a record of its own";
            faults.add(self.content_span(position), FaultKind::Rewrite, message, remedy);
        }
        let extents = self.within.declared.extents(self.within.payment, self.dgis.len());
        let elements = dgi.content.iter().filter_map(|name| self.element(name));
        let most: usize = elements.map(|element| *extents.lengths(element).end()).sum();
        if most > LONGEST {
            let message = format!("the record can have {most} bytes; a script command carries {LONGEST}");
            faults.add(
                self.content_span(position),
                FaultKind::RecordSize,
                message,
                "move elements into another record",
            );
        }
    }

    /// Whether a change makes `element` as the whole card has it, or anew.
    fn is_made_again(&self, element: &Element) -> bool {
        let known = element.tag.is_none_or(|tag| !NEVER_BY_SCRIPT.contains(&tag));
        known && matches!(element.source, Source::Field { .. } | Source::Constant(_) | Source::Template(_))
    }

    /// Of what the application keeps for itself, both offline limits, and nothing else.
    fn hold_limits(&self, position: usize, rewritable: &[&Element], faults: &mut Faults<'_>) {
        let mut wrong = |message: String, remedy: &str| {
            faults.add(self.content_span(position), FaultKind::Rewrite, message, remedy);
        };
        let is_limit = |element: &&&Element| LIMITS.iter().any(|(limit, _)| element.tag == Some(*limit));
        if let Some(other) = rewritable.iter().find(|element| !is_limit(element)) {
            let message = format!("`{}` is rewritable, and scripts write 9F58 and 9F59 of DGI 3000 alone", other.name);
            return wrong(message, "remove `rewritable`");
        }
        if rewritable.len() != LIMITS.len() {
            let message = "one offline limit is rewritable, and the card holds it against the other".to_owned();
            return wrong(message, "write rewritable = true for both, 9F58 and 9F59, or for neither");
        }
        let extents = self.within.declared.extents(self.within.payment, self.dgis.len());
        // Tag, length, and one byte.
        if let Some(other) = rewritable.iter().find(|element| *extents.lengths(element).end() != 4) {
            let message = format!("`{}` can have more than one byte, and an offline limit has one", other.name);
            return wrong(message, "give its field 2 digits at most, and the encoding `binary`");
        }
        let records = self.dgis.iter().filter(|dgi| payment::RECORDS.contains(&dgi.identifier));
        let tags: Vec<u32> = records.flat_map(|dgi| self.all(&dgi.content)).filter_map(|element| element.tag).collect();
        if let Some((limit, record)) = LIMITS.iter().find(|(_, record)| tags.contains(record)) {
            let message = format!("{limit:04X} is rewritable, and {record:04X} in a record says the same to terminals");
            wrong(message, "remove the element from the record, or `rewritable`");
        }
    }
}

/// What a list that scripts are asked for by must be: the same on every card, and asking for all of `wanted`.
fn list_fault(element: &Element, wanted: &[(u32, u8)]) -> Option<(String, &'static str)> {
    let remedy = "write source = \"object-list\" with all of them, or rewrite = \"reinstall\"";
    let Source::Constant(bytes) = &element.source else {
        return Some(("is not the same on every card, and a script is asked for by it".to_owned(), remedy));
    };
    let list = Dol::read(bytes)?; // what does not read is told by the list itself
    let missing = wanted.iter().find(|(tag, length)| list.wants(*tag) != Some(*length))?;
    Some((
        format!("does not ask for {:02X} with {} bytes, and a script is asked for by it", missing.0, missing.1),
        remedy,
    ))
}
