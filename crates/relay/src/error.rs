//! Why bytes of the other side are not taken.

use crate::Code;

/// What is wrong with a message, a reader list or a one-time code. The sender is to blame unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// More bytes than the message may have.
    #[error("{message}: {found} bytes, at most {allowed} are taken")]
    TooLong {
        /// the message's name
        message: &'static str,
        /// its length in bytes
        found: usize,
        /// the most it may have
        allowed: usize,
    },
    /// The bytes are not this message.
    #[error("{message} cannot be read: {reason}")]
    Malformed {
        /// the message's name
        message: &'static str,
        /// what the decoder met
        reason: String,
    },
    /// A part of the message is out of its limits.
    #[error("{message}: {part}: {found}, at most {allowed} are taken")]
    Limit {
        /// the message's name
        message: &'static str,
        /// the part
        part: &'static str,
        /// how many there are
        found: usize,
        /// how many there may be
        allowed: usize,
    },
    /// A message of another format.
    #[error("format {found} is not spoken here, format {} is", crate::FORMAT)]
    Format {
        /// the format of the message
        found: u16,
    },
    /// The script's id is not the hash of what it holds.
    #[error("the script does not hash to its id")]
    ScriptId,
    /// The reader list is not signed by the enrolled center.
    #[error("the reader list is not signed by this center")]
    ListAltered,
    /// The reader list has expired.
    #[error("the reader list expired at {expired} (microseconds since 1970 UTC)")]
    ListExpired {
        /// when it expired, microseconds since 1970 UTC
        expired: i64,
    },
    /// The reader list is older than one that was held before.
    #[error("the reader list has version {found}; version {newest} was held before")]
    ListOlder {
        /// its version
        found: u64,
        /// the newest version ever held
        newest: u64,
    },
    /// The text is not a one-time code.
    #[error("not a one-time code: CW1- and 64 hexadecimal digits are expected")]
    OneTimeCode,
}

impl Error {
    /// The code that people and the other side are told.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::ListAltered => Code::READER_LIST_ALTERED,
            Self::ListExpired { .. } => Code::READER_LIST_EXPIRED,
            Self::ListOlder { .. } => Code::READER_LIST_OLDER,
            Self::OneTimeCode => Code::ENROLMENT_REFUSED,
            Self::TooLong { .. } | Self::Malformed { .. } | Self::Limit { .. } | Self::Format { .. } => {
                Code::FORMAT_REFUSED
            }
            Self::ScriptId => Code::MESSAGE_CONFLICT,
        }
    }
}
