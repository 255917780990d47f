//! Secrets that leave the keystore, and key values within it: in locked memory, wiped when dropped.

use zeroize::Zeroize;

use crate::Error;
use crate::locked_memory::LockedBytes;

/// At most 4096 bytes that nobody may see: not printable, not copyable, kept out of swap and core dumps where the
/// system allows it, and wiped when dropped.
pub struct Secret(LockedBytes);

impl Secret {
    /// The longest secret in bytes.
    pub const MAX_LENGTH: usize = LockedBytes::CAPACITY;

    /// Takes the bytes over; `clear` is wiped, whatever happens.
    ///
    /// # Errors
    /// [`Error::Length`] for more than 4096 bytes.
    pub fn take(clear: &mut [u8]) -> Result<Self, Error> {
        let held = Self::copy_of(clear);
        clear.zeroize();
        held
    }

    /// A copy; `clear` is the caller's to wipe.
    pub(crate) fn copy_of(clear: &[u8]) -> Result<Self, Error> {
        let too_long = Error::Length { what: "a secret", length: clear.len(), allowed: "0 to 4096" };
        LockedBytes::copy_of(clear).map(Self).ok_or(too_long)
    }

    /// The bytes, for as long as they are borrowed.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// Whether the system agreed to keep the bytes out of swap.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.0.is_locked()
    }
}
