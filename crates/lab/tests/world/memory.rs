//! Everything that a running process holds: its memory and its open files.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::needles::Needles;

/// Memory is read in pieces of this many bytes.
const PIECE: usize = 1 << 20;

/// The needles in the memory of process `id`: every mapping that it can read and that is no file's own text. Also says
/// how many bytes were looked at.
pub(crate) fn search(id: u32, needles: &Needles) -> (Vec<String>, u64) {
    let maps = std::fs::read_to_string(format!("/proc/{id}/maps")).unwrap();
    let memory = File::open(format!("/proc/{id}/mem")).expect("the memory of another process is for root: run as root");
    let (mut found, mut looked) = (Vec::new(), 0);
    for (begin, end) in maps.lines().filter_map(mapping) {
        let mut at = begin;
        while at < end {
            let length = PIECE.min((end - at) as usize);
            let mut piece = vec![0; length];
            // a mapping may go away while it is read
            let Ok(read) = memory.read_at(&mut piece, at) else { break };
            found.extend(needles.found_in(&piece[..read]).into_iter().map(str::to_owned));
            looked += read as u64;
            if read < length || at + length as u64 >= end {
                break;
            }
            at += (length - needles.longest()) as u64;
        }
    }
    found.sort_unstable();
    found.dedup();
    (found, looked)
}

/// Begin and end of a readable mapping that the process may have written to, or that is shared memory.
fn mapping(line: &str) -> Option<(u64, u64)> {
    let mut words = line.split_whitespace();
    let (range, rights) = (words.next()?, words.next()?);
    let is_own = rights.starts_with("rw") && !line.contains("[vvar") && !line.contains("[vsyscall");
    let (begin, end) = range.split_once('-')?;
    is_own.then_some((u64::from_str_radix(begin, 16).ok()?, u64::from_str_radix(end, 16).ok()?))
}

/// The regular files that the process has open.
pub(crate) fn open_files(id: u32) -> Vec<PathBuf> {
    let links = std::fs::read_dir(format!("/proc/{id}/fd")).unwrap();
    let targets = links.filter_map(|link| std::fs::read_link(link.ok()?.path()).ok());
    targets.filter(|target| target.is_file()).collect()
}

/// The needles in all files of a directory and of those below it. Also says how many files there were.
pub(crate) fn search_files(directory: &Path, needles: &Needles) -> (Vec<String>, usize) {
    let (mut found, mut count) = (Vec::new(), 0);
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let (below, files) = search_files(&path, needles);
            found.extend(below);
            count += files;
        } else if path.is_file() {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            found.extend(
                needles.found_in(&std::fs::read(&path).unwrap()).iter().map(|needle| format!("{name}: {needle}")),
            );
            count += 1;
        }
    }
    (found, count)
}
