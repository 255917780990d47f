//! The commands that a script is made of, before they have a MAC.

use cardwright_apdu::{Dgi, tlv};
use zeroize::Zeroizing;

use crate::check::emv::MOST_COMMANDS;
use crate::emv::script::LONGEST;
use crate::standard::payment;
use crate::{Application, EmvFault};

/// What a script command does. Neither printable nor copyable: one of them holds a PIN.
pub enum ScriptCommand {
    /// UPDATE RECORD: a record becomes another
    UpdateRecord {
        /// short file identifier, 1 to 30
        file: u8,
        /// the record's number
        number: u8,
        /// the whole record, as READ RECORD answers it; at most 247 bytes
        content: Zeroizing<Vec<u8>>,
    },
    /// PUT DATA: an element that the application keeps for itself becomes another
    PutData {
        /// its tag of two bytes
        tag: u16,
        /// its value
        value: Zeroizing<Vec<u8>>,
    },
    /// PIN CHANGE/UNBLOCK: another PIN, and all its tries
    ChangePin(
        /// a PIN block of format 2, in clear
        Zeroizing<[u8; 8]>,
    ),
    /// PIN CHANGE/UNBLOCK: all tries for the PIN as it is
    UnblockPin,
    /// APPLICATION BLOCK
    BlockApplication,
    /// APPLICATION UNBLOCK
    UnblockApplication,
    /// CARD BLOCK
    BlockCard,
}

/// Class, instruction, P1 and P2 of a command.
pub(super) type Head = [u8; 4];

impl ScriptCommand {
    /// The commands that bring `application` its DGIs, in their order.
    pub(super) fn all(application: &Application) -> Result<Vec<Self>, EmvFault> {
        let mut all = Vec::new();
        for grouping in &application.dgis {
            Self::push(grouping.dgi(), &mut all)?;
        }
        let too_long = |command: &Self| command.data().len() > LONGEST;
        if all.len() > MOST_COMMANDS || all.iter().any(too_long) {
            return Err(EmvFault::ScriptLength(all.len()));
        }
        Ok(all)
    }

    fn push(dgi: &Dgi, all: &mut Vec<Self>) -> Result<(), EmvFault> {
        let unfit = EmvFault::Template(dgi.identifier);
        match dgi.identifier {
            payment::INTERNAL => {
                let limit = |tag| tlv::find(&dgi.data, tag).ok().flatten()?.first().copied();
                let (Some(lower), Some(upper)) = (limit(0x9F58), limit(0x9F59)) else { return Err(unfit) };
                all.extend(limits(lower, upper));
            }
            payment::PIN => {
                let block = dgi.data.as_slice().try_into().map_err(|_| unfit)?;
                all.push(Self::ChangePin(Zeroizing::new(block)));
            }
            record if payment::RECORDS.contains(&record) => {
                let [file, number] = record.to_be_bytes();
                all.push(Self::UpdateRecord { file, number, content: Zeroizing::new(dgi.data.clone()) });
            }
            _ => return Err(unfit),
        }
        Ok(())
    }

    /// Its first four bytes, with the class of a command that carries a MAC: 84 where the data is enciphered.
    pub(super) fn head(&self) -> Head {
        match self {
            Self::UpdateRecord { file, number, .. } => [0x84, 0xDC, *number, *file << 3 | 0x04],
            Self::PutData { tag, .. } => {
                let [high, low] = tag.to_be_bytes();
                [0x04, 0xDA, high, low]
            }
            Self::ChangePin(_) => [0x84, 0x24, 0x00, 0x02],
            Self::UnblockPin => [0x84, 0x24, 0x00, 0x00],
            Self::BlockApplication => [0x84, 0x1E, 0x00, 0x00],
            Self::UnblockApplication => [0x84, 0x18, 0x00, 0x00],
            Self::BlockCard => [0x84, 0x16, 0x00, 0x00],
        }
    }

    /// Whether its data goes enciphered: what is about the holder is for nobody between issuer and card.
    pub(super) fn is_secret(&self) -> bool {
        matches!(self, Self::UpdateRecord { .. } | Self::ChangePin(_))
    }

    /// Its data in clear.
    pub(super) fn data(&self) -> &[u8] {
        match self {
            Self::UpdateRecord { content, .. } => content,
            Self::PutData { value, .. } => value,
            Self::ChangePin(block) => &**block,
            Self::UnblockPin | Self::BlockApplication | Self::UnblockApplication | Self::BlockCard => &[],
        }
    }
}

/// The offline limits, whatever the card has: it refuses a lower one over the upper. So the lower goes first to 0, which
/// is under every upper one; where 0 is what it stays, it is not sent again.
fn limits(lower: u8, upper: u8) -> Vec<ScriptCommand> {
    let limit = |tag, value| ScriptCommand::PutData { tag, value: Zeroizing::new(vec![value]) };
    let mut commands = vec![limit(0x9F58, 0), limit(0x9F59, upper)];
    if lower > 0 {
        commands.push(limit(0x9F58, lower));
    }
    commands
}
