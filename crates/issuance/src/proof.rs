//! What proves a card, and what the proof is worth.

use serde::Deserialize;

/// What proves that data was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// an R-MAC on every answer: grade A
    RMac,
    /// nothing in the channel, but afterwards a cryptogram that only the written keys can make: grade B
    Cryptogram,
    /// nothing
    None,
}

impl Proof {
    /// The grade of a card that was proven so.
    #[must_use]
    pub fn grade(self) -> Option<Grade> {
        match self {
            Self::RMac => Some(Grade::A),
            Self::Cryptogram => Some(Grade::B),
            Self::None => None,
        }
    }
}

/// What a proof is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grade {
    /// the card's MAC on every answer: it is as it was written
    A,
    /// a cryptogram: it has the keys that were written; what else was written is believed
    B,
}

impl Grade {
    /// The grade as the log and screens have it.
    #[must_use]
    pub fn letter(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }
}
