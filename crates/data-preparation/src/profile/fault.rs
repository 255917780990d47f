//! What can be wrong in a profile: where, why, and what to do about it.

use std::fmt;
use std::ops::Range;

use super::lines;

/// One fault of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// what kind of fault
    pub kind: FaultKind,
    /// line, from 1
    pub line: usize,
    /// column in characters, from 1
    pub column: usize,
    /// the reason
    pub message: String,
    /// what the engineer can do
    pub remedy: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, line, column, message, remedy } = self;
        write!(out, "line {line}, column {column}: {message} ({}); {remedy}", kind.code())
    }
}

/// The kinds of faults. Their codes are stable; messages may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// not TOML
    Syntax,
    /// a format number that this version does not read
    Format,
    /// a key that nobody reads
    UnknownKey,
    /// a key that must be there is not
    MissingKey,
    /// a value of another type, a text for a number
    WrongType,
    /// a value that is none of those allowed
    UnknownValue,
    /// a source of data that does not exist
    UnknownSource,
    /// a name that is not written as names are, or is reserved
    Name,
    /// two things of one name
    DuplicateName,
    /// a number outside its limits
    OutOfRange,
    /// a shortest length over the longest, or lengths that the type cannot have
    LengthRange,
    /// an encoding or character set that does not go with the source
    Encoding,
    /// not hexadecimal, or the wrong number of bytes
    Hexadecimal,
    /// an AID that is none, is used twice, or does not belong to its package
    Aid,
    /// privileges that are none, or that the application cannot be given
    Privileges,
    /// an order field that is not declared
    UndeclaredField,
    /// a data element that is not declared
    UndeclaredElement,
    /// something declared that is used nowhere
    Unused,
    /// two DGIs of one identifier in one application
    DuplicateDgi,
    /// a DGI that the card's application does not know
    UnknownDgi,
    /// a DGI that the card's application needs is not there
    MissingDgi,
    /// a DGI that can become shorter or longer than the card's application takes
    DgiSize,
    /// a DGI made of something other than what the card's application reads there
    DgiContent,
    /// a DGI that must be encrypted under the DEK is not
    Protection,
    /// a DGI that tells something about a person is not declared personal
    Personal,
    /// the manifest is not the last DGI
    ManifestNotLast,
    /// a security level that would send personal data unencrypted
    SecurityLevel,
    /// a key that is not named as keys of the keystore are
    KeyHandle,
    /// RSA keys of sizes that no certificate can join, or that terminals do not take
    KeySize,
    /// a tag that is none, or one where none can stand
    Tag,
    /// a data element twice where a terminal reads it once
    DuplicateTag,
    /// a data element that a terminal needs is not there
    MissingTag,
    /// a data element where it must not stand
    ForbiddenTag,
    /// a record that is not one template 70
    RecordForm,
    /// a record over 254 bytes
    RecordSize,
    /// something signed that cannot be
    Signed,
    /// a DGI before one that the card must have first
    DgiOrder,
    /// two DGIs of which a card takes one
    DgiConflict,
    /// a data object list that does not read
    ObjectList,
    /// a cardholder verification list that does not read
    VerificationRules,
    /// an interchange profile that promises what the data does not hold, or the other way round
    Interchange,
    /// an element that is named before it is declared
    Order,
    /// something is used that the profile does not describe: keys, certificates, a PIN, a number
    NotDescribed,
    /// a card number that is none, or of no range
    CardNumber,
    /// a way of the PIN that is none
    PinWay,
    /// something outside the card, or nothing to show
    Face,
    /// a commit point that does not go with the route
    CommitPoint,
    /// a way of being changed that the application does not take, or something rewritable that cannot be
    Rewrite,
    /// a validity rule that is not exactly one period within limits
    DateRule,
}

impl FaultKind {
    /// The code for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Format => "format",
            Self::UnknownKey => "unknown-key",
            Self::MissingKey => "missing-key",
            Self::WrongType => "wrong-type",
            Self::UnknownValue => "unknown-value",
            Self::UnknownSource => "unknown-source",
            Self::Name => "name",
            Self::DuplicateName => "duplicate-name",
            Self::OutOfRange => "out-of-range",
            Self::LengthRange => "length-range",
            Self::Encoding => "encoding",
            Self::Hexadecimal => "hexadecimal",
            Self::Aid => "aid",
            Self::Privileges => "privileges",
            Self::UndeclaredField => "undeclared-field",
            Self::UndeclaredElement => "undeclared-element",
            Self::Unused => "unused",
            Self::DuplicateDgi => "duplicate-dgi",
            Self::UnknownDgi => "unknown-dgi",
            Self::MissingDgi => "missing-dgi",
            Self::DgiSize => "dgi-size",
            Self::DgiContent => "dgi-content",
            Self::Protection => "protection",
            Self::Personal => "personal",
            Self::ManifestNotLast => "manifest-not-last",
            Self::SecurityLevel => "security-level",
            Self::KeyHandle => "key-handle",
            Self::KeySize => "key-size",
            Self::Tag => "tag",
            Self::DuplicateTag => "duplicate-tag",
            Self::MissingTag => "missing-tag",
            Self::ForbiddenTag => "forbidden-tag",
            Self::RecordForm => "record-form",
            Self::RecordSize => "record-size",
            Self::Signed => "signed",
            Self::DgiOrder => "dgi-order",
            Self::DgiConflict => "dgi-conflict",
            Self::ObjectList => "object-list",
            Self::VerificationRules => "verification-rules",
            Self::Interchange => "interchange",
            Self::Order => "order",
            Self::NotDescribed => "not-described",
            Self::CardNumber => "card-number",
            Self::PinWay => "pin-way",
            Self::Face => "face",
            Self::CommitPoint => "commit-point",
            Self::Rewrite => "rewrite",
            Self::DateRule => "date-rule",
        }
    }
}

/// The faults found so far in one text.
pub(super) struct Faults<'t> {
    text: &'t str,
    found: Vec<Fault>,
}

impl<'t> Faults<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, found: Vec::new() }
    }

    /// Notes a fault at the first byte of `span`.
    pub(super) fn add(
        &mut self,
        span: Range<usize>,
        kind: FaultKind,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let (line, column) = lines::position(self.text, span.start);
        self.found.push(Fault { kind, line, column, message: message.into(), remedy: remedy.into() });
    }

    /// Whether nothing was found so far.
    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// How many were found so far.
    pub(super) fn count(&self) -> usize {
        self.found.len()
    }

    /// `value` where nothing was found; otherwise the faults in the order of the lines.
    pub(super) fn into_result<T>(mut self, value: Option<T>) -> Result<T, Vec<Fault>> {
        self.found.sort_by_key(|fault| (fault.line, fault.column));
        match value {
            Some(value) if self.found.is_empty() => Ok(value),
            _ => Err(self.found),
        }
    }
}
