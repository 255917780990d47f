//! What a terminal finds over one interface: the FCI, the answer to GET PROCESSING OPTIONS, the records it names.

use cardwright_apdu::tlv;

use super::groupings::Groupings;
use super::{EmvFault, Interface};
use crate::emv::Afl;

/// The longest FCI template: with an AID of 16 bytes it fills the answer to SELECT.
pub(super) const LONGEST_TEMPLATE: usize = 232;

/// One element, with the DGI it stands in.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) dgi: u16,
    pub(super) tag: u32,
    pub(super) value: &'a [u8],
}

/// Everything over one interface.
pub(super) struct View<'a> {
    pub(super) interface: Interface,
    /// the elements of the FCI template, BF0C unopened
    pub(super) template: Vec<Found<'a>>,
    /// the elements of all records, in the order in which a terminal reads
    pub(super) records: Vec<Found<'a>>,
    /// application interchange profile
    pub(super) profile: [u8; 2],
    pub(super) locator: Afl,
}

impl<'a> View<'a> {
    /// Reads what `interface` shows. `None` where the card has nothing for it.
    pub(super) fn read(groupings: &Groupings<'a>, interface: Interface) -> Result<Option<Self>, EmvFault> {
        let (template, answer) = identifiers(interface);
        let (Some(template_bytes), Some(answer_bytes)) = (groupings.get(template), groupings.get(answer)) else {
            return Ok(None);
        };
        let (profile, locator) = read_answer(answer, answer_bytes)?;
        let mut records = Vec::new();
        for (file, number, _) in locator.records() {
            let record = u16::from_be_bytes([file, number]);
            let bytes = groupings.get(record).ok_or(EmvFault::RecordMissing { locator: answer, record })?;
            read_template(record, bytes, 0x70, &mut records)?;
        }
        if template_bytes.len() > LONGEST_TEMPLATE {
            return Err(EmvFault::TemplateLength(template));
        }
        let mut found = Vec::new();
        read_template(template, template_bytes, 0xA5, &mut found)?;
        Ok(Some(Self { interface, template: found, records, profile, locator }))
    }

    /// The value of `tag` in the records.
    pub(super) fn record(&self, tag: u32) -> Option<&'a [u8]> {
        find(&self.records, tag)
    }

    /// The value of `tag` in the FCI template.
    pub(super) fn in_template(&self, tag: u32) -> Option<&'a [u8]> {
        find(&self.template, tag)
    }

    /// The value of `tag` in the records, which must be there because of `why`.
    pub(super) fn needed(&self, tag: u32, why: &'static str) -> Result<&'a [u8], EmvFault> {
        self.record(tag).ok_or(EmvFault::MissingElement { interface: self.interface, tag, why })
    }

    /// Whether the interchange profile has one of `bits` in its first byte.
    pub(super) fn offers(&self, bits: u8) -> bool {
        self.profile[0] & bits != 0
    }
}

/// The DGIs with FCI template and answer to GET PROCESSING OPTIONS.
pub(super) fn identifiers(interface: Interface) -> (u16, u16) {
    match interface {
        Interface::Contact => (0x9102, 0x9104),
        Interface::Contactless => (0x9103, 0x9204),
    }
}

pub(super) fn find<'a>(elements: &[Found<'a>], tag: u32) -> Option<&'a [u8]> {
    elements.iter().find(|element| element.tag == tag).map(|element| element.value)
}

/// Appends the elements inside the one template `tag` that `bytes` must be.
pub(super) fn read_template<'a>(dgi: u16, bytes: &'a [u8], tag: u32, out: &mut Vec<Found<'a>>) -> Result<(), EmvFault> {
    let wrong = |_| EmvFault::Template(dgi);
    let template = tlv::read_one(bytes).map_err(wrong)?;
    if template.tag.0 != tag {
        return Err(EmvFault::Template(dgi));
    }
    for element in tlv::read_all(template.value).map_err(wrong)? {
        out.push(Found { dgi, tag: element.tag.0, value: element.value });
    }
    Ok(())
}

/// The interchange profile and the locator, and nothing else, in this order.
fn read_answer(dgi: u16, bytes: &[u8]) -> Result<([u8; 2], Afl), EmvFault> {
    let elements = tlv::read_all(bytes).map_err(|_| EmvFault::Template(dgi))?;
    match elements.as_slice() {
        [profile, locator] if (profile.tag.0, locator.tag.0) == (0x82, 0x94) => {
            let length = EmvFault::ElementLength { dgi, tag: 0x82, length: profile.value.len() };
            let profile = profile.value.try_into().map_err(|_| length)?;
            Ok((profile, Afl::read(locator.value).ok_or(EmvFault::Locator(dgi))?))
        }
        _ => Err(EmvFault::Template(dgi)),
    }
}

/// No record without a place in a locator: what no terminal reads is not what was meant.
pub(super) fn every_record_is_listed<'a>(
    groupings: &Groupings<'_>,
    views: impl Iterator<Item = &'a View<'a>>,
) -> Result<(), EmvFault> {
    let listed: Vec<u16> = views
        .flat_map(|view| view.locator.records().map(|(file, number, _)| u16::from_be_bytes([file, number])))
        .collect();
    match groupings.records().find(|(identifier, _)| !listed.contains(identifier)) {
        Some((identifier, _)) => Err(EmvFault::RecordUnlisted(identifier)),
        None => Ok(()),
    }
}

/// Whether `record` names the certification authority's key `index` in tag 8F.
pub(super) fn names_authority(record: &[u8], index: u8) -> bool {
    crate::emv::tlv::at_path(record, &[0x70, 0x8F]) == Some(&[index])
}
