//! Data groupings with what protects them.

use cardwright_apdu::Dgi;
use minicbor::{Decode, Encode};
use zeroize::Zeroize;

use crate::encoding;

/// A data grouping with how it must travel. Erased when dropped.
#[derive(Encode, Decode)]
pub struct ProtectedDgi {
    #[cbor(n(0), with = "encoding::dgi")]
    dgi: Dgi,
    /// what protects it besides the secure channel
    #[n(1)]
    pub protection: Protection,
    /// whether it tells something about a person: such data goes only under command encryption
    #[n(2)]
    pub personal: bool,
    /// whether the card may refuse it with 6A88, as a version that does not know it
    #[n(3)]
    pub optional: bool,
}

impl ProtectedDgi {
    pub(crate) fn new(dgi: Dgi, protection: Protection, personal: bool, optional: bool) -> Self {
        Self { dgi, protection, personal, optional }
    }

    /// The grouping, its data in clear.
    #[must_use]
    pub fn dgi(&self) -> &Dgi {
        &self.dgi
    }
}

impl Drop for ProtectedDgi {
    fn drop(&mut self) {
        self.dgi.data.zeroize();
    }
}

/// What protects a DGI besides the secure channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Protection {
    /// the secure channel alone
    #[n(0)]
    Clear,
    /// encrypted under the data encryption key as well (GPCS §11.11.3.2; Amd D §6.2.8); padded with 80 00.. only where
    /// its length is no multiple of the cipher's block
    #[n(1)]
    Dek,
    /// the same, padded always: parts of RSA keys
    #[n(2)]
    DekPadded,
}

impl Protection {
    /// Whether the data encryption key encrypts it.
    #[must_use]
    pub fn is_under_dek(self) -> bool {
        self != Self::Clear
    }
}
