//! A list of the registry that a card gives page by page (GPCS §11.4.3.2).

use cardwright_apdu::StatusWord;

use super::{RegistryEntry, content, read_registry};
use crate::Error;
use crate::commands::{Occurrence, Scope, StatusFormat, get_status};
use crate::plan::PlannedCommand;

/// The most pages that are asked for: a card that has more to say keeps its host busy.
pub const MOST_PAGES: usize = 64;

/// A list under way. Ask its [`question`](Self::question), give the answer to [`take`](Self::take).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    scope: Scope,
    format: StatusFormat,
    pages: usize,
    entries: Vec<RegistryEntry>,
}

/// What a page has brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    /// the card has more: ask again
    More(Listing),
    /// all entries, each once
    Whole(Vec<RegistryEntry>),
}

impl Listing {
    /// A list of everything in `scope`.
    #[must_use]
    pub fn new(scope: Scope, format: StatusFormat) -> Self {
        Self { scope, format, pages: 0, entries: Vec::new() }
    }

    /// GET STATUS for the next page. Nothing else may be asked of the card between two pages.
    ///
    /// # Panics
    /// Never: all of a scope is asked for, so that there is no argument that could be wrong.
    #[must_use]
    pub fn question(&self) -> PlannedCommand {
        let occurrence = if self.pages == 0 { Occurrence::First } else { Occurrence::Next };
        get_status(self.scope, &[], self.format, occurrence).expect("an empty prefix is not too long")
    }

    /// Takes the status word and the data of the answer.
    ///
    /// # Errors
    /// `Error::Status` for anything but 9000 and 6310; `Error::Malformed` and `Error::Content` for a page that cannot be
    /// read, an AID that was there before, a page that brings nothing and announces more, more than [`MOST_PAGES`], and
    /// a second page about the Issuer Security Domain, of which there is one.
    pub fn take(mut self, status: StatusWord, data: &[u8]) -> Result<Listed, Error> {
        let goes_on = match status {
            StatusWord::SUCCESS => false,
            StatusWord::MORE_DATA => true,
            status => return Err(Error::Status { status }),
        };
        let page = read_registry(self.scope, self.format, data)?;
        if goes_on && (page.is_empty() || self.scope == Scope::IssuerSecurityDomain) {
            return Err(content("more is announced where there is none"));
        }
        for entry in page {
            if self.entries.iter().any(|known| known.aid == entry.aid) {
                return Err(content("an AID is there twice"));
            }
            self.entries.push(entry);
        }
        self.pages += 1;
        match goes_on {
            false => Ok(Listed::Whole(self.entries)),
            true if self.pages == MOST_PAGES => Err(content("it does not end")),
            true => Ok(Listed::More(self)),
        }
    }
}
