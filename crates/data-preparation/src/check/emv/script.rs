//! A change by issuer script: what it writes, read as a terminal will read it afterwards, and what the script is made by.

use cardwright_apdu::tlv;

use super::elements::{is_first, is_right};
use super::groupings::{Groupings, is_record};
use super::view::{Found, find, read_template};
use super::{EmvFault, IN_CRYPTOGRAMS, Interface, internal};
use crate::emv::dol::Dol;
use crate::emv::elements::{NEVER_BY_SCRIPT, NEVER_IN_RECORDS};
use crate::emv::script::LONGEST;
use crate::standard::payment;
use crate::{Application, IssuerScript, Scope};

/// The offline limits: all that PUT DATA writes.
const LIMITS: [u32; 2] = [0x9F58, 0x9F59];

/// The most script commands that a card counts in one transaction.
pub(crate) const MOST_COMMANDS: usize = 15;

pub(crate) fn read_back_script(application: &Application, scope: Scope) -> Result<(), EmvFault> {
    let script = application.script.as_ref().ok_or(EmvFault::NoScript)?;
    conversation(script)?;
    let groupings = Groupings::of(application);
    groupings.check_personal()?;
    let mut commands = 0;
    for grouping in &application.dgis {
        let dgi = grouping.dgi();
        commands += match dgi.identifier {
            payment::PIN if scope == Scope::Pin => internal::check_block(&groupings).map(|()| 1)?,
            payment::INTERNAL if scope == Scope::PersonalData => limits(&dgi.data)?,
            record if is_record(record) && scope == Scope::PersonalData => self::record(record, &dgi.data)?,
            other => return Err(EmvFault::NotByScript(other)),
        };
    }
    if (1..=MOST_COMMANDS).contains(&commands) { Ok(()) } else { Err(EmvFault::ScriptLength(commands)) }
}

/// Keys of the form that cards have them in, and lists that ask for what cryptograms are made of.
fn conversation(script: &IssuerScript) -> Result<(), EmvFault> {
    script.issuer_application_data()?;
    super::keys::check_forms(script.keys()?)?;
    for interface in [Interface::Contact, Interface::Contactless] {
        let lists = script.lists(interface);
        for (list, value) in [(0x9F38, &lists.options), (0x8C, &lists.first), (0x8D, &lists.second)] {
            let wanted: &[(u32, u8)] = match list {
                0x8C => &IN_CRYPTOGRAMS,
                0x8D => &[(0x8A, 2)],
                _ => &[],
            };
            let read = Dol::read(value).ok_or(EmvFault::NotAskedFor { list, missing: 0x9F37 })?;
            if let Some((missing, _)) = wanted.iter().find(|(tag, length)| read.wants(*tag) != Some(*length)) {
                return Err(EmvFault::NotAskedFor { list, missing: *missing });
            }
        }
    }
    Ok(())
}

/// One record: a template that fits a script command, of elements that a script may write.
fn record(dgi: u16, bytes: &[u8]) -> Result<usize, EmvFault> {
    if bytes.len() > LONGEST || dgi & 0xFF == 0 {
        return Err(EmvFault::Template(dgi));
    }
    if dgi >> 8 > 10 {
        return Ok(1); // the issuer's own form
    }
    let mut elements: Vec<Found<'_>> = Vec::new();
    read_template(dgi, bytes, 0x70, &mut elements)?;
    for (position, element) in elements.iter().enumerate() {
        if NEVER_IN_RECORDS.contains(&element.tag) || NEVER_BY_SCRIPT.contains(&element.tag) {
            return Err(EmvFault::Misplaced { dgi, tag: element.tag });
        }
        is_right(element)?;
        is_first(element, &elements[..position])?;
    }
    Ok(1)
}

/// The offline limits, both and in their order: the commands that bring them.
fn limits(bytes: &[u8]) -> Result<usize, EmvFault> {
    let elements = tlv::read_all(bytes).map_err(|_| EmvFault::Template(payment::INTERNAL))?;
    let elements: Vec<Found<'_>> = elements
        .iter()
        .map(|element| Found { dgi: payment::INTERNAL, tag: element.tag.0, value: element.value })
        .collect();
    for (position, element) in elements.iter().enumerate() {
        let Found { dgi, tag, value } = *element;
        if !LIMITS.contains(&tag) {
            return Err(EmvFault::Misplaced { dgi, tag });
        }
        if value.len() != 1 {
            return Err(EmvFault::ElementLength { dgi, tag, length: value.len() });
        }
        is_first(element, &elements[..position])?;
    }
    match (find(&elements, 0x9F58), find(&elements, 0x9F59)) {
        (Some(lower), Some(upper)) if lower > upper => Err(EmvFault::OfflineLimits),
        (Some(_), Some(_)) => Ok(3),
        _ => Err(EmvFault::Disagreement(0x9F58, 0x9F59)),
    }
}
