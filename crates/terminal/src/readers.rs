//! Which slot is which reader of the center's list.

use cardwright_relay::Code;
use cardwright_relay::reader::{ReaderEntry, Tier, VerifiedReaderList, matches};

use crate::failure::Failure;

/// What a reader says of itself. Forgeable: it tells readers apart, it proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Attributes {
    /// vendor
    pub vendor: String,
    /// type
    pub kind: String,
    /// serial number
    pub serial: String,
}

impl Attributes {
    /// Whether every attribute that the entry names is this one.
    #[must_use]
    pub fn fit(&self, entry: &ReaderEntry) -> bool {
        let fits = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
        fits(&entry.vendor, &self.vendor) && fits(&entry.kind, &self.kind) && fits(&entry.serial, &self.serial)
    }
}

/// What is in a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slot {
    /// nothing
    Empty,
    /// a card that does not answer, or what is none
    Mute(u32),
    /// a card
    Card(Insertion),
}

/// A card that was put in: two are the same only where it was not taken out between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Insertion {
    /// its answer to reset
    pub atr: Vec<u8>,
    /// how often something was put into the slot or taken out of it, as the PC/SC service counts
    pub number: u32,
}

impl Slot {
    /// The service's count, while something is in the slot.
    #[must_use]
    pub fn number(&self) -> Option<u32> {
        match self {
            Self::Empty => None,
            Self::Mute(number) => Some(*number),
            Self::Card(insertion) => Some(insertion.number),
        }
    }
}

/// A reader that is on the verified list and is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedReader {
    /// its entry
    pub entry: ReaderEntry,
    /// the PC/SC name of its card slot
    pub card_slot: String,
    /// the PC/SC name of the slot with its SAM; set for tier R2
    pub sam_slot: Option<String>,
}

/// Finds the readers of `list` among the PC/SC `slots`.
#[must_use]
pub fn listed(list: &VerifiedReaderList, slots: &[String]) -> Vec<ListedReader> {
    let found = slots.iter().filter_map(|slot| {
        let entry = list.by_card_slot(slot)?.clone();
        let sam_slot = entry.sam_slot.as_ref().and_then(|pattern| slots.iter().find(|slot| matches(pattern, slot)));
        Some(ListedReader { card_slot: slot.clone(), sam_slot: sam_slot.cloned(), entry })
    });
    found.collect()
}

/// The one reader to use: the one `named` (by its name on the list, or by its PC/SC name), or the only one listed.
///
/// # Errors
/// `CW-5002` where there is no slot at all, `CW-2006` where no slot is of a listed reader or the named one is not,
/// `CW-2008` where a reader that must prove itself has no slot with a SAM.
pub fn choose(list: &VerifiedReaderList, slots: &[String], named: Option<&str>) -> Result<ListedReader, Failure> {
    let Some(first) = slots.first() else {
        return Err(Failure::machine(Code::NO_READER, &[]));
    };
    let is_named =
        |reader: &ListedReader| named.is_none_or(|name| reader.entry.name == name || reader.card_slot == name);
    let chosen = listed(list, slots).into_iter().find(is_named);
    let unknown = || Failure::reader(Code::READER_UNKNOWN, named.unwrap_or(first));
    let chosen = chosen.ok_or_else(unknown)?;
    if chosen.entry.tier == Tier::R2 && (chosen.sam_slot.is_none() || chosen.entry.sam_key.is_none()) {
        return Err(Failure::reader(Code::READER_PROOF_WRONG, &chosen.entry.name));
    }
    Ok(chosen)
}
