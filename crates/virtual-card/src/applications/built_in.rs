//! The programs that are built in, and the load files whose hash selects them.
//!
//! A load file of this project holds no code for a virtual machine: it is as long as a real one, and names package and
//! modules where a loader reads them.

use cardwright_apdu::Aid;
use sha2::{Digest, Sha256};

use super::cap_file;
use super::load_file::{self, LoadFile};
use crate::registry::{Package, ProgramName};

pub use super::load_file::LONGEST_PADDING;

/// A package whose programs this card can run.
pub struct BuiltIn {
    /// the package's own, which is its first module's
    pub program: ProgramName,
    /// the programs' version, and the package's major one
    pub version: u8,
    /// the package
    pub package: Aid,
    /// its modules, one or more
    pub modules: Vec<Module>,
    /// bytes of its load file data block, where that is filled up to the size of a real program
    full_size: usize,
}

/// One module of a package.
pub struct Module {
    /// what its instances run
    pub program: ProgramName,
    /// its AID, and the one that an instance has by default
    pub aid: Aid,
}

/// The built-in packages, the identity application's first; then the second versions of all, which are on no blank.
#[must_use]
pub fn all() -> [BuiltIn; 6] {
    let identity: Modules = &[(ProgramName::Identity, &[0x01])];
    let emv: Modules = &[(ProgramName::Emv, &[0x01]), (ProgramName::PaymentEnvironment, &[0x02])];
    [
        built_in(IDENTITY, 1, identity, 8_192),
        built_in(PIV, 1, &[(ProgramName::Piv, &[0x01, 0x00])], 12_288),
        built_in(EMV, 1, emv, 16_384),
        built_in(IDENTITY_2, 2, identity, 8_192),
        built_in(PIV_2, 2, &[(ProgramName::Piv, &[0x01])], 12_288),
        built_in(EMV_2, 2, emv, 16_384),
    ]
}

/// Programs, and what their modules' AIDs have behind the package's.
type Modules<'a> = &'a [(ProgramName, &'a [u8])];

/// The identity application's packages.
const IDENTITY: &[u8] = &[0xF0, 0x43, 0x41, 0x52, 0x44, 0x57, 0x49, 0x44, 0x00];
const IDENTITY_2: &[u8] = &[0xF0, 0x43, 0x41, 0x52, 0x44, 0x57, 0x49, 0x44, 0x02];
/// The EMV applications' packages.
const EMV: &[u8] = &[0xF0, 0x43, 0x41, 0x52, 0x44, 0x57, 0x45, 0x4D, 0x56, 0x00];
const EMV_2: &[u8] = &[0xF0, 0x43, 0x41, 0x52, 0x44, 0x57, 0x45, 0x4D, 0x56, 0x02];
/// The PIV application's package (NIST SP 800-73-4), and one of ours.
const PIV: &[u8] = &[0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00];
const PIV_2: &[u8] = &[0xF0, 0x43, 0x41, 0x52, 0x44, 0x57, 0x50, 0x49, 0x56, 0x02];

fn built_in(package: &[u8], version: u8, modules: Modules<'_>, full_size: usize) -> BuiltIn {
    let aid = |bytes: &[u8]| Aid::new(bytes).expect("the AIDs above are 5 to 16 bytes");
    let module =
        |(program, ending): &(ProgramName, &[u8])| Module { program: *program, aid: aid(&[package, ending].concat()) };
    let modules: Vec<Module> = modules.iter().map(module).collect();
    BuiltIn { program: modules[0].program, version, package: aid(package), modules, full_size }
}

/// The program that an instance of `module` of `package` runs.
#[must_use]
pub fn program(package: &Package, module: &Aid) -> ProgramName {
    let modules = all().into_iter().filter(|known| known.program == package.program).flat_map(|known| known.modules);
    modules.into_iter().find(|known| known.aid == *module).map_or(ProgramName::Opaque, |known| known.program)
}

impl BuiltIn {
    /// The first module.
    #[must_use]
    pub fn module(&self) -> Aid {
        self.modules[0].aid
    }

    /// The load file data block, without tag C4 and length: of the first version a Header and an Applet component and no
    /// more, of the second one as large as a real program's.
    #[must_use]
    pub fn load_file_data_block(&self) -> Vec<u8> {
        if self.version == 1 { self.content().short_block() } else { self.block(self.full_padding()) }
    }

    /// The components of a CAP file in load order, each with its file's name: Method has `padding` bytes more than it
    /// must have.
    #[must_use]
    pub fn components(&self, padding: u16) -> Vec<(&'static str, Vec<u8>)> {
        self.content().components(padding)
    }

    /// The load file data block of these components.
    #[must_use]
    pub fn block(&self, padding: u16) -> Vec<u8> {
        self.components(padding).into_iter().flat_map(|(_, component)| component).collect()
    }

    /// The CAP file of these components.
    #[must_use]
    pub fn cap_file(&self, padding: u16) -> Vec<u8> {
        cap_file::archive(&format!("cardwright/{}", self.name()), &self.components(padding))
    }

    /// The program's name in file names.
    fn name(&self) -> &'static str {
        match self.program {
            ProgramName::Identity => "identity",
            ProgramName::Piv => "piv",
            _ => "emv",
        }
    }

    /// The padding of a block that is as large as a real program's.
    #[must_use]
    pub fn full_padding(&self) -> u16 {
        u16::try_from(self.full_size.saturating_sub(self.block(0).len())).unwrap_or(LONGEST_PADDING)
    }

    fn content(&self) -> LoadFile<'_> {
        LoadFile {
            package: &self.package,
            version: self.version,
            modules: self.modules.iter().map(|it| it.aid).collect(),
        }
    }

    /// The load file as it stands in the registry of a card that was delivered with it.
    #[must_use]
    pub fn registered(&self) -> Package {
        self.registered_with(self.load_file_data_block().len() as u32 + PRELOADED_CODE)
    }

    fn registered_with(&self, size: u32) -> Package {
        Package {
            aid: self.package,
            modules: self.modules.iter().map(|module| module.aid).collect(),
            program: self.program,
            version: [self.version, 0],
            size,
        }
    }

    /// Whether `block` is this package's, whatever padding it has: its hash is that of the block made here.
    fn is(&self, block: &[u8], hash: &[u8]) -> bool {
        let padding = block.len().checked_sub(self.block(0).len()).and_then(|length| u16::try_from(length).ok());
        let padded = padding.filter(|padding| *padding <= LONGEST_PADDING).map(|padding| self.block(padding));
        let candidates = [Some(self.load_file_data_block()), padded];
        candidates.into_iter().flatten().any(|candidate| Sha256::digest(candidate)[..] == *hash)
    }
}

/// Persistent bytes of a preloaded program besides its block.
const PRELOADED_CODE: u32 = 4096;

/// The load file that `block` is: a built-in program where its hash is known, an opaque one otherwise. It takes the
/// block's bytes. `None` where the AID it names is not `aid` (GPCS §11.5.2.3.1: they must agree).
#[must_use]
pub fn recognize(aid: &Aid, block: &[u8]) -> Option<Package> {
    let (hash, size) = (Sha256::digest(block), block.len() as u32);
    if let Some(known) = all().iter().find(|known| known.is(block, &hash)) {
        return (known.package == *aid).then(|| known.registered_with(size));
    }
    let named = load_file::package(block);
    if named.is_some_and(|(named, _)| named != *aid) {
        return None;
    }
    Some(Package {
        aid: *aid,
        modules: load_file::modules(block).unwrap_or_default(),
        program: ProgramName::Opaque,
        version: named.map_or([0, 0], |(_, version)| version),
        size,
    })
}
