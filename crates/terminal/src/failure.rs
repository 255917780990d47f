//! What can go wrong at a terminal, and who has to act.

use cardwright_relay::Code;
use cardwright_relay::message::Refusal;
use cardwright_relay::text::Language;

/// Why something was not done. The text for people is made from [`Failure::refusal`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The center refused.
    #[error("the center refused: {}", .0.code)]
    Refused(Refusal),
    /// The other end is not the enrolled center, or its message cannot be read.
    #[error("the center's message is not taken: {0}")]
    Message(#[from] cardwright_relay::Error),
    /// Whoever answers at the address is not the enrolled center.
    #[error("the server is another center")]
    OtherCenter,
    /// The line.
    #[error("the center cannot be reached: {0}")]
    Unreachable(String),
    /// This machine: no PC/SC service, no reader, a file. The code says which.
    #[error("this machine: {code} {parameters:?}")]
    Machine {
        /// one of the codes from 5000
        code: Code,
        /// its parameters
        parameters: Vec<String>,
    },
    /// The reader is not one to be used. The code says why.
    #[error("the reader is refused: {code} {reader}")]
    Reader {
        /// one of the codes from 2006 to 2008
        code: Code,
        /// the reader's name
        reader: String,
    },
    /// No card, or none that this center knows. The code says which.
    #[error("the card: {code} {parameters:?}")]
    Card {
        /// one of the codes from 3000
        code: Code,
        /// its parameters
        parameters: Vec<String>,
    },
}

impl Failure {
    /// A failure of this machine.
    #[must_use]
    pub fn machine(code: Code, parameters: &[&str]) -> Self {
        Self::Machine { code, parameters: owned(parameters) }
    }

    /// A file or directory that cannot be read or written.
    #[must_use]
    pub fn file(path: &std::path::Path, error: &dyn std::fmt::Display) -> Self {
        Self::machine(Code::FILE_UNUSABLE, &[&path.display().to_string(), &error.to_string()])
    }

    /// A failure at the card.
    #[must_use]
    pub fn card(code: Code, parameters: &[&str]) -> Self {
        Self::Card { code, parameters: owned(parameters) }
    }

    /// A reader that is not used.
    #[must_use]
    pub fn reader(code: Code, reader: &str) -> Self {
        Self::Reader { code, reader: reader.to_owned() }
    }

    /// Code and parameters.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        let (code, parameters) = match self {
            Self::Refused(refusal) => return refusal.clone(),
            Self::Message(error) => (error.code(), Vec::new()),
            Self::OtherCenter => (Code::OTHER_CENTER, Vec::new()),
            Self::Unreachable(reason) => (Code::CENTER_UNREACHABLE, vec![reason.clone()]),
            Self::Reader { code, reader } => (*code, vec![reader.clone()]),
            Self::Machine { code, parameters } | Self::Card { code, parameters } => (*code, parameters.clone()),
        };
        Refusal { code, parameters }
    }

    /// How the program ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        Exit::of_refusal(&self.refusal())
    }
}

fn owned(parameters: &[&str]) -> Vec<String> {
    parameters.iter().map(|parameter| (*parameter).to_owned()).collect()
}

/// How the program ends; the numbers are the same in every cardwright program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// what was asked for is done
    Done = 0,
    /// refused, or not done; trying the same again gives the same
    Refused = 1,
    /// the command line is wrong
    Usage = 2,
    /// the machine, the line or the store
    Environment = 3,
    /// what the card holds is not known
    Unknown = 4,
}

impl Exit {
    /// Codes from 5000 are the environment's; all others are refusals.
    #[must_use]
    pub fn of_refusal(refusal: &Refusal) -> Self {
        match refusal.code {
            Code::CANCELLED
            | Code::NO_TICKET
            | Code::ALREADY_ENROLLED
            | Code::TAKEN_OUT_EARLY
            | Code::NO_DESK
            | Code::TICKET_ENDED => Self::Refused,
            Code(5000..=5999) => Self::Environment,
            _ => Self::Refused,
        }
    }
}

/// The language of this machine's user, by the usual variables.
#[must_use]
pub fn language_of_environment() -> Language {
    let named =
        ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    match named {
        Some(name) if name.starts_with("ja") => Language::Japanese,
        _ => Language::English,
    }
}
