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
    /// the package
    pub package: Aid,
    /// its modules, one or more
    pub modules: Vec<Module>,
}

/// One module of a package.
pub struct Module {
    /// what its instances run
    pub program: ProgramName,
    /// its AID, and the one that an instance has by default
    pub aid: Aid,
}

/// The built-in packages, the identity application's first.
///
/// # Panics
/// Never: the AIDs are 5 to 16 bytes.
#[must_use]
pub fn all() -> [BuiltIn; 3] {
    let aid = |bytes: &[u8]| Aid::new(bytes).expect("5 to 16 bytes");
    let package = |package: &[u8], modules: &[(ProgramName, &[u8])]| BuiltIn {
        program: modules[0].0,
        package: aid(package),
        modules: modules
            .iter()
            .map(|(program, ending)| Module { program: *program, aid: aid(&[package, ending].concat()) })
            .collect(),
    };
    [
        package(IDENTITY, &[(ProgramName::Identity, &[0x01])]),
        package(PIV, &[(ProgramName::Piv, &[0x01, 0x00])]),
        package(EMV, &[(ProgramName::Emv, &[0x01]), (ProgramName::PaymentEnvironment, &[0x02])]),
    ]
}

/// The identity application's package.
const IDENTITY: &[u8] = &[0xF0, 0x43, 0x41, 0x52, 0x44, 0x57, 0x49, 0x44, 0x00];
/// The EMV applications' package.
const EMV: &[u8] = &[0xF0, 0x43, 0x41, 0x52, 0x44, 0x57, 0x45, 0x4D, 0x56, 0x00];
/// The PIV application's package (NIST SP 800-73-4).
const PIV: &[u8] = &[0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00];

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

    /// The load file data block, without tag C4 and length.
    #[must_use]
    pub fn load_file_data_block(&self) -> Vec<u8> {
        let package = self.package.as_bytes();
        let header = [&[0xDE, 0xCA, 0xFF, 0xED, 1, 2, 0, 0, 1, package.len() as u8][..], package].concat();
        let mut applets = vec![self.modules.len() as u8];
        for module in self.modules.iter().map(|module| module.aid.as_bytes()) {
            applets.push(module.len() as u8);
            applets.extend_from_slice(module);
            applets.extend_from_slice(&[0, 0]);
        }
        [component(1, &header), component(3, &applets)].concat()
    }

    /// The load file as it stands in the registry.
    #[must_use]
    pub fn registered(&self) -> Package {
        Package {
            aid: self.package,
            modules: self.modules.iter().map(|module| module.aid).collect(),
            program: self.program,
            version: [1, 0],
            size: self.load_file_data_block().len() as u32 + 4096,
        }
    }
}

fn component(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag][..], &(content.len() as u16).to_be_bytes(), content].concat()
}

/// The load file that `block` is: a built-in program where its hash is known, an opaque one otherwise.
/// `None` where the AID it names is not `aid` (GPCS §11.5.2.3.1: they must agree).
#[must_use]
pub fn recognize(aid: &Aid, block: &[u8]) -> Option<Package> {
    let hash = Sha256::digest(block);
    if let Some(known) = all().iter().find(|program| Sha256::digest(program.load_file_data_block()) == hash) {
        return (known.package == *aid).then(|| known.registered());
    }
    let components = components(block);
    let named = components.iter().find(|(tag, _)| *tag == 1).and_then(|(_, header)| package_aid(header));
    if named.is_some_and(|(named, _)| named != *aid) {
        return None;
    }
    let modules = components.iter().find(|(tag, _)| *tag == 3).and_then(|(_, applets)| module_aids(applets));
    Some(Package {
        aid: *aid,
        modules: modules.unwrap_or_default(),
        program: ProgramName::Opaque,
        version: named.map_or([0, 0], |(_, version)| version),
        size: block.len() as u32,
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
