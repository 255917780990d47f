//! SELECT by name, and the answer of a Security Domain (GPCS §11.9).

use cardwright_apdu::{Aid, Command, tlv};

use crate::Error;
use crate::channel::with_short_data;

/// SELECT by name, first or only occurrence.
#[must_use]
pub fn select(aid: &Aid) -> Command {
    with_short_data(Command::new(0x00, 0xA4, 0x04, 0x00), aid.as_bytes()).expecting_all()
}

/// SELECT without an AID: the Issuer Security Domain, whatever its AID is (GPCS §11.9.2.3).
#[must_use]
pub fn select_issuer_security_domain() -> Command {
    Command::new(0x00, 0xA4, 0x04, 0x00).expecting_all()
}

/// What a Security Domain says of itself when it is selected (GPCS Table 11-82).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectedDomain {
    /// its AID
    pub aid: Aid,
    /// the most bytes of command data it takes, where it says so (tag 9F65)
    pub maximum_command_data: Option<u16>,
}

impl SelectedDomain {
    /// Reads the file control information in the answer to SELECT.
    ///
    /// # Errors
    /// `Error::Malformed`, or `Error::Content` where tag 6F or 84 is missing.
    pub fn parse(response_data: &[u8]) -> Result<Self, Error> {
        const WHAT: &str = "the answer to SELECT";
        let malformed = |source| Error::Malformed { what: WHAT, source };
        let template = tlv::find(response_data, 0x6F).map_err(malformed)?;
        let template = template.ok_or(Error::Content { what: WHAT, problem: "no file control information (6F)" })?;
        let aid = tlv::find(template, 0x84).map_err(malformed)?;
        let aid = aid.ok_or(Error::Content { what: WHAT, problem: "no AID (84)" })?;
        let proprietary = tlv::find(template, 0xA5).map_err(malformed)?.unwrap_or_default();
        let maximum = tlv::find(proprietary, 0x9F65).map_err(malformed)?;
        Ok(Self {
            aid: Aid::new(aid).map_err(malformed)?,
            maximum_command_data: maximum.and_then(|bytes| match bytes {
                [byte] => Some(u16::from(*byte)),
                [high, low] => Some(u16::from_be_bytes([*high, *low])),
                _ => None,
            }),
        })
    }
}
