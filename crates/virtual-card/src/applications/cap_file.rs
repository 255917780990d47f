//! CAP files of the built-in programs: a JAR with the components of a load file, one file each.

use std::io::Write;

use rawzip::{CompressionMethod, Error, ZipArchiveWriter};

/// The JAR's manifest, and `components` as they are, not compressed, in one directory `PACKAGE/javacard` (Java Card
/// Virtual Machine Specification 2.2.2 §6.1.1).
pub(super) fn archive(package: &str, components: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes, package, components).expect("a vector takes every byte, and the names are short and differ");
    bytes
}

fn write(bytes: &mut Vec<u8>, package: &str, components: &[(&str, Vec<u8>)]) -> Result<(), Error> {
    let mut archive = ZipArchiveWriter::new(bytes);
    add(&mut archive, "META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\r\n\r\n")?;
    for (name, component) in components {
        add(&mut archive, &format!("{package}/javacard/{name}"), component)?;
    }
    archive.finish().map(|_| ())
}

fn add<W: Write>(archive: &mut ZipArchiveWriter<W>, path: &str, content: &[u8]) -> Result<(), Error> {
    let (mut entry, config) = archive.new_file(path).compression_method(CompressionMethod::STORE).start()?;
    let mut writer = config.wrap(&mut entry);
    writer.write_all(content)?;
    let (_, descriptor) = writer.finish()?;
    entry.finish(descriptor).map(|_| ())
}
