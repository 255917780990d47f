//! PSE and PPSE: every entry names an application of the card as it names itself, and none is left out.

use cardwright_apdu::tlv;

use super::groupings::Groupings;
use super::view::{Found, LONGEST_TEMPLATE, find, identifiers, read_template};
use super::{EmvFault, Interface, elements};
use crate::{Application, PersonalizationData, Standard};

const PSE: &[u8] = b"1PAY.SYS.DDF01";
const PPSE: &[u8] = b"2PAY.SYS.DDF01";
const TEMPLATE: u16 = 0x9102;

/// What an entry may hold over each interface.
const ENTRY: [u32; 5] = [0x4F, 0x50, 0x87, 0x9F12, 0x9F2A];

pub(super) fn check(directory: &Application, data: &PersonalizationData) -> Result<(), EmvFault> {
    let groupings = Groupings::of(directory);
    groupings.check()?;
    if groupings.get(TEMPLATE).is_some_and(|template| template.len() > LONGEST_TEMPLATE) {
        return Err(EmvFault::TemplateLength(TEMPLATE));
    }
    let mut template = Vec::new();
    read_template(TEMPLATE, groupings.get(TEMPLATE).unwrap_or_default(), 0xA5, &mut template)?;
    for (position, element) in template.iter().enumerate() {
        elements::is_first(element, &template[..position])?;
    }
    let (interface, entries) = match directory.instance.as_bytes() {
        PSE => (Interface::Contact, entries_of_records(&groupings, &template)?),
        PPSE => (Interface::Contactless, entries_of_template(&groupings, &template)?),
        _ => return Err(EmvFault::DirectoryName),
    };
    let applications = || data.applications.iter().filter(|application| is_over(application, interface));
    for entry in &entries {
        let name = find(entry, 0x4F).unwrap_or_default();
        let named = applications().find(|application| application.instance.as_bytes() == name);
        let named = named.ok_or(EmvFault::EntryOfNone(entry.first().map_or(TEMPLATE, |element| element.dgi)))?;
        agrees(entry, named, interface)?;
    }
    let times = |application: &Application| {
        entries.iter().filter(|entry| find(entry, 0x4F) == Some(application.instance.as_bytes())).count()
    };
    if let Some(entry) = entries.iter().enumerate().find_map(|(position, entry)| {
        let name = find(entry, 0x4F);
        entries[..position].iter().any(|before| find(before, 0x4F) == name).then_some(entry)
    }) {
        return Err(EmvFault::DoubledElement { dgi: entry.first().map_or(TEMPLATE, |element| element.dgi), tag: 0x4F });
    }
    match applications().find(|application| times(application) == 0) {
        Some(application) => Err(EmvFault::NoEntry(application.instance)),
        None => Ok(()),
    }
}

/// A payment application that can be used over `interface`.
fn is_over(application: &Application, interface: Interface) -> bool {
    application.standard == Standard::Emv && Groupings::of(application).get(identifiers(interface).0).is_some()
}

/// Of PSE: `88` names the file, whose records, from 1 on, are `70 { 61 { … } … }` (`EMV B1`).
fn entries_of_records<'a>(groupings: &Groupings<'a>, template: &[Found<'a>]) -> Result<Vec<Vec<Found<'a>>>, EmvFault> {
    for element in template {
        if !matches!(element.tag, 0x88 | 0x5F2D | 0x9F11) {
            return Err(EmvFault::Misplaced { dgi: TEMPLATE, tag: element.tag });
        }
        elements::is_right(element)?;
    }
    let Some([file @ 1..=10]) = find(template, 0x88) else {
        return Err(EmvFault::ElementValue { dgi: TEMPLATE, tag: 0x88 });
    };
    let mut records: Vec<_> = groupings.records().collect();
    records.sort_by_key(|(identifier, _)| *identifier);
    let mut entries = Vec::new();
    for (number, (identifier, bytes)) in (1_u8..).zip(&records) {
        if *identifier != u16::from_be_bytes([*file, number]) {
            return Err(EmvFault::RecordUnlisted(*identifier));
        }
        read_entries(*identifier, bytes, 0x70, &mut entries)?;
    }
    Ok(entries)
}

/// Of PPSE: `BF0C { 61 { … } … }` in the template itself, and no record.
fn entries_of_template<'a>(groupings: &Groupings<'a>, template: &[Found<'a>]) -> Result<Vec<Vec<Found<'a>>>, EmvFault> {
    if let Some((identifier, _)) = groupings.records().next() {
        return Err(EmvFault::RecordUnlisted(identifier));
    }
    let [list] = template else { return Err(EmvFault::Template(TEMPLATE)) };
    if list.tag != 0xBF0C {
        return Err(EmvFault::Misplaced { dgi: TEMPLATE, tag: list.tag });
    }
    let mut entries = Vec::new();
    open_entries(TEMPLATE, list.value, &mut entries)?;
    Ok(entries)
}

fn read_entries<'a>(dgi: u16, bytes: &'a [u8], tag: u32, out: &mut Vec<Vec<Found<'a>>>) -> Result<(), EmvFault> {
    let template = tlv::read_one(bytes).ok().filter(|template| template.tag.0 == tag);
    open_entries(dgi, template.ok_or(EmvFault::Template(dgi))?.value, out)
}

fn open_entries<'a>(dgi: u16, bytes: &'a [u8], out: &mut Vec<Vec<Found<'a>>>) -> Result<(), EmvFault> {
    for entry in tlv::read_all(bytes).map_err(|_| EmvFault::Template(dgi))? {
        if entry.tag.0 != 0x61 {
            return Err(EmvFault::Misplaced { dgi, tag: entry.tag.0 });
        }
        let mut found: Vec<Found<'a>> = Vec::new();
        for element in tlv::read_all(entry.value).map_err(|_| EmvFault::Template(dgi))? {
            let element = Found { dgi, tag: element.tag.0, value: element.value };
            if !ENTRY.contains(&element.tag) {
                return Err(EmvFault::Misplaced { dgi, tag: element.tag });
            }
            elements::is_right(&element)?;
            elements::is_first(&element, &found)?;
            found.push(element);
        }
        out.push(found);
    }
    if out.is_empty() { Err(EmvFault::Template(dgi)) } else { Ok(()) }
}

/// What the entry says of the application is what the application says of itself.
fn agrees(entry: &[Found<'_>], application: &Application, interface: Interface) -> Result<(), EmvFault> {
    let (identifier, _) = identifiers(interface);
    let bytes = Groupings::of(application).get(identifier).unwrap_or_default();
    let mut own = Vec::new();
    read_template(identifier, bytes, 0xA5, &mut own)?;
    for element in entry.iter().filter(|element| matches!(element.tag, 0x50 | 0x87 | 0x9F12)) {
        if find(&own, element.tag) != Some(element.value) {
            return Err(EmvFault::EntryDiffers { dgi: element.dgi, tag: element.tag });
        }
    }
    Ok(())
}
