//! CAP files to test with, each wrong in the way that a test wants. Tests of other crates take this file in too.

#![allow(dead_code, reason = "each of the tests that take this file in needs a part of it")]

use std::io::Write;

use rawzip::path::EntryPath;
use rawzip::{CompressionMethod, DataDescriptorOutput, ZipArchiveWriter};

pub(crate) const PACKAGE: &str = "F043415244574944";
/// The components by ascending tag, as their files are called.
pub(crate) const NAMES: [&str; 12] = [
    "Header",
    "Directory",
    "Applet",
    "Import",
    "ConstantPool",
    "Class",
    "Method",
    "StaticField",
    "RefLocation",
    "Export",
    "Descriptor",
    "Debug",
];

/// A CAP file in the making: the files of its archive, in order.
#[derive(Clone)]
pub(crate) struct Cap {
    pub(crate) entries: Vec<(String, Vec<u8>)>,
    pub(crate) method: CompressionMethod,
}

/// A component of `info`.
pub(crate) fn component(tag: u8, info: &[u8]) -> Vec<u8> {
    [&[tag][..], &(info.len() as u16).to_be_bytes(), info].concat()
}

/// The info of a Header of format 2.2 for version 1.2 of [`PACKAGE`].
pub(crate) fn header(flags: u8) -> Vec<u8> {
    hex::decode(format!("DECAFFED0202{flags:02X}020108{PACKAGE}07")).unwrap().into_iter().chain(*b"card/id").collect()
}

/// The info of an Applet component with these modules.
pub(crate) fn applets(modules: &[&str]) -> Vec<u8> {
    let one = |module: &&str| [&[module.len() as u8 / 2][..], &hex::decode(module).unwrap(), &[0, 9]].concat();
    [vec![modules.len() as u8], modules.iter().flat_map(one).collect()].concat()
}

impl Cap {
    /// A whole package with two modules, as a converter makes it: a manifest first, then the components by name.
    pub(crate) fn new() -> Self {
        let mut infos: Vec<Vec<u8>> = (0..12u8).map(|tag| vec![tag; 20 + usize::from(tag)]).collect();
        infos[0] = header(0x06);
        infos[2] = applets(&["F0434152445749440001", "F043415244574944000201"]);
        infos[3] = hex::decode("01000107A0000000620101").unwrap(); // imports version 1.0 of javacard.framework
        Self::of(infos)
    }

    /// A small whole package: version 2.`minor` of `package`, with one module, `package` and 01, and this Method component.
    pub(crate) fn small(package: &str, minor: u8, method: &[u8]) -> Self {
        let mut infos: Vec<Vec<u8>> = (0..12u8).map(|tag| vec![tag]).collect();
        infos[0] = hex::decode(format!("DECAFFED020204{minor:02X}02{:02X}{package}00", package.len() / 2)).unwrap();
        infos[2] = applets(&[&format!("{package}01")]);
        (infos[6], infos[9], infos[11]) = (method.to_vec(), Vec::new(), Vec::new());
        Self::of(infos)
    }

    /// A package of these components by ascending tag, empty ones left out; the second is made to fit.
    pub(crate) fn of(mut infos: Vec<Vec<u8>>) -> Self {
        infos[1] = vec![0; 2 * 12 + 9];
        let sizes: Vec<u8> = infos.iter().flat_map(|info| (info.len() as u16).to_be_bytes()).collect();
        infos[1][..24].copy_from_slice(&sizes);
        let mut entries = vec![("META-INF/MANIFEST.MF".to_owned(), b"Manifest-Version: 1.0\n".to_vec())];
        for (index, info) in infos.iter().enumerate().filter(|(_, info)| !info.is_empty()) {
            entries.push((path(NAMES[index]), component(index as u8 + 1, info)));
        }
        entries[1..].sort();
        Self { entries, method: CompressionMethod::DEFLATE }
    }

    /// The file of a component.
    pub(crate) fn file(&mut self, name: &str) -> &mut Vec<u8> {
        let path = path(name);
        &mut self.entries.iter_mut().find(|(entry, _)| *entry == path).unwrap().1
    }

    /// Without a component.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.entries.retain(|(entry, _)| *entry != path(name));
        self
    }

    /// With one more file in the archive.
    pub(crate) fn with(mut self, path: &str, bytes: Vec<u8>) -> Self {
        self.entries.push((path.to_owned(), bytes));
        self
    }

    /// The archive.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut archive = ZipArchiveWriter::new(Vec::new());
        for (path, bytes) in &self.entries {
            let packed = match self.method {
                CompressionMethod::DEFLATE => miniz_oxide::deflate::compress_to_vec(bytes, 6),
                _ => bytes.clone(),
            };
            let file = archive.new_file(EntryPath::verbatim(path.as_bytes())).compression_method(self.method);
            let (mut entry, _) = file.start().unwrap();
            entry.write_all(&packed).unwrap();
            entry.finish(DataDescriptorOutput::new(rawzip::crc32(bytes), bytes.len() as u64)).unwrap();
        }
        archive.finish().unwrap()
    }
}

/// Where a component of the package card/id stands.
pub(crate) fn path(name: &str) -> String {
    format!("card/id/javacard/{name}.cap")
}

/// Where the record of `path` begins in the archive's list.
pub(crate) fn record(archive: &[u8], path: &str) -> usize {
    let begins = |place: &usize| {
        archive[*place..].starts_with(b"PK\x01\x02") && archive[*place + 46..].starts_with(path.as_bytes())
    };
    (0..archive.len()).find(begins).unwrap()
}

/// Where the data's own header of `path` begins.
pub(crate) fn local_header(archive: &[u8], path: &str) -> usize {
    let record = record(archive, path);
    u32::from_le_bytes(archive[record + 42..record + 46].try_into().unwrap()) as usize
}
