//! Memory for key values that is not swapped, not dumped, and wiped when given back.
//!
//! The one place of the workspace with unsafe code: the system calls that lock pages have no safe form, and the
//! allocator gives no pages of its own. Regions of 64 KiB are mapped once, locked and divided into slots: of 64 bytes
//! for symmetric keys, which are many, and of 4 KiB for RSA keys, which are few. A slot belongs to one [`LockedBytes`]
//! from its making to its drop, and regions are never unmapped, so that a slot's address is good for ever. Where the
//! system refuses to lock (RLIMIT_MEMLOCK), the slot is used unlocked and says so.
#![allow(unsafe_code)] // mmap, mlock and madvise, and the slots within

use std::ptr::NonNull;
use std::slice;
use std::sync::{Mutex, PoisonError};

use zeroize::Zeroize;

const REGION: usize = 64 * 1024;

/// The slots of one length.
struct Pool {
    /// in bytes; a divisor of a region
    length: usize,
    /// slots that nobody has, all zero
    free: Mutex<Vec<Slot>>,
}

const LONGEST: usize = 4096;

static SHORT: Pool = Pool { length: 64, free: Mutex::new(Vec::new()) };
static LONG: Pool = Pool { length: LONGEST, free: Mutex::new(Vec::new()) };

/// An address within a region, with a pool's length of bytes behind it.
struct Slot {
    address: NonNull<u8>,
    locked: bool,
}

// SAFETY: a slot is an address in memory that is never unmapped; whoever has the slot alone has the memory.
unsafe impl Send for Slot {}
// SAFETY: through a shared slot the memory is only read.
unsafe impl Sync for Slot {}

/// Up to 4096 bytes in a slot of their own.
pub(crate) struct LockedBytes {
    pool: &'static Pool,
    slot: Option<Slot>,
    length: usize,
}

impl LockedBytes {
    /// The most bytes that fit.
    pub(crate) const CAPACITY: usize = LONGEST;

    /// A copy of `bytes`; `None` for more than 4096.
    pub(crate) fn copy_of(bytes: &[u8]) -> Option<Self> {
        let pool = [&SHORT, &LONG].into_iter().find(|pool| bytes.len() <= pool.length)?;
        let slot = pool.take();
        // SAFETY: the slot is ours alone, as long as its pool says, and `bytes` is no longer and lies elsewhere.
        unsafe { slot.address.as_ptr().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        Some(Self { pool, slot: Some(slot), length: bytes.len() })
    }

    /// The bytes.
    pub(crate) fn as_slice(&self) -> &[u8] {
        let Some(slot) = &self.slot else { return &[] };
        // SAFETY: the slot is ours until the drop, mapped for ever, and its first `length` bytes are initialised.
        unsafe { slice::from_raw_parts(slot.address.as_ptr(), self.length) }
    }

    /// Whether the pages are locked.
    pub(crate) fn is_locked(&self) -> bool {
        self.slot.as_ref().is_some_and(|slot| slot.locked)
    }
}

impl Drop for LockedBytes {
    fn drop(&mut self) {
        let Some(slot) = self.slot.take() else { return };
        // SAFETY: the slot is still ours alone, and as long as its pool says.
        unsafe { slice::from_raw_parts_mut(slot.address.as_ptr(), self.pool.length) }.zeroize();
        self.pool.free.lock().unwrap_or_else(PoisonError::into_inner).push(slot);
    }
}

impl Pool {
    fn take(&self) -> Slot {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.is_empty() {
            map_region(&mut free, self.length);
        }
        free.pop().expect("a region was just divided into slots")
    }
}

/// Maps a region, locks it, and puts its slots of `length` bytes to the free ones.
fn map_region(free: &mut Vec<Slot>, length: usize) {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new anonymous mapping touches nothing that exists.
    let address = unsafe { libc::mmap(std::ptr::null_mut(), REGION, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
    let address = if address == libc::MAP_FAILED { None } else { NonNull::new(address.cast::<u8>()) };
    let Some(address) = address else { std::alloc::handle_alloc_error(std::alloc::Layout::new::<[u8; REGION]>()) };
    // SAFETY: the whole range was mapped just now and is ours.
    let locked = unsafe { libc::mlock(address.as_ptr().cast(), REGION) } == 0;
    // SAFETY: as above. Where the advice is not known, only the core dump is larger.
    #[cfg(target_os = "linux")]
    unsafe {
        libc::madvise(address.as_ptr().cast(), REGION, libc::MADV_DONTDUMP);
    }
    free.extend((0..REGION / length).map(|index| {
        // SAFETY: index × length lies within the region.
        let address = unsafe { address.add(index * length) };
        Slot { address, locked }
    }));
}
