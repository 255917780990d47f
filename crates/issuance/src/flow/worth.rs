//! What the answers to a script are worth: a proof and its grade, or a flaw.

use cardwright_apdu::Aid;
use cardwright_globalplatform::Failure;

use crate::content::Content;
use crate::proof::Grade;

/// What a script's answers are worth, after they were found right. Only [`super::Stage::answers`] makes it, and every commit
/// that counts on a script takes it.
#[derive(Debug)]
pub struct Verified {
    pub(super) grade: Option<Grade>,
    pub(super) changed_keys: bool,
    pub(super) masked_number: String,
    pub(super) content: Content,
    pub(super) unknown_groupings: Vec<(Aid, u16)>,
}

impl Verified {
    /// The grade of the proof. None where the answers are believed until a cryptogram proves the card, at the end of the
    /// last script.
    #[must_use]
    pub fn grade(&self) -> Option<Grade> {
        self.grade
    }

    /// Whether the script changed the card's keys. Where its answers are believed, the cryptogram of the channel that
    /// was opened next shows that it did.
    #[must_use]
    pub fn changed_keys(&self) -> bool {
        self.changed_keys
    }

    /// What people may see of the card's number.
    #[must_use]
    pub fn masked_number(&self) -> &str {
        &self.masked_number
    }

    /// What the card holds when the flow is at its end.
    #[must_use]
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// The optional groupings that the card is said not to know, with their applications. An error carries no R-MAC
    /// (Amd D §6.2.5): this is what the terminal told, and nothing depends on it.
    #[must_use]
    pub fn unknown_groupings(&self) -> &[(Aid, u16)] {
        &self.unknown_groupings
    }
}

/// Why answers do not count as proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// an answer does not verify
    Answer(Failure),
    /// everything verifies, but the card does not hold what it should
    Content(&'static str),
}

impl Flaw {
    /// The place of the first answer that is wrong, where one is.
    #[must_use]
    pub fn index(&self) -> Option<usize> {
        match self {
            Self::Answer(failure) => Some(failure.index),
            Self::Content(_) => None,
        }
    }
}
