//! The DGIs of a payment application: their order, and what each needs beside it; what protects them stands in the table that profiles are held against.

use super::EmvFault;
use crate::emv::tlv;
use crate::{Application, ProtectedDgi};

/// DGIs of which the first must reach the card before the second (CPS).
const ORDER: [(u16, u16); 2] = [(0x8000, 0x9000), (0x9010, 0x8010)];

/// Elements that tell something about the holder or their account.
const PERSONAL: [u32; 8] = [0x57, 0x5A, 0x5F20, 0x9F0B, 0x9F1F, 0x9F20, 0x9F46, 0x9F2D];

/// The DGIs of one application, each there once.
pub(super) struct Groupings<'a>(&'a [ProtectedDgi]);

impl<'a> Groupings<'a> {
    pub(super) fn of(application: &'a Application) -> Self {
        Self(&application.dgis)
    }

    /// The data of DGI `identifier`.
    pub(super) fn get(&self, identifier: u16) -> Option<&'a [u8]> {
        self.0.iter().map(ProtectedDgi::dgi).find(|dgi| dgi.identifier == identifier).map(|dgi| dgi.data.as_slice())
    }

    /// The records with their identifiers: file in the high byte, number in the low one.
    pub(super) fn records(&self) -> impl Iterator<Item = (u16, &'a [u8])> {
        let all = self.0.iter().map(|grouping| (grouping.dgi().identifier, grouping.dgi().data.as_slice()));
        all.filter(|(identifier, _)| is_record(*identifier))
    }

    /// Their order, and which of them may be refused.
    pub(super) fn check(&self) -> Result<(), EmvFault> {
        let position = |identifier| self.0.iter().position(|grouping| grouping.dgi().identifier == identifier);
        for (first, second) in ORDER {
            if position(first).zip(position(second)).is_some_and(|(first, second)| first > second) {
                return Err(EmvFault::Order { first, second });
            }
        }
        for grouping in self.0 {
            let identifier = grouping.dgi().identifier;
            if grouping.optional && !may_be_refused(identifier) {
                return Err(EmvFault::Optional(identifier));
            }
        }
        match position(0x9010).filter(|_| position(0x8010).is_none()) {
            Some(_) => Err(EmvFault::Alone { present: 0x9010, missing: 0x8010 }),
            None => Ok(()),
        }
    }

    /// Whether all that tells something about a person is declared so.
    pub(super) fn check_personal(&self) -> Result<(), EmvFault> {
        let undeclared = |grouping: &&ProtectedDgi| !grouping.personal && is_personal(grouping);
        match self.0.iter().find(undeclared) {
            Some(grouping) => Err(EmvFault::NotPersonal(grouping.dgi().identifier)),
            None => Ok(()),
        }
    }
}

pub(super) fn is_record(identifier: u16) -> bool {
    (0x0101..=0x1EFF).contains(&identifier)
}

/// The contactless answers alone: a card without that interface refuses them, and works.
fn may_be_refused(identifier: u16) -> bool {
    matches!(identifier, 0x9103 | 0x9204)
}

fn is_personal(grouping: &ProtectedDgi) -> bool {
    let dgi = grouping.dgi();
    is_record(dgi.identifier) && PERSONAL.iter().any(|tag| tlv::at_path(&dgi.data, &[0x70, *tag]).is_some())
}
