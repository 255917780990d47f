//! Load files and instances: the GlobalPlatform Registry (GPCS §6.4).

use cardwright_apdu::Aid;
use serde::{Deserialize, Serialize};

use crate::applications::Program;
use crate::hexadecimal;
use crate::life_cycle::ApplicationState;

/// An Executable Load File.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// its AID
    #[serde(with = "hexadecimal::aid")]
    pub aid: Aid,
    /// its Executable Modules
    #[serde(with = "hexadecimal::aids")]
    pub modules: Vec<Aid>,
    /// the program that its hash selected
    pub program: ProgramName,
    /// major and minor version
    pub version: [u8; 2],
    /// persistent bytes it takes
    pub size: u32,
}

/// Which built-in program a load file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProgramName {
    /// the identity application
    Identity,
    /// the PIV card-authentication application
    Piv,
    /// the EMV payment application
    Emv,
    /// the EMV payment environments, PSE and PPSE
    PaymentEnvironment,
    /// a program that this card cannot run: it is kept, installed and listed, and answers 6D00
    Opaque,
}

/// An instance.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// the AID it is selected by
    #[serde(with = "hexadecimal::aid")]
    pub aid: Aid,
    /// the load file it came from
    #[serde(with = "hexadecimal::aid")]
    pub package: Aid,
    /// INSTALLED, SELECTABLE, or a state of the application's own
    pub state: ApplicationState,
    /// whether it is locked
    pub locked: bool,
    /// privileges, 3 bytes (GPCS §11.1.2)
    #[serde(with = "hexadecimal::bytes")]
    pub privileges: Vec<u8>,
    /// program and data
    pub program: Program,
}

impl Application {
    /// Persistent bytes that every instance takes besides its data.
    pub const OVERHEAD: usize = 64;

    /// The life cycle's code (GPCS Table 11-4).
    #[must_use]
    pub fn life_cycle_code(&self) -> u8 {
        self.state.code(self.locked)
    }

    /// Persistent bytes it takes, data included.
    #[must_use]
    pub fn memory_used(&self) -> usize {
        Self::OVERHEAD + self.program.memory_used()
    }

    /// Whether SELECT may reach it (GPCS §5.3.1.2, §5.3.1.3).
    #[must_use]
    pub fn is_selectable(&self) -> bool {
        self.state.is_selectable() && !self.locked
    }
}
