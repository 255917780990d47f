//! The programs that are built in, and the load files whose hash selects them.
//!
//! A load file of this project holds no code for a virtual machine: its Header and Applet components
//! (Java Card Virtual Machine Specification §6.3, §6.5) name package and module, which is what a loader reads.

use cardwright_apdu::Aid;
use sha2::{Digest, Sha256};

use crate::registry::{Package, ProgramName};

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

    /// The load file data block, without tag C4 and length: of the first version as small as it can be, of the others
    /// as large as a real program's.
    #[must_use]
    pub fn load_file_data_block(&self) -> Vec<u8> {
        let padding = if self.version == 1 { None } else { Some(self.full_padding()) };
        self.padded_block(padding)
    }

    /// The same with a Method component of `padding` bytes, 65,535 at most; none: without that component.
    #[must_use]
    pub fn padded_block(&self, padding: Option<u16>) -> Vec<u8> {
        self.components(padding).into_iter().flat_map(|(tag, content)| component(tag, &content)).collect()
    }

    /// How long the Method component is that fills the block up to the size of a real program.
    #[must_use]
    pub fn full_padding(&self) -> u16 {
        let bare = self.padded_block(Some(0)).len();
        u16::try_from(self.full_size.saturating_sub(bare)).unwrap_or(u16::MAX)
    }

    /// The components in load order, by tag: Header, Applet, and Method, which no card here runs.
    #[must_use]
    pub fn components(&self, padding: Option<u16>) -> Vec<(u8, Vec<u8>)> {
        let package = self.package.as_bytes();
        let header = [&[0xDE, 0xCA, 0xFF, 0xED, 1, 2, 0, 0, self.version, package.len() as u8][..], package].concat();
        let mut applets = vec![self.modules.len() as u8];
        for module in self.modules.iter().map(|module| module.aid.as_bytes()) {
            applets.push(module.len() as u8);
            applets.extend_from_slice(module);
            applets.extend_from_slice(&[0, 0]);
        }
        let method = padding.map(|length| (METHOD, filling(length)));
        [(HEADER, header), (APPLET, applets)].into_iter().chain(method).collect()
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
        let padding = block.len().checked_sub(self.padded_block(Some(0)).len());
        let padded =
            padding.and_then(|length| u16::try_from(length).ok()).map(|length| self.padded_block(Some(length)));
        let candidates = [Some(self.padded_block(None)), padded];
        candidates.into_iter().flatten().any(|candidate| Sha256::digest(candidate)[..] == *hash)
    }
}

/// Persistent bytes of a preloaded program besides its block.
const PRELOADED_CODE: u32 = 4096;

/// Tags of components (Java Card Virtual Machine Specification §6.1).
const HEADER: u8 = 1;
const APPLET: u8 = 3;
const METHOD: u8 = 7;

/// Bytes that do not compress: SHA-256 of counters.
fn filling(length: u16) -> Vec<u8> {
    let blocks = (0..length.div_ceil(32)).flat_map(|counter| Sha256::digest(counter.to_be_bytes()));
    blocks.take(usize::from(length)).collect()
}

fn component(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag][..], &(content.len() as u16).to_be_bytes(), content].concat()
}

/// The load file that `block` is: a built-in program where its hash is known, an opaque one otherwise. It takes the
/// block's bytes. `None` where the AID it names is not `aid` (GPCS §11.5.2.3.1: they must agree).
#[must_use]
pub fn recognize(aid: &Aid, block: &[u8]) -> Option<Package> {
    let (hash, size) = (Sha256::digest(block), block.len() as u32);
    if let Some(known) = all().iter().find(|known| known.is(block, &hash)) {
        return (known.package == *aid).then(|| known.registered_with(size));
    }
    let components = components(block);
    let named = components.iter().find(|(tag, _)| *tag == HEADER).and_then(|(_, header)| package_aid(header));
    if named.is_some_and(|(named, _)| named != *aid) {
        return None;
    }
    let modules = components.iter().find(|(tag, _)| *tag == APPLET).and_then(|(_, applets)| module_aids(applets));
    Some(Package {
        aid: *aid,
        modules: modules.unwrap_or_default(),
        program: ProgramName::Opaque,
        version: named.map_or([0, 0], |(_, version)| version),
        size,
    })
}

/// The components of a load file data block, as far as it is one: tag, length 2, content.
fn components(mut block: &[u8]) -> Vec<(u8, &[u8])> {
    let mut found = Vec::new();
    while let [tag, high, low, rest @ ..] = block {
        let Some((content, after)) = rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low]))) else {
            return Vec::new();
        };
        found.push((*tag, content));
        block = after;
    }
    found
}

/// AID and version in a Header component: magic 4, format 2, flags 1, minor, major, AID.
fn package_aid(header: &[u8]) -> Option<(Aid, [u8; 2])> {
    let [0xDE, 0xCA, 0xFF, 0xED, _, _, _, minor, major, length, rest @ ..] = header else { return None };
    Some((Aid::new(rest.get(..usize::from(*length))?).ok()?, [*major, *minor]))
}

/// The AIDs in an Applet component: count, then AID and install method offset of each.
fn module_aids(applets: &[u8]) -> Option<Vec<Aid>> {
    let (count, mut rest) = applets.split_first()?;
    let mut aids = Vec::new();
    for _ in 0..*count {
        let (length, after) = rest.split_first()?;
        let (aid, after) = after.split_at_checked(usize::from(*length))?;
        aids.push(Aid::new(aid).ok()?);
        rest = after.get(2..)?;
    }
    Some(aids)
}
