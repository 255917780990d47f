//! The row of a program that cards are loaded with.

use cardwright_apdu::Aid;
use cardwright_globalplatform::cap::PackageVersion;
use cardwright_issuance::Id;

/// A program: what of a CAP file goes to a card, and who answers for it. There is one row for a load file's AID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// AID of the load file: the package's
    pub load_file: Aid,
    /// what people call it, unique
    pub name: String,
    /// the package's version
    pub version: PackageVersion,
    /// AIDs of the modules that instances are made of; none for a library
    pub modules: Vec<Aid>,
    /// SHA-256 of `block`
    pub hash: [u8; 32],
    /// the load file data block
    pub block: Vec<u8>,
    /// bytes of non-volatile memory that a card must have free to take it
    pub memory: u32,
    /// who imported it
    pub imported_by: Id,
    /// when, microseconds since 1970 UTC
    pub imported: i64,
    /// who approved it, never who imported it; none yet where it may not be loaded
    pub approval: Option<ProgramApproval>,
}

/// That another person than the importer answers for a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProgramApproval {
    /// who
    pub by: Id,
    /// when, microseconds since 1970 UTC
    pub at: i64,
}

impl Program {
    /// Whether it may go to cards.
    #[must_use]
    pub fn is_approved(&self) -> bool {
        self.approval.is_some()
    }
}
