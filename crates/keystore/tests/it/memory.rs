//! Where secrets lie: in pages that the kernel neither swaps nor dumps. Asked of the kernel itself.

use std::fs;

use cardwright_keystore::Secret;

/// A stretch of this process's memory, as the kernel tells it (proc(5), `/proc/PID/smaps`).
#[derive(Debug, Clone, Default)]
pub(crate) struct Mapping {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) writable: bool,
    /// two letters each: `lo` locked, `dd` not dumped
    pub(crate) flags: Vec<String>,
}

pub(crate) fn mappings() -> Vec<Mapping> {
    let smaps = fs::read_to_string("/proc/self/smaps").unwrap();
    let mut mappings: Vec<Mapping> = Vec::new();
    for line in smaps.lines() {
        if let Some(flags) = line.strip_prefix("VmFlags:") {
            mappings.last_mut().unwrap().flags = flags.split_whitespace().map(str::to_owned).collect();
        } else if let Some((start, end, access)) = range(line) {
            mappings.push(Mapping { start, end, writable: access.starts_with("rw"), flags: Vec::new() });
        }
    }
    mappings
}

/// The first line of a mapping: `start-end access …`.
fn range(line: &str) -> Option<(usize, usize, &str)> {
    let (addresses, rest) = line.split_once(' ')?;
    let (start, end) = addresses.split_once('-')?;
    Some((usize::from_str_radix(start, 16).ok()?, usize::from_str_radix(end, 16).ok()?, rest))
}

fn flags_of(address: *const u8) -> Vec<String> {
    let holds = |mapping: &Mapping| (mapping.start..mapping.end).contains(&(address as usize));
    mappings().into_iter().find(holds).unwrap().flags
}

#[test]
fn secrets_lie_in_locked_pages_that_are_not_dumped() {
    let mut clear = *b"a session key...";
    let secret = Secret::take(&mut clear).unwrap();
    assert_eq!(clear, [0; 16], "the source is wiped");
    let flags = flags_of(secret.expose().as_ptr());
    assert!(flags.contains(&"dd".to_owned()), "not dumped: {flags:?}");
    assert_eq!(flags.contains(&"lo".to_owned()), secret.is_locked());
    assert!(secret.is_locked(), "RLIMIT_MEMLOCK allows no 64 KiB here");
    let ordinary = Box::new([0_u8; 16]);
    let flags = flags_of(ordinary.as_ptr());
    assert!(!flags.contains(&"dd".to_owned()) && !flags.contains(&"lo".to_owned()), "the control: {flags:?}");
}

#[test]
fn secrets_hold_up_to_4096_bytes_and_do_not_overlap() {
    assert!(Secret::take(&mut [1; 4097]).is_err());
    let lengths = || (0..=130).chain([1000, 2303, 4095, 4096]);
    let fill = |length: usize| vec![length as u8; length];
    let secrets: Vec<_> = lengths().map(|length| Secret::take(&mut fill(length)).unwrap()).collect();
    for (length, secret) in lengths().zip(&secrets) {
        assert_eq!(secret.expose(), fill(length));
        assert!(secret.is_locked());
    }
}

#[test]
fn thousands_of_secrets_from_many_threads_stay_apart() {
    std::thread::scope(|scope| {
        for thread in 0..4_u8 {
            scope.spawn(move || {
                for round in 0..20_u8 {
                    let fill = |index: usize| [thread, round, index as u8, (index >> 8) as u8];
                    let held: Vec<_> = (0..600).map(|index| Secret::take(&mut fill(index)).unwrap()).collect();
                    assert!(held.iter().enumerate().all(|(index, secret)| secret.expose() == fill(index)));
                }
            });
        }
    });
}
