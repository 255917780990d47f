//! Extended Card Resources Information (FF21): what a card has left (GPCS §11.3.3.1.2, which leaves the coding to
//! TS 102 226: number of installed applications 81, free non-volatile memory 82, free volatile memory 83).

use cardwright_apdu::tlv;

use crate::Error;
use crate::commands::{DataObject, read_data_object};

const WHAT: &str = "Extended Card Resources Information";

/// What a card says that it has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CardResources {
    /// installed applications
    pub applications: u32,
    /// free non-volatile memory in bytes
    pub non_volatile: u32,
    /// free volatile memory in bytes
    pub volatile: u32,
}

impl CardResources {
    /// Reads the answer's data to GET DATA FF21.
    ///
    /// # Errors
    /// `Error::Malformed`, and `Error::Content` unless each of the three numbers is there once, in 1 to 4 bytes, and
    /// nothing else.
    pub fn parse(response_data: &[u8]) -> Result<Self, Error> {
        let template = read_data_object(DataObject::ExtendedCardResources, response_data)?;
        let elements = tlv::read_all(template).map_err(|source| Error::Malformed { what: WHAT, source })?;
        let content = |problem| Error::Content { what: WHAT, problem };
        if elements.len() != 3 {
            return Err(content("it does not hold three numbers"));
        }
        let read = |tag| {
            let element = elements.iter().find(|element| element.tag.0 == tag);
            element
                .and_then(|element| number(element.value))
                .ok_or(content("a number is missing or not of 1 to 4 bytes"))
        };
        Ok(Self { applications: read(0x81)?, non_volatile: read(0x82)?, volatile: read(0x83)? })
    }
}

fn number(value: &[u8]) -> Option<u32> {
    let fits = (1..=4).contains(&value.len());
    fits.then(|| value.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
}
