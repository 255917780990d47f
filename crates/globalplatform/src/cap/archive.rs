//! The archive around the components. Whoever made it may mean harm: nothing is unpacked but the components that go to a
//! card, none of them beyond what a component can be, and what other programs might read otherwise is refused.

use rawzip::{CompressionMethod, ZipArchive, ZipFileHeaderRecord, ZipSliceArchive, ZipVerification};

use super::CapFault;
use super::component::{Component, Components, Kind};

/// The most entries that are looked at.
const MOST_ENTRIES: usize = 256;
/// The directory of components inside the package's own (JCVM §4.1.3).
const COMPONENTS: &str = "javacard";

/// The components that go to a card, unpacked.
pub(super) fn components(file: &[u8]) -> Result<Components, CapFault> {
    let archive = ZipArchive::from_slice(file).map_err(unreadable)?;
    if archive.end_offset() != file.len() as u64 {
        return Err(CapFault::Archive("bytes follow its end".into()));
    }
    let mut components = Components::default();
    let mut package: Option<String> = None;
    let mut ranges = Vec::new();
    for entry in entries(&archive)? {
        let path = path(&entry)?;
        let Some((directory, kind)) = place(&path)? else { continue };
        match &package {
            Some(first) if *first != directory => {
                return Err(CapFault::SeveralPackages { first: first.clone(), second: directory });
            }
            _ => package = Some(directory),
        }
        if kind.is_loaded() {
            let (bytes, range) = unpack(&archive, &entry, &path)?;
            ranges.push(range);
            components.add(Component::read(kind, bytes)?)?;
        }
    }
    apart(ranges)?;
    Ok(components)
}

/// All entries of the central directory, as many as it says.
fn entries<'a>(archive: &'a ZipSliceArchive<&[u8]>) -> Result<Vec<ZipFileHeaderRecord<'a>>, CapFault> {
    let mut entries = Vec::new();
    let mut rest = archive.entries();
    while let Some(entry) = rest.next_entry().map_err(unreadable)? {
        if entries.len() == MOST_ENTRIES {
            return Err(CapFault::Archive(format!("it has more than {MOST_ENTRIES} entries")));
        }
        entries.push(entry);
    }
    match archive.entries_hint() {
        told if told == entries.len() as u64 => Ok(entries),
        told => Err(CapFault::Archive(format!("it says that it has {told} entries, and has {}", entries.len()))),
    }
}

fn path(entry: &ZipFileHeaderRecord<'_>) -> Result<String, CapFault> {
    let path = std::str::from_utf8(entry.file_path().as_bytes());
    path.map(str::to_owned).map_err(|_| CapFault::Archive("an entry's path is not UTF-8 text".into()))
}

/// The directory above a component's, and which component it is; nothing for what else may stand in the archive.
fn place(path: &str) -> Result<Option<(String, Kind)>, CapFault> {
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
    let package = match directory.rsplit_once('/') {
        Some((package, COMPONENTS)) => package,
        None if directory == COMPONENTS => "",
        _ => return Ok(None),
    };
    match Kind::named(name) {
        Some(kind) => Ok(Some((package.to_owned(), kind))),
        None if name.to_ascii_lowercase().ends_with(".cap") => Err(CapFault::UnknownComponent(shown(path))),
        None => Ok(None),
    }
}

/// What an entry holds, and where in the archive it stands.
fn unpack(
    archive: &ZipSliceArchive<&[u8]>,
    entry: &ZipFileHeaderRecord<'_>,
    path: &str,
) -> Result<(Vec<u8>, (u64, u64)), CapFault> {
    let fault = |problem| CapFault::Entry { entry: shown(path), problem };
    if entry.flags().is_encrypted() {
        return Err(fault("it is encrypted"));
    }
    let local = archive.get_entry(entry.wayfinder()).map_err(unreadable)?;
    if local.local_header().file_path().as_bytes() != path.as_bytes() {
        return Err(fault("it has another name in front of its data than in the archive's list"));
    }
    let packed = local.data();
    let too_long = || fault("it is longer than a component can be");
    let bytes = match entry.compression_method() {
        CompressionMethod::STORE if packed.len() > Component::LONGEST => return Err(too_long()),
        CompressionMethod::STORE => packed.to_vec(),
        CompressionMethod::DEFLATE => inflate(packed).map_err(|status| match status {
            miniz_oxide::inflate::TINFLStatus::HasMoreOutput => too_long(),
            _ => fault("its compressed data is damaged"),
        })?,
        _ => return Err(fault("its compression is neither none nor deflate")),
    };
    let found = ZipVerification { crc: rawzip::crc32(&bytes), uncompressed_size: bytes.len() as u64 };
    local.claim_verifier().valid(found).map_err(|_| fault("its length or checksum is not the archive's"))?;
    Ok((bytes, local.compressed_data_range()))
}

fn inflate(packed: &[u8]) -> Result<Vec<u8>, miniz_oxide::inflate::TINFLStatus> {
    let unpacked = miniz_oxide::inflate::decompress_to_vec_with_limit(packed, Component::LONGEST);
    unpacked.map_err(|error| error.status)
}

/// That no two entries share data.
fn apart(mut ranges: Vec<(u64, u64)>) -> Result<(), CapFault> {
    ranges.sort_unstable();
    let overlap = ranges.windows(2).any(|pair| pair[0].1 > pair[1].0);
    if overlap { Err(CapFault::Archive("entries share data".into())) } else { Ok(()) }
}

/// A path from a stranger, as people may see it.
fn shown(path: &str) -> String {
    path.chars().take(100).map(|sign| if sign.is_control() { '?' } else { sign }).collect()
}

fn unreadable(error: rawzip::Error) -> CapFault {
    CapFault::Archive(error.to_string())
}
