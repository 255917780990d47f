//! The payment environment: PSE (`1PAY.SYS.DDF01`), whose directory is a file of records, and PPSE
//! (`2PAY.SYS.DDF01`), whose directory stands in the FCI.

use cardwright_apdu::{Aid, Command, Response, StatusWord};
use serde::{Deserialize, Serialize};

use super::groupings::Groupings;
use super::{Blocking, personalize, reading};
use crate::applications::{Program, Running};
use crate::memory::Stop;
use crate::state::CardState;

/// An environment's persistent data.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentData {
    pub(super) groupings: Groupings,
    /// whether CARD BLOCK has disabled it
    #[serde(default, skip_serializing_if = "Blocking::is_none")]
    pub(super) blocking: Blocking,
}

impl EnvironmentData {
    /// Whether personalization is complete.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.groupings.complete
    }

    /// Identifiers and lengths of the groupings, in the order in which they arrived.
    pub fn groupings(&self) -> impl Iterator<Item = (u16, usize)> + '_ {
        self.groupings.lengths()
    }

    pub(in crate::applications) fn memory_used(&self) -> usize {
        self.groupings.memory_used()
    }

    /// As the payment application's.
    pub(in crate::applications) fn file_control_information(
        &self,
        state: &CardState,
        aid: &Aid,
    ) -> Result<Vec<u8>, StatusWord> {
        self.blocking.check()?;
        Ok(super::file_control_information(&self.groupings, state, aid))
    }
}

/// Runs one command of a selected environment: READ RECORD, and from version 2 on GET DATA, once it is
/// personalized.
pub(crate) fn process(running: Running<'_>, command: &Command) -> Result<Response, Stop> {
    let program = running.memory.read().application(running.aid).map(|application| &application.program);
    let Some(Program::PaymentEnvironment(data)) = program else {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED.into());
    };
    data.blocking.check()?;
    if !data.groupings.complete {
        return personalize(running, command);
    }
    let version = running.memory.read().program_version(running.aid);
    match (command.header.cla, command.header.ins) {
        (0x00, 0xB2) => Ok(reading::read_record(&data.groupings, command)?),
        (0x80, 0x50 | 0xE2) => Err(StatusWord::CONDITIONS_NOT_SATISFIED.into()),
        (0x80, 0xCA) if version >= 2 => Ok(reading::program_version(version, command)?),
        (_, 0xB2) => Err(StatusWord::CLASS_NOT_SUPPORTED.into()),
        _ => Err(StatusWord::INSTRUCTION_NOT_SUPPORTED.into()),
    }
}
