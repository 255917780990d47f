//! What remains of personalization data in memory once its commands were wrapped and dropped: nothing.
#![cfg(target_os = "linux")]
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "a test may read its own memory")]

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use cardwright_apdu::Dgi;
use cardwright_globalplatform::commands::{Blocks, StoredDgi, StructureBits, store_data};
use zeroize::Zeroize;

use crate::dialogue::FULL;

/// How many bytes in a row are looked for.
const LENGTH: usize = 48;

/// The byte at `index` of the data looked for; computed, so that looking for it does not leave it in memory.
fn byte(index: usize) -> u8 {
    (index as u8).wrapping_mul(151).wrapping_add(89) ^ 0x3C
}

/// How often the data stands in this process's heap.
fn found() -> usize {
    let memory = File::open("/proc/self/mem").unwrap();
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let mut buffer = vec![0; 1 << 16];
    let own = buffer.as_ptr() as usize..buffer.as_ptr() as usize + buffer.len();
    let mut count = 0;
    for line in maps.lines().filter(|line| line.contains(" rw-p ")) {
        let (start, rest) = line.split_once('-').unwrap();
        let (start, end) = (address(start), address(rest.split_once(' ').unwrap().0));
        for window in (start..end).step_by(buffer.len() - LENGTH) {
            let length = buffer.len().min(end - window);
            let Ok(length) = memory.read_at(&mut buffer[..length], window as u64) else { break };
            let places = (0..length.saturating_sub(LENGTH)).filter(|at| stands(&buffer[*at..]));
            count += places.filter(|at| !own.contains(&(window + at))).count();
        }
    }
    buffer.zeroize();
    count
}

fn address(hexadecimal: &str) -> usize {
    usize::from_str_radix(hexadecimal, 16).unwrap()
}

/// The bytes from 100 on: the allocator's own notes overwrite the first bytes of what was freed.
fn stands(bytes: &[u8]) -> bool {
    bytes[0] == byte(100) && (0..LENGTH).all(|index| bytes[index] == byte(100 + index))
}

#[test]
fn personalization_data_does_not_remain_in_memory() {
    let mut dgi = Dgi::new(0x0101, (0..200).map(byte).collect::<Vec<_>>()).unwrap();
    let commands = store_data(
        &[StoredDgi { dgi: &dgi, encrypted: false, optional: false }],
        StructureBits::Stated,
        239,
        Blocks::ALL,
    )
    .unwrap();
    dgi.data.zeroize();
    assert!(found() > 0, "the control: a command that is held has its data");
    let (_, authenticated) = FULL.opened();
    let script = authenticated.wrap(&commands.clone()).unwrap();
    drop(commands);
    assert_eq!(found(), 0, "nothing remains beside the wrapped script");
    drop(script);
}
