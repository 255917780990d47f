//! From a passphrase to the key of the file: Argon2id (RFC 9106).

use argon2::{Algorithm, Argon2, Params, Version};
use zeroize::Zeroizing;

use crate::{Error, Secret};

/// How dear each guess of a passphrase is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassphraseCost {
    /// memory in KiB
    pub(super) memory: u32,
    /// passes over the memory
    pub(super) passes: u32,
    /// lanes
    pub(super) lanes: u32,
}

impl PassphraseCost {
    /// 64 MiB, 3 passes, 4 lanes (RFC 9106 §4, the second recommended choice): a good tenth of a second.
    pub const RECOMMENDED: Self = Self { memory: 64 * 1024, passes: 3, lanes: 4 };

    /// Next to nothing, so that tests do not wait. A file made with this is as good as its passphrase is long.
    #[must_use]
    pub const fn weak_for_tests() -> Self {
        Self { memory: 8, passes: 1, lanes: 1 }
    }

    /// The cost that a file's header tells, unless it is so high that opening would never end.
    pub(super) fn of_file(memory: u32, passes: u32, lanes: u32) -> Option<Self> {
        let bounded = memory <= 1024 * 1024 && passes <= 32 && lanes <= 16;
        (bounded && Params::new(memory, passes, lanes, None).is_ok()).then_some(Self { memory, passes, lanes })
    }

    /// The file's key, 32 bytes.
    pub(super) fn derive(self, passphrase: &[u8], salt: &[u8]) -> Result<Secret, Error> {
        let refused = |error: argon2::Error| Error::Unavailable(format!("Argon2id: {error}"));
        let parameters = Params::new(self.memory, self.passes, self.lanes, None).map_err(refused)?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
            .hash_password_into(passphrase, salt, &mut *key)
            .map_err(refused)?;
        Secret::take(&mut *key)
    }
}
