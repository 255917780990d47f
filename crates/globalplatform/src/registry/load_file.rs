//! The load files among the registry's entries (GPCS Tables 11-3 and 11-37).

use cardwright_apdu::Aid;

use super::{RegistryEntry, content};
use crate::Error;
use crate::cap::PackageVersion;

/// LOADED: the one state of a load file.
const LOADED: u8 = 0x01;

/// A load file on a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadFile {
    /// its AID
    pub aid: Aid,
    /// the package's version, where the card says it
    pub version: Option<PackageVersion>,
    /// AIDs of its modules, where they were asked for
    pub modules: Vec<Aid>,
    /// the Security Domain it belongs to, where the card says it
    pub security_domain: Option<Aid>,
}

impl LoadFile {
    /// Reads an entry that GET STATUS 20 or 10 has brought.
    ///
    /// # Errors
    /// `Error::Content` where its state is not LOADED, its version is not a major and a minor number, or a module is
    /// there twice.
    pub fn of(entry: &RegistryEntry) -> Result<Self, Error> {
        if entry.life_cycle != LOADED {
            return Err(content("a load file that is not LOADED"));
        }
        let version = match entry.version.as_deref() {
            None => None,
            Some(&[major, minor]) => Some(PackageVersion { major, minor }),
            Some(_) => return Err(content("a version (CE) that is not of two bytes")),
        };
        let doubled = |(place, module): (usize, &Aid)| entry.modules[..place].contains(module);
        if entry.modules.iter().enumerate().any(doubled) {
            return Err(content("a load file with a module twice"));
        }
        let (modules, security_domain) = (entry.modules.clone(), entry.security_domain);
        Ok(Self { aid: entry.aid, version, modules, security_domain })
    }
}
