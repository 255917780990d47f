//! What personalization stored: data groupings by identifier, and one of which more is to come.

use serde::{Deserialize, Serialize};

use super::data_objects::{self, AnswerToGpo, Dol};
use crate::secret::Secret;
use cardwright_apdu::tlv;

/// AC, MAC and ENC key, 16 bytes each.
pub(super) const KEYS: u16 = 0x8000;
/// Their check values, 3 bytes each.
pub(super) const KEY_CHECK_VALUES: u16 = 0x9000;
/// The reference PIN block.
pub(super) const PIN: u16 = 0x8010;
/// PIN try counter and limit.
pub(super) const PIN_TRIES: u16 = 0x9010;
/// FCI proprietary template, contact and contactless.
pub(super) const FCI: [u16; 2] = [0x9102, 0x9103];
/// AIP and AFL, contact and contactless.
pub(super) const GPO: [u16; 2] = [0x9104, 0x9204];
/// Issuer application data and limits.
pub(super) const INTERNAL: u16 = 0x3000;

/// The groupings of one instance.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Groupings {
    /// in the order in which they arrived
    stored: Vec<Grouping>,
    /// a grouping of which more is to come
    pub(super) pending: Option<Pending>,
    /// whether the last STORE DATA has found everything
    pub(super) complete: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Grouping {
    identifier: u16,
    content: Secret,
}

/// A grouping of which more is to come.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pending {
    pub(super) identifier: u16,
    pub(super) length: usize,
    pub(super) encrypted: bool,
    pub(super) received: Secret,
}

/// By which way the card is asked: contacts, or the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interface {
    Contact,
    Contactless,
}

impl Interface {
    /// PC/SC readers make `3B 8x 80 01 ..` of a contactless card (PC/SC part 3).
    pub(super) fn of(answer_to_reset: &[u8]) -> Self {
        match answer_to_reset {
            [0x3B, 0x80..=0x8F, 0x80, 0x01, ..] => Self::Contactless,
            _ => Self::Contact,
        }
    }
}

impl Groupings {
    pub(super) fn get(&self, identifier: u16) -> Option<&[u8]> {
        self.stored.iter().find(|grouping| grouping.identifier == identifier).map(|grouping| grouping.content.expose())
    }

    pub(super) fn has(&self, identifier: u16) -> bool {
        self.get(identifier).is_some()
    }

    /// Takes the place of one with the same identifier.
    pub(super) fn put(&mut self, identifier: u16, content: Secret) {
        self.remove(identifier);
        self.stored.push(Grouping { identifier, content });
    }

    /// Takes the place of the one that is there, which stays the same in the order.
    pub(super) fn replace(&mut self, identifier: u16, content: Secret) {
        if let Some(held) = self.stored.iter_mut().find(|grouping| grouping.identifier == identifier) {
            held.content = content;
        }
    }

    pub(super) fn remove(&mut self, identifier: u16) {
        self.stored.retain(|grouping| grouping.identifier != identifier);
    }

    /// Identifiers and lengths, in the order in which they arrived.
    pub(super) fn lengths(&self) -> impl Iterator<Item = (u16, usize)> + '_ {
        self.stored.iter().map(|grouping| (grouping.identifier, grouping.content.expose().len()))
    }

    pub(super) fn memory_used(&self) -> usize {
        let stored: usize = self.lengths().map(|(_, length)| length + 8).sum();
        stored + self.pending.as_ref().map_or(0, |pending| pending.length + 8)
    }

    pub(super) fn duplicate(&self) -> Self {
        let copy =
            |grouping: &Grouping| Grouping { identifier: grouping.identifier, content: grouping.content.duplicate() };
        Self {
            stored: self.stored.iter().map(copy).collect(),
            pending: self.pending.as_ref().map(Pending::duplicate),
            complete: self.complete,
        }
    }

    /// A record of the file `sfi`.
    pub(super) fn record(&self, sfi: u8, number: u8) -> Option<&[u8]> {
        if sfi == 0 || number == 0 { None } else { self.get(u16::from_be_bytes([sfi, number])) }
    }

    /// Whether the file `sfi` has any record.
    pub(super) fn has_file(&self, sfi: u8) -> bool {
        self.stored.iter().any(|grouping| grouping.identifier.to_be_bytes()[0] == sfi)
    }

    /// Whether a record takes part in what is signed, by contacts or on the air.
    pub(super) fn is_signed(&self, file: u8, number: u8) -> bool {
        GPO.iter().filter_map(|one| AnswerToGpo::parse(self.get(*one)?)).any(|answer| answer.signs(file, number))
    }

    /// The value of a data element in any record of the files 1 to 10.
    pub(super) fn element(&self, tag: u32) -> Option<&[u8]> {
        let files = self.stored.iter().filter(|grouping| matches!(grouping.identifier, 0x0101..=0x0AFF));
        files
            .filter_map(|grouping| data_objects::record_content(grouping.content.expose()))
            .find_map(|content| tlv::find(content, tag).ok().flatten())
    }

    /// A list of data objects in a record.
    pub(super) fn list(&self, tag: u32) -> Option<Dol> {
        Dol::parse(self.element(tag)?)
    }

    /// The FCI proprietary template; a contactless card without one of its own has that for contacts.
    pub(super) fn template(&self, interface: Interface) -> Option<&[u8]> {
        self.by_interface(FCI, interface)
    }

    /// AIP and AFL; a contactless card without its own has those for contacts.
    pub(super) fn answer_to_gpo(&self, interface: Interface) -> Option<AnswerToGpo<'_>> {
        AnswerToGpo::parse(self.by_interface(GPO, interface)?)
    }

    fn by_interface(&self, [contact, contactless]: [u16; 2], interface: Interface) -> Option<&[u8]> {
        match interface {
            Interface::Contact => self.get(contact),
            Interface::Contactless => self.get(contactless).or_else(|| self.get(contact)),
        }
    }

    /// As they were delivered; `None` where there is no PIN.
    pub(super) fn pin_tries_and_limit(&self) -> Option<(u8, u8)> {
        let [tries, limit] = self.get(PIN_TRIES)? else { return None };
        self.has(PIN).then_some((*tries, *limit))
    }

    /// An element of the internal data.
    pub(super) fn internal(&self, tag: u32) -> Option<&[u8]> {
        tlv::find(self.get(INTERNAL)?, tag).ok().flatten()
    }
}

impl Pending {
    pub(super) fn duplicate(&self) -> Self {
        Self { received: self.received.duplicate(), ..*self }
    }
}
