//! `cap`: the CAP file of a built-in program, as whoever brings programs to an issuing center has it.

use std::path::PathBuf;

use cardwright_virtual_card::ProgramName;
use cardwright_virtual_card::applications::built_in::{self, BuiltIn};
use clap::{Args, ValueEnum};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::failure::Failure;
use crate::report::Report;

#[derive(Args)]
pub(crate) struct Cap {
    /// The program
    #[arg(long)]
    program: Program,
    /// Its version
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=2))]
    version: u8,
    /// Bytes of code that no card runs [default: as many as make a real program's size]
    #[arg(long, value_parser = clap::value_parser!(u16).range(0..=i64::from(built_in::LONGEST_PADDING)))]
    pad: Option<u16>,
    /// The CAP file, which must not be there yet
    file: PathBuf,
}

/// A built-in program.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Program {
    Identity,
    Emv,
    Piv,
}

impl Program {
    fn package(self, version: u8) -> Option<BuiltIn> {
        let program = match self {
            Self::Identity => ProgramName::Identity,
            Self::Emv => ProgramName::Emv,
            Self::Piv => ProgramName::Piv,
        };
        built_in::all().into_iter().find(|known| (known.program, known.version) == (program, version))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Emv => "emv",
            Self::Piv => "piv",
        }
    }
}

impl Cap {
    pub(crate) fn run(&self, report: &Report) -> Result<(), Failure> {
        let name = self.program.name();
        let no_such = || Failure::Usage(format!("there is no version {} of {name}", self.version));
        let package = self.program.package(self.version).ok_or_else(no_such)?;
        let padding = self.pad.unwrap_or_else(|| package.full_padding());
        self.write(&package.cap_file(padding))?;
        let block = package.block(padding);
        let (hash, size) = (hex::encode(Sha256::digest(&block)), block.len());
        let modules: Vec<String> = package.modules.iter().map(|module| module.aid.to_string()).collect();
        let file = self.file.display();
        report.result(
            &format!("{name} version {} in {file}: package {}, {size} bytes, {hash}", self.version, package.package),
            &json!({ "file": self.file, "package": package.package.to_string(), "version": self.version,
                     "modules": modules, "load_file_data_block": size, "sha256": hash }),
        );
        Ok(())
    }

    fn write(&self, archive: &[u8]) -> Result<(), Failure> {
        if self.file.exists() {
            return Err(Failure::Refused(format!("{} is there already", self.file.display())));
        }
        std::fs::write(&self.file, archive).map_err(Failure::at(self.file.display()))
    }
}
