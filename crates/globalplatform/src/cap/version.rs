//! A package's version, as its Header component and the card's registry have it.

use std::fmt;

/// The version of a package: who may link to it depends on both numbers (Java Card VM §4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageVersion {
    /// steps where older users of the package no longer fit
    pub major: u8,
    /// steps where something was added
    pub minor: u8,
}

impl PackageVersion {
    /// As GET STATUS tells it under tag CE: major, then minor (GPCS §11.4.3.1, note 1).
    #[must_use]
    pub fn to_bytes(self) -> [u8; 2] {
        [self.major, self.minor]
    }
}

impl fmt::Display for PackageVersion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}", self.major, self.minor)
    }
}
