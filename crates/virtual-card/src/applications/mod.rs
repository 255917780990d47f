//! The programs a card can run. Each has persistent data in the state and a session in volatile memory.

pub mod built_in;
mod cap_file;
pub mod emv;
pub mod identity;
mod load_file;
mod personalization;
pub mod piv;

use cardwright_apdu::{Aid, Command, Response, StatusWord};
use serde::{Deserialize, Serialize};

use crate::channel::{CHAINING_NOT_SUPPORTED, Channel};
use crate::entropy::Entropy;
use crate::memory::{Memory, Stop};
use crate::registry::ProgramName;
use crate::state::CardState;

pub(crate) use personalization::{begin_personalization, store_data};

/// A program with its data.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Program {
    /// docs/identity-application.md
    Identity(Box<identity::IdentityData>),
    /// docs/piv-application.md
    Piv(Box<piv::PivData>),
    /// docs/emv-application.md, the payment application
    Emv(Box<emv::EmvData>),
    /// the same page, PSE and PPSE
    PaymentEnvironment(Box<emv::EnvironmentData>),
    /// cannot be run here
    Opaque,
}

/// What the selected instance remembers until another one is selected: each program has its own.
#[derive(Default)]
pub(crate) struct ApplicationSession {
    pub(crate) identity: identity::IdentitySession,
    pub(crate) piv: piv::PivSession,
    pub(crate) emv: emv::EmvSession,
}

impl ApplicationSession {
    /// The channel that commands came through ends, or begins, or the instance is selected again.
    pub(crate) fn interrupt(&mut self) {
        self.piv.interrupt();
    }
}

/// The selected instance, and what it runs a command with.
pub(crate) struct Running<'a> {
    pub(crate) memory: &'a mut Memory,
    pub(crate) aid: &'a Aid,
    pub(crate) session: &'a mut ApplicationSession,
    /// that was opened with this instance selected; it has taken off the command's protection
    pub(crate) channel: &'a Channel,
    pub(crate) entropy: &'a mut dyn Entropy,
}

impl Program {
    /// A new instance of the program called `name`.
    pub(crate) fn new(name: ProgramName) -> Self {
        match name {
            ProgramName::Identity => Self::Identity(Box::default()),
            ProgramName::Piv => Self::Piv(Box::default()),
            ProgramName::Emv => Self::Emv(Box::default()),
            ProgramName::PaymentEnvironment => Self::PaymentEnvironment(Box::default()),
            ProgramName::Opaque => Self::Opaque,
        }
    }

    /// Persistent bytes of its data.
    #[must_use]
    pub fn memory_used(&self) -> usize {
        match self {
            Self::Identity(data) => data.memory_used(),
            Self::Piv(data) => data.memory_used(),
            Self::Emv(data) => data.memory_used(),
            Self::PaymentEnvironment(data) => data.memory_used(),
            Self::Opaque => 0,
        }
    }

    /// What SELECT by name answers, or why the instance called `aid` does not want to be selected.
    pub(crate) fn select(&self, state: &CardState, aid: &Aid) -> Result<Vec<u8>, StatusWord> {
        match self {
            Self::Identity(data) => data.file_control_information(state.program_version(aid), aid),
            Self::Piv(_) => Ok(piv::property_template(state.program_version(aid), aid)),
            Self::Emv(data) => data.file_control_information(state, aid),
            Self::PaymentEnvironment(data) => data.file_control_information(state, aid),
            Self::Opaque => Ok(Vec::new()),
        }
    }

    /// 6283 where the instance can be selected and is blocked (EMV Book 3 §6.5.1).
    pub(crate) fn selection_status(&self) -> StatusWord {
        match self {
            Self::Emv(data) if data.is_blocked() => StatusWord(0x6283),
            _ => StatusWord::SUCCESS,
        }
    }

    /// Whether INITIALIZE UPDATE and EXTERNAL AUTHENTICATE are for its Security Domain while it is selected.
    pub(crate) fn opens_channel(&self) -> bool {
        match self {
            Self::Piv(_) => true,
            Self::Emv(data) => !data.is_complete(),
            Self::PaymentEnvironment(data) => !data.is_complete(),
            Self::Identity(_) | Self::Opaque => false,
        }
    }

    /// Whether it remembers what was proven to it when it is selected once more (SP 800-73-5 part 2 §3.1.1).
    pub(crate) fn outlasts_selection(&self) -> bool {
        matches!(self, Self::Piv(_))
    }

    /// Whether it puts together commands that come in parts (CLA bit 10).
    fn takes_chains(&self) -> bool {
        match self {
            Self::Piv(_) => true,
            Self::Identity(_) | Self::Emv(_) | Self::PaymentEnvironment(_) | Self::Opaque => false,
        }
    }
}

/// Runs a command of the selected application. Within a channel it is the plain command, a part of a chain included.
pub(crate) fn process(running: Running<'_>, command: &Command) -> Result<Response, Stop> {
    let Some(application) = running.memory.read().application(running.aid) else {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED.into());
    };
    if command.header.cla & 0x10 != 0 && !application.program.takes_chains() {
        return Err(CHAINING_NOT_SUPPORTED.into());
    }
    match &application.program {
        Program::Identity(_) => identity::process(running, command),
        Program::Piv(_) => piv::process(running, command),
        Program::Emv(_) => emv::process(running, command),
        Program::PaymentEnvironment(_) => emv::process_environment(running, command),
        Program::Opaque => Err(StatusWord::INSTRUCTION_NOT_SUPPORTED.into()),
    }
}
