//! The programs a card can run. Each has persistent data in the state and a session in volatile memory.

pub mod built_in;
pub mod identity;
pub mod piv;

use cardwright_apdu::{Aid, Command, Response, StatusWord};
use serde::{Deserialize, Serialize};

use crate::memory::{Memory, Stop};
use crate::registry::ProgramName;

/// A program with its data.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Program {
    /// docs/identity-application.md
    Identity(Box<identity::IdentityData>),
    /// NIST SP 800-73, key reference 9E
    Piv(Box<piv::PivData>),
    /// cannot be run here
    Opaque,
}

/// What an instance remembers while it is selected.
#[derive(Default)]
pub(crate) struct ApplicationSession {
    pub(crate) pin_verified: bool,
    pub(crate) selected_file: Option<u16>,
}

impl Program {
    /// A new instance of the program called `name`.
    pub(crate) fn new(name: ProgramName) -> Self {
        match name {
            ProgramName::Identity => Self::Identity(Box::default()),
            ProgramName::Piv => Self::Piv(Box::default()),
            ProgramName::Opaque => Self::Opaque,
        }
    }

    /// Persistent bytes of its data.
    #[must_use]
    pub fn memory_used(&self) -> usize {
        match self {
            Self::Identity(data) => data.memory_used(),
            Self::Piv(data) => data.memory_used(),
            Self::Opaque => 0,
        }
    }

    /// The FCI that SELECT by name answers, or why the application does not want to be selected.
    pub(crate) fn select(&self, aid: &Aid) -> Result<Vec<u8>, StatusWord> {
        match self {
            Self::Identity(data) => data.file_control_information(aid),
            Self::Piv(_) => Ok(piv::property_template(aid)),
            Self::Opaque => Ok(Vec::new()),
        }
    }
}

/// Runs a command of the selected application.
pub(crate) fn process(
    memory: &mut Memory,
    aid: &Aid,
    session: &mut ApplicationSession,
    command: &Command,
) -> Result<Response, Stop> {
    match memory.read().application(aid).map(|application| &application.program) {
        Some(Program::Identity(_)) => identity::process(memory, aid, session, command),
        Some(Program::Piv(data)) => Ok(piv::process(data, command)?),
        Some(Program::Opaque) => Err(StatusWord::INSTRUCTION_NOT_SUPPORTED.into()),
        None => Err(StatusWord::CONDITIONS_NOT_SATISFIED.into()),
    }
}
