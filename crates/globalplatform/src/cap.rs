//! CAP files: the ZIP archives that programs for Java Cards come in, and what of them goes to a card.
//!
//! What is checked is the container: the archive, the components and their sizes against the Directory component, the
//! names that a card's registry will show. The bytecode is not: whoever approves a program has it verified elsewhere.
//!
//! Sources: Java Card Virtual Machine Specification 2.2.2, chapter 6 ("JCVM §6.x"); GPCS §11.6 for the limit of LOAD.

mod applet;
mod archive;
mod component;
mod directory;
mod fault;
mod fields;
mod header;
mod version;

pub use fault::CapFault;
pub use version::PackageVersion;

use cardwright_apdu::Aid;
use sha2::{Digest, Sha256};

use component::{Components, Kind};
use header::Header;

/// The longest file that is read, in bytes: component for component a package stays far below it.
pub const LONGEST_FILE: usize = 2 * 1024 * 1024;

/// The longest load file data block that 256 LOAD commands of the largest size carry, in bytes: 247 bytes each under
/// C-MAC, less tag and length. Where commands are encrypted less fits, see [`crate::commands::load`].
pub const LONGEST_LOAD_FILE: usize = 0x100 * 247 - 4;

/// What a CAP file holds for a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapFile {
    header: Header,
    modules: Vec<Aid>,
    load_file_data_block: Vec<u8>,
}

impl CapFile {
    /// Reads a CAP file of one package in the compact formats 2.1 and 2.2.
    ///
    /// # Errors
    /// [`CapFault`] with the component and what is wrong with it.
    pub fn read(file: &[u8]) -> Result<Self, CapFault> {
        if file.len() > LONGEST_FILE {
            return Err(CapFault::FileTooLong { found: file.len(), limit: LONGEST_FILE });
        }
        let components = archive::components(file)?;
        let header = header::read(components.required(Kind::Header)?)?;
        directory::check(&components)?;
        let modules = modules(&components, &header)?;
        let load_file_data_block = components.load_file_data_block();
        if load_file_data_block.len() > LONGEST_LOAD_FILE {
            let found = load_file_data_block.len();
            return Err(CapFault::LoadFileTooLong { found, limit: LONGEST_LOAD_FILE });
        }
        Ok(Self { header, modules, load_file_data_block })
    }

    /// The package's AID, which becomes the load file's.
    #[must_use]
    pub fn package(&self) -> Aid {
        self.header.package
    }

    /// The package's version.
    #[must_use]
    pub fn version(&self) -> PackageVersion {
        self.header.version
    }

    /// The package's name as its source has it, with `/` between the words; none where the file does not tell it.
    #[must_use]
    pub fn package_name(&self) -> Option<&str> {
        self.header.package_name.as_deref()
    }

    /// The AIDs of the modules that instances can be made of, in the file's order; none for a library.
    #[must_use]
    pub fn modules(&self) -> &[Aid] {
        &self.modules
    }

    /// The load file data block: the components in the order of JCVM §6.2, one after the other, without Descriptor and
    /// Debug, which no card needs to run a program.
    #[must_use]
    pub fn load_file_data_block(&self) -> &[u8] {
        &self.load_file_data_block
    }

    /// SHA-256 of the load file data block.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.load_file_data_block).into()
    }
}

/// The modules: an Applet component is there where the header says so, and only there (JCVM §6.3).
fn modules(components: &Components, header: &Header) -> Result<Vec<Aid>, CapFault> {
    match (components.get(Kind::Applet), header.has_applets) {
        (None, false) => Ok(Vec::new()),
        (Some(component), true) => applet::read(component, &header.package),
        (Some(_), false) => Err(Kind::Applet.fault("it is there, and the Header says that it is not")),
        (None, true) => Err(CapFault::Missing(Kind::Applet.name())),
    }
}
