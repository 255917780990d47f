//! What the answer to a command must show, beyond its status word.

use cardwright_apdu::{Aid, Response, StatusWord};
use cardwright_globalplatform::commands::{EncryptedKeySet, Occurrence, Scope, StatusFormat, check_put_key_answer};
use cardwright_globalplatform::registry::{RegistryEntry, read_registry};
use cardwright_globalplatform::{Answer, CardResources, read_key_information};

use super::worth::Flaw;
use crate::proof::Proof;
use crate::work::Observed;

/// What an answer must show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shows {
    /// nothing more
    Nothing,
    /// key version and check values of the keys that were sent
    KeysStored { version: u8, keys: Box<EncryptedKeySet> },
    /// the card is in this life-cycle state (GPCS Table 11-6)
    Card(u8),
    /// the application is in this life-cycle state
    State { instance: Aid, life_cycle: u8 },
    /// the application became usable
    CommitPoint(Aid),
    /// the public key of the application's key, both by place
    PublicKey { application: usize, key: usize },
    /// whether the card knows this grouping; it may not
    Known { instance: Aid, grouping: u16 },
    /// what the card holds, one question of it
    Survey(Question),
}

/// What a survey asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    /// the card's life-cycle state
    Card,
    /// instances, a page of them
    Applications(Occurrence),
    /// load files, a page of them
    LoadFiles,
    /// key information template
    Keys,
    /// free memory and number of instances, which not every card tells
    Memory,
}

/// What answers told that cannot be known beforehand.
#[derive(Debug)]
pub(super) struct Learned {
    /// what proves the card, and so what an answer must have to count
    proof: Proof,
    /// what the card answered to GENERATE ASYMMETRIC KEY PAIR: application and key by place
    pub(super) public_keys: Vec<(usize, usize, Vec<u8>)>,
    /// optional groupings that the card said it does not know
    pub(super) refused: Vec<(Aid, u16)>,
    /// what the card holds
    pub(super) observed: Observed,
    /// whether the first page of the instances was told, and says that there are more
    is_begun: bool,
}

impl Learned {
    pub(super) fn new(proof: Proof) -> Self {
        Self { proof, public_keys: Vec::new(), refused: Vec::new(), observed: Observed::default(), is_begun: false }
    }

    /// The answer, if it counts: proven by its R-MAC, or believed where a cryptogram proves the card in the end.
    fn counting<'a>(&self, answer: &'a Answer) -> Result<&'a Response, Flaw> {
        match self.proof {
            Proof::Cryptogram => Ok(answer.response()),
            Proof::RMac | Proof::None => proven(answer),
        }
    }

    /// Holds one accepted answer against what it must show.
    ///
    /// # Errors
    /// `Flaw::Content` where it shows something else, or is not proven although it has to be.
    pub(super) fn take(&mut self, shows: &Shows, answer: &Answer) -> Result<(), Flaw> {
        match shows {
            Shows::Nothing => Ok(()),
            Shows::Known { instance, grouping } => {
                // 6A88 has no R-MAC (Amd D §6.2.5): it is the terminal's word, recorded as such, and harmless either way
                if answer.response().status != StatusWord::SUCCESS {
                    self.refused.push((*instance, *grouping));
                }
                Ok(())
            }
            Shows::KeysStored { version, keys } => {
                check_put_key_answer(*version, keys.keys(), &self.counting(answer)?.data)
                    .map_err(|_| Flaw::Content("the card stored other keys than were sent"))
            }
            Shows::Card(life_cycle) => match &read(Scope::IssuerSecurityDomain, self.counting(answer)?)?[..] {
                [domain] if domain.life_cycle == *life_cycle => Ok(()),
                _ => Err(Flaw::Content("the card is not in the life-cycle state that was asked for")),
            },
            Shows::State { instance, life_cycle } => {
                let found = read(Scope::Applications, self.counting(answer)?)?;
                let right = |entry: &RegistryEntry| entry.aid == *instance && entry.life_cycle == *life_cycle;
                let wrong = Flaw::Content("an application is not in the state that was asked for");
                if found.iter().any(right) { Ok(()) } else { Err(wrong) }
            }
            Shows::CommitPoint(_) => self.counting(answer).map(|_| ()),
            Shows::PublicKey { application, key } => {
                self.public_keys.push((*application, *key, proven(answer)?.data.clone()));
                Ok(())
            }
            Shows::Survey(question) => self.observe(*question, answer),
        }
    }

    /// One answer to a survey. An error is the terminal's word: nothing follows from it.
    fn observe(&mut self, question: Question, answer: &Answer) -> Result<(), Flaw> {
        if !matches!(answer.response().status, StatusWord::SUCCESS | StatusWord::MORE_DATA) {
            return Ok(());
        }
        let response = self.counting(answer)?;
        let is_last = response.status == StatusWord::SUCCESS;
        match question {
            Question::Card => {
                let found = read(Scope::IssuerSecurityDomain, response)?;
                self.observed.card = found.first().map_or(0, |domain| domain.life_cycle);
            }
            Question::Applications(page) => {
                let found = read(Scope::Applications, response)?;
                // a last page by itself is not the whole: the first one may have been kept back
                let follows = page == Occurrence::First || self.is_begun;
                self.is_begun = page == Occurrence::First && !is_last;
                self.observed.is_whole |= follows && is_last && !found.is_empty();
                self.observed.applications.extend(found.into_iter().map(|entry| (entry.aid, entry.life_cycle)));
            }
            Question::LoadFiles => {
                let found = read(Scope::LoadFiles, response)?;
                self.observed.load_files.extend(found.into_iter().map(|entry| entry.aid));
            }
            Question::Keys => {
                let found = read_key_information(&response.data);
                let found = found.map_err(|_| Flaw::Content("a key information template cannot be read"))?;
                self.observed.key_versions.extend(found.iter().map(|key| key.version));
                self.observed.key_versions.sort_unstable();
                self.observed.key_versions.dedup();
            }
            Question::Memory => {
                let resources = CardResources::parse(&response.data).ok();
                self.observed.instances = resources.map(|resources| resources.applications);
                self.observed.free_memory = resources.map(|resources| resources.non_volatile);
            }
        }
        Ok(())
    }
}

fn proven(answer: &Answer) -> Result<&Response, Flaw> {
    answer.proven().ok_or(Flaw::Content("an answer that must be proven is not"))
}

fn read(scope: Scope, answer: &Response) -> Result<Vec<RegistryEntry>, Flaw> {
    read_registry(scope, StatusFormat::Tlv, &answer.data)
        .map_err(|_| Flaw::Content("an answer to GET STATUS cannot be read"))
}
