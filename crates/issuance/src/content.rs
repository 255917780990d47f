//! What is on a card beside its keys, as it was proven last: no personal data, kept for the card's life.

use cardwright_apdu::Aid;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

/// What a card holds. In the database it is CBOR in one column.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Content {
    /// instances, in the order of their installation
    #[n(0)]
    pub applications: Vec<Installed>,
    /// AIDs of load files that were not on the blank
    #[n(1)]
    pub load_files: Vec<ByteVec>,
}

/// One instance.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Installed {
    /// its AID
    #[n(0)]
    pub instance: ByteVec,
    /// its load file's
    #[n(1)]
    pub package: ByteVec,
    /// its profile's name
    #[n(2)]
    pub profile: String,
    /// its life-cycle state without the lock (GPCS Table 11-4)
    #[n(3)]
    pub life_cycle: u8,
}

impl Installed {
    /// An instance as it stands in the registry.
    #[must_use]
    pub fn new(instance: &Aid, package: &Aid, profile: &str, life_cycle: u8) -> Self {
        let (instance, package) = (instance.as_bytes().to_vec().into(), package.as_bytes().to_vec().into());
        Self { instance, package, profile: profile.to_owned(), life_cycle }
    }
}

impl Content {
    /// The instance with this AID.
    #[must_use]
    pub fn application(&self, instance: &Aid) -> Option<&Installed> {
        self.applications.iter().find(|installed| installed.instance.as_slice() == instance.as_bytes())
    }

    /// Whether a load file with this AID was loaded.
    #[must_use]
    pub fn has_loaded(&self, package: &Aid) -> bool {
        self.load_files.iter().any(|loaded| loaded.as_slice() == package.as_bytes())
    }

    /// The encoding that a column holds.
    ///
    /// # Panics
    /// Never: memory takes every byte.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        minicbor::to_vec(self).expect("memory takes every byte, and every value here has an encoding")
    }

    /// Reads what [`Content::to_bytes`] made; nothing is an empty content.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() { Some(Self::default()) } else { minicbor::decode(bytes).ok() }
    }
}
