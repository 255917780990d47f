//! GET DATA (GPCS §11.3).

use cardwright_apdu::{Command, tlv};

use crate::Error;
use crate::plan::{Content, PlannedCommand};

/// A data object of a Security Domain (GPCS §11.3.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataObject {
    /// 42: Issuer Identification Number, or the Security Domain provider's
    IssuerIdentificationNumber,
    /// 45: Card Image Number, or the Security Domain's
    CardImageNumber,
    /// 66: Card Recognition Data
    CardRecognitionData,
    /// E0: Key Information Template
    KeyInformation,
    /// C1: Sequence Counter of the default key version
    SequenceCounter,
    /// 9F7F: Card Production Life Cycle data
    ProductionLifeCycle,
    /// FF21: Extended Card Resources Information, which a card need not have
    ExtendedCardResources,
}

impl DataObject {
    /// The tag, which is P1 and P2.
    #[must_use]
    pub fn tag(self) -> u16 {
        match self {
            Self::IssuerIdentificationNumber => 0x0042,
            Self::CardImageNumber => 0x0045,
            Self::CardRecognitionData => 0x0066,
            Self::KeyInformation => 0x00E0,
            Self::SequenceCounter => 0x00C1,
            Self::ProductionLifeCycle => 0x9F7F,
            Self::ExtendedCardResources => 0xFF21,
        }
    }
}

/// GET DATA of `object`.
#[must_use]
pub fn get_data(object: DataObject) -> Command {
    let [p1, p2] = object.tag().to_be_bytes();
    Command::new(0x80, 0xCA, p1, p2).expecting_all()
}

/// GET DATA of `object` through a channel, so that the card's MAC is on the answer.
#[must_use]
pub fn get_data_in_channel(object: DataObject) -> PlannedCommand {
    PlannedCommand::new(get_data(object), Content::Management)
}

/// The value of `object` in the data of the answer, which is the object with its tag (GPCS §11.3.3.1).
///
/// # Errors
/// `Error::Malformed`, or `Error::Content` where the answer holds another object.
pub fn read_data_object(object: DataObject, response_data: &[u8]) -> Result<&[u8], Error> {
    const WHAT: &str = "the answer to GET DATA";
    let element = tlv::read_one(response_data).map_err(|source| Error::Malformed { what: WHAT, source })?;
    if element.tag.0 != u32::from(object.tag()) {
        return Err(Error::Content { what: WHAT, problem: "it is another data object" });
    }
    Ok(element.value)
}
