//! Why something was refused, and by whose fault.

use cardwright_apdu::StatusWord;

/// Who has to change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// the card, or who carries its answers
    Card,
    /// the caller: the product's record, the profile or the plan
    Caller,
    /// the keystore, which handed back something else than was asked for
    Keystore,
}

/// Why a conversation, a plan or a structure was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A parameter `i` that this protocol does not define or that is not built here.
    #[error("SCP{protocol:02X} with i = {i:02X} is not known")]
    UnknownImplementation {
        /// protocol identifier
        protocol: u8,
        /// the parameter `i`
        i: u8,
    },
    /// A byte that is not one of the security levels 01, 03, 11, 13, 33.
    #[error("{0:02X} is not a security level: 01, 03, 11, 13 and 33 are")]
    UnknownLevel(u8),
    /// The product's `i` has no R-MAC or no R-ENCRYPTION, and the level needs it.
    #[error("the card product's i does not allow level {level:02X}")]
    LevelNotAllowed {
        /// the level asked for
        level: u8,
    },
    /// A key version number that no key set can have.
    #[error("key version {0:02X}: 01 to 7F, or FF for a factory key set")]
    KeyVersion(u8),
    /// What the card answered is not what its product's record says.
    #[error("the card's {field} is {found}, the card product says {expected}")]
    OtherCard {
        /// the field of the INITIALIZE UPDATE answer
        field: &'static str,
        /// what was to come, in hexadecimal
        expected: String,
        /// what came, in hexadecimal
        found: String,
    },
    /// The card refused a command of the opening.
    #[error("the card answered {status} ({})", status.meaning())]
    Status {
        /// the status word
        status: StatusWord,
    },
    /// The card does not hold the key: nothing has been sent that costs it a try.
    #[error("the card cryptogram is wrong: the card does not hold this key set")]
    CardCryptogram,
    /// The pseudo-random card challenge is not what the card's key, counter and AID give.
    #[error("the card challenge is not the one that key, counter and AID give")]
    CardChallenge,
    /// A structure of the card's that does not parse.
    #[error("{what} does not parse: {source}")]
    Malformed {
        /// the structure
        what: &'static str,
        /// why
        source: cardwright_apdu::Error,
    },
    /// A structure that parses but does not hold what it must.
    #[error("{what}: {problem}")]
    Content {
        /// the structure
        what: &'static str,
        /// what is wrong with it
        problem: &'static str,
    },
    /// The card stored other keys than were sent.
    #[error("the card's answer to PUT KEY differs: {field} is {found}, {expected} was sent")]
    KeyCheck {
        /// key version or key check value
        field: &'static str,
        /// what was to come, in hexadecimal
        expected: String,
        /// what came, in hexadecimal
        found: String,
    },
    /// The keystore handed back another number of values than was asked for.
    #[error("{expected} derived values were asked for, {found} came")]
    SecretCount {
        /// how many were asked for
        expected: usize,
        /// how many came
        found: usize,
    },
    /// A session key of a length that the protocol does not have.
    #[error("a derived value of {length} bytes is not of the length asked for")]
    SessionKeyLength {
        /// its length in bytes
        length: usize,
    },
    /// Only SCP03 with a pseudo-random card challenge can be computed beforehand, and the counter ends at FFFFFF.
    #[error("this channel's card challenge cannot be known beforehand")]
    NotPredictable,
    /// Personal data or secrets in a channel that does not encrypt commands.
    #[error("command {index} carries personal data or secrets, level {level:02X} does not encrypt")]
    PersonalInClear {
        /// place in the list
        index: usize,
        /// the channel's level
        level: u8,
    },
    /// A command that does not fit a short APDU once it is wrapped.
    #[error("command {index} carries {length} bytes, at most {limit} fit once it is wrapped")]
    TooLong {
        /// place in the list
        index: usize,
        /// its data in bytes
        length: usize,
        /// what fits, in bytes
        limit: usize,
    },
    /// A class byte that names a logical channel or other secure messaging.
    #[error("command {index} has class {class:02X}: only 00, 04, 10, 14, 80 and 84 are wrapped")]
    Class {
        /// place in the list
        index: usize,
        /// the class byte
        class: u8,
    },
    /// The argument of a command is out of its limits.
    #[error("{what}: {found} bytes, allowed are {allowed}")]
    Argument {
        /// the argument
        what: &'static str,
        /// its length
        found: usize,
        /// the allowed lengths, for people
        allowed: &'static str,
    },
    /// More commands than a block number can count.
    #[error("{what}: {found} blocks would be needed, at most 256 can be numbered: what is sent is too large")]
    TooManyBlocks {
        /// LOAD or STORE DATA
        what: &'static str,
        /// how many it would take
        found: usize,
    },
}

impl Error {
    /// Who has to change something.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::OtherCard { .. }
            | Self::Status { .. }
            | Self::CardCryptogram
            | Self::CardChallenge
            | Self::Malformed { .. }
            | Self::Content { .. }
            | Self::KeyCheck { .. } => Fault::Card,
            Self::SecretCount { .. } | Self::SessionKeyLength { .. } => Fault::Keystore,
            _ => Fault::Caller,
        }
    }
}
