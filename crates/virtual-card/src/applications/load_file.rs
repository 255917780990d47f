//! Load file data blocks: components of the Java Card CAP format, one behind the other (Java Card Virtual Machine
//! Specification 2.2.2, chapter 6). Those of the built-in programs are made here; of all others, package and modules
//! are read. No bytecode: what these components would do, the card does itself.

use cardwright_apdu::Aid;
use sha2::{Digest, Sha256};

/// The most padding: a component's size has two bytes.
pub const LONGEST_PADDING: u16 = 0xFF00;

/// Tags of components.
const HEADER: u8 = 1;
const DIRECTORY: u8 = 2;
const APPLET: u8 = 3;
const IMPORT: u8 = 4;
const CONSTANT_POOL: u8 = 5;
const CLASS: u8 = 6;
const METHOD: u8 = 7;
const STATIC_FIELD: u8 = 8;
const REFERENCE_LOCATION: u8 = 9;

/// Format 2.1, and the flag that says that there is an Applet component.
const MAGIC: [u8; 4] = [0xDE, 0xCA, 0xFF, 0xED];
const FORMAT: [u8; 2] = [1, 2];
const HAS_APPLETS: u8 = 0x04;

/// javacard.framework, and the class Applet in it.
const FRAMEWORK: [u8; 7] = [0xA0, 0x00, 0x00, 0x00, 0x62, 0x01, 0x01];
const APPLET_CLASS: [u8; 2] = [0x80, 0x03];

/// What a load file of ours is told from others by.
pub(super) struct LoadFile<'a> {
    pub(super) package: &'a Aid,
    pub(super) version: u8,
    pub(super) modules: Vec<Aid>,
}

impl LoadFile<'_> {
    /// Header and Applet alone: enough to name package and modules.
    pub(super) fn short_block(&self) -> Vec<u8> {
        [component(HEADER, &self.header(0x00)), component(APPLET, &self.applets())].concat()
    }

    /// All components that a loader sends, in its order, each with its file's name.
    pub(super) fn components(&self, padding: u16) -> Vec<(&'static str, Vec<u8>)> {
        let loaded = [
            (IMPORT, "Import.cap", self.imports()),
            (APPLET, "Applet.cap", self.applets()),
            (CLASS, "Class.cap", [&[0][..], &APPLET_CLASS, &[0; 7]].concat()),
            (METHOD, "Method.cap", [vec![0], filling(padding)].concat()),
            (STATIC_FIELD, "StaticField.cap", vec![0; 10]),
            (CONSTANT_POOL, "ConstantPool.cap", [&[0, 1, 7][..], &APPLET_CLASS, &[0]].concat()),
            (REFERENCE_LOCATION, "RefLocation.cap", vec![0; 4]),
        ];
        let header = self.header(HAS_APPLETS);
        let directory = self.directory(header.len(), &loaded);
        let first = [(HEADER, "Header.cap", header), (DIRECTORY, "Directory.cap", directory)];
        first.into_iter().chain(loaded).map(|(tag, name, content)| (name, component(tag, &content))).collect()
    }

    /// Magic, format, flags, package version (minor, major), package AID (§6.3).
    fn header(&self, flags: u8) -> Vec<u8> {
        let package = self.package.as_bytes();
        let version = [flags, 0, self.version, package.len() as u8];
        [&MAGIC[..], &FORMAT, &version, package].concat()
    }

    /// The sizes of the components with tags 1 to 11, of static fields, and numbers of packages and applets (§6.4).
    fn directory(&self, header: usize, loaded: &[(u8, &str, Vec<u8>)]) -> Vec<u8> {
        const SIZE: usize = 11 * 2 + 6 + 3;
        let size = |tag: u8| match tag {
            HEADER => header,
            DIRECTORY => SIZE,
            _ => loaded.iter().find(|(other, ..)| *other == tag).map_or(0, |(_, _, content)| content.len()),
        };
        let mut directory: Vec<u8> = (1..=11).flat_map(|tag| (size(tag) as u16).to_be_bytes()).collect();
        directory.extend_from_slice(&[0; 6]);
        directory.extend_from_slice(&[1, self.modules.len() as u8, 0]);
        directory
    }

    /// One package, in version 1.0 (§6.6).
    fn imports(&self) -> Vec<u8> {
        [&[1, 0, 1, FRAMEWORK.len() as u8][..], &FRAMEWORK].concat()
    }

    /// AID and install method of each module (§6.5).
    fn applets(&self) -> Vec<u8> {
        let mut applets = vec![self.modules.len() as u8];
        for module in self.modules.iter().map(Aid::as_bytes) {
            applets.push(module.len() as u8);
            applets.extend_from_slice(module);
            applets.extend_from_slice(&[0, 0]);
        }
        applets
    }
}

fn component(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag][..], &(content.len() as u16).to_be_bytes(), content].concat()
}

/// Bytes that do not compress: SHA-256 of counters.
fn filling(length: u16) -> Vec<u8> {
    let blocks = (0..length.div_ceil(32)).flat_map(|counter| Sha256::digest(counter.to_be_bytes()));
    blocks.take(usize::from(length)).collect()
}

/// AID and version (major, minor) of the package that `block` is.
pub(super) fn package(block: &[u8]) -> Option<(Aid, [u8; 2])> {
    let header = content(block, HEADER)?;
    let [0xDE, 0xCA, 0xFF, 0xED, _, _, _, minor, major, length, rest @ ..] = header else { return None };
    Some((Aid::new(rest.get(..usize::from(*length))?).ok()?, [*major, *minor]))
}

/// The AIDs of the modules in `block`.
pub(super) fn modules(block: &[u8]) -> Option<Vec<Aid>> {
    let (count, mut rest) = content(block, APPLET)?.split_first()?;
    let mut aids = Vec::new();
    for _ in 0..*count {
        let (length, after) = rest.split_first()?;
        let (aid, after) = after.split_at_checked(usize::from(*length))?;
        aids.push(Aid::new(aid).ok()?);
        rest = after.get(2..)?;
    }
    Some(aids)
}

/// The content of the component `wanted`; none where `block` is not made of components.
fn content(mut block: &[u8], wanted: u8) -> Option<&[u8]> {
    let mut found = None;
    while let [tag, high, low, rest @ ..] = block {
        let (content, after) = rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low])))?;
        if *tag == wanted {
            found = found.or(Some(content));
        }
        block = after;
    }
    found
}
