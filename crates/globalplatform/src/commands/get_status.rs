//! GET STATUS (GPCS §11.4). What it answers is read by [`crate::registry`].

use cardwright_apdu::{StatusWord, tlv};

use super::managing;
use crate::Error;
use crate::plan::PlannedCommand;

/// What is asked about: P1 (GPCS Table 11-33).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// 80: the Issuer Security Domain, with the card's life cycle state
    IssuerSecurityDomain,
    /// 40: applications and supplementary Security Domains
    Applications,
    /// 20: load files
    LoadFiles,
    /// 10: load files with their modules
    LoadFilesAndModules,
}

impl Scope {
    fn p1(self) -> u8 {
        match self {
            Self::IssuerSecurityDomain => 0x80,
            Self::Applications => 0x40,
            Self::LoadFiles => 0x20,
            Self::LoadFilesAndModules => 0x10,
        }
    }
}

/// How the answer is written: P2, bit 2 (GPCS Table 11-34).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StatusFormat {
    /// TLV, tag E3 for each entry
    Tlv,
    /// lengths and values, deprecated, for cards that have no other
    Untagged,
}

/// Which page of the answer: P2, bit 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Occurrence {
    /// the first, or all
    First,
    /// the next, after an answer with 6310
    Next,
}

/// GET STATUS of the entries in `scope` whose AID begins with `prefix`, empty for all. It may answer 6310, where
/// there is more to come; 6A88, none found, carries no R-MAC and so proves nothing: it is not allowed here.
///
/// # Errors
/// `Error::Argument` for a prefix of more than 16 bytes.
pub fn get_status(
    scope: Scope,
    prefix: &[u8],
    format: StatusFormat,
    occurrence: Occurrence,
) -> Result<PlannedCommand, Error> {
    if prefix.len() > 16 {
        return Err(Error::Argument { what: "AID prefix", found: prefix.len(), allowed: "0 to 16" });
    }
    let format = if format == StatusFormat::Tlv { 0x02 } else { 0x00 };
    let occurrence = if occurrence == Occurrence::Next { 0x01 } else { 0x00 };
    let command = managing(0xF2, scope.p1(), format | occurrence, tlv::element(0x4F, prefix))?;
    Ok(command.allowing(StatusWord::MORE_DATA))
}
