//! What a card keeps without power: the state file of format 1. It must load for ever.

use cardwright_apdu::Aid;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::hexadecimal;
use crate::key::{Key, KeySet};
use crate::life_cycle::CardLifeCycle;
use crate::product::{CardProduct, ChannelProtocol};
use crate::registry::{Application, Package};

/// The format that this software writes.
pub const FORMAT: u32 = 1;

/// Everything on a card.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardState {
    /// 1
    pub format: u32,
    /// the kind of card, as it was when the card was made
    pub product: CardProduct,
    /// what tells this card from another
    pub identity: CardIdentity,
    /// the card's life cycle
    pub life_cycle: CardLifeCycle,
    /// the Security Domain's AID; the product's until it is changed by STORE DATA
    #[serde(with = "hexadecimal::aid")]
    pub security_domain: Aid,
    /// the Security Domain's keys; the first set is the default
    pub key_sets: Vec<KeySet>,
    /// load files
    pub packages: Vec<Package>,
    /// instances
    pub applications: Vec<Application>,
    /// data objects that STORE DATA brought to the Security Domain, by tag
    pub data_objects: Vec<DataObject>,
}

/// What tells this card from another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardIdentity {
    /// issuer identification number (tag 42)
    #[serde(with = "hexadecimal::bytes")]
    pub issuer_identification_number: Vec<u8>,
    /// card image number (tag 45)
    #[serde(with = "hexadecimal::bytes")]
    pub card_image_number: Vec<u8>,
    /// card production life cycle data, 42 bytes (tag 9F7F)
    #[serde(with = "hexadecimal::bytes")]
    pub production_life_cycle: Vec<u8>,
    /// key diversification data, 10 bytes
    #[serde(with = "hexadecimal::bytes")]
    pub key_diversification_data: Vec<u8>,
}

/// A data object of the Security Domain's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataObject {
    /// 1 to 3 bytes
    pub tag: u32,
    /// the value, without tag and length
    #[serde(with = "hexadecimal::bytes")]
    pub value: Vec<u8>,
}

impl CardState {
    /// Reads a state file.
    ///
    /// # Errors
    /// `Error::State` where the bytes are no state of a format this software knows.
    pub fn from_json(bytes: &[u8]) -> Result<Self, Error> {
        let state: Self = serde_json::from_slice(bytes).map_err(|error| Error::State(error.to_string()))?;
        if state.format != FORMAT {
            return Err(Error::State(format!("format {} is not known, {FORMAT} is", state.format)));
        }
        state.product.check().map_err(|reason| Error::State(reason.into()))?;
        let identity = &state.identity;
        let lengths = (identity.key_diversification_data.len(), identity.production_life_cycle.len());
        let keys_fit = state.key_sets.iter().flat_map(|set| &set.keys).all(Key::is_whole);
        if lengths != (10, 42) || !keys_fit {
            return Err(Error::State("identity or keys have not the lengths they must have".into()));
        }
        Ok(state)
    }

    /// The state file's bytes.
    ///
    /// # Panics
    /// Never: the state has string keys only and no value that JSON lacks.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).expect("a state has string keys only and no value that JSON lacks")
    }

    /// The key set with `version`.
    #[must_use]
    pub fn key_set(&self, version: u8) -> Option<&KeySet> {
        self.key_sets.iter().find(|set| set.version == version)
    }

    /// The protocol that `set` speaks; none where it opens no channel on this card.
    #[must_use]
    pub fn protocol_of(&self, set: &KeySet) -> Option<ChannelProtocol> {
        self.product.protocol_of(set.channel_kind()?)
    }

    pub(crate) fn key_set_mut(&mut self, version: u8) -> Option<&mut KeySet> {
        self.key_sets.iter_mut().find(|set| set.version == version)
    }

    /// The instance with `aid`.
    #[must_use]
    pub fn application(&self, aid: &Aid) -> Option<&Application> {
        self.applications.iter().find(|application| application.aid == *aid)
    }

    pub(crate) fn application_mut(&mut self, aid: &Aid) -> Option<&mut Application> {
        self.applications.iter_mut().find(|application| application.aid == *aid)
    }

    /// The version of the program that the instance `aid` runs: its load file's major version; 1 where that is not here.
    #[must_use]
    pub fn program_version(&self, aid: &Aid) -> u8 {
        let package = self.application(aid).and_then(|application| self.package(&application.package));
        package.map_or(1, |package| package.version[0])
    }

    /// The load file with `aid`.
    #[must_use]
    pub fn package(&self, aid: &Aid) -> Option<&Package> {
        self.packages.iter().find(|package| package.aid == *aid)
    }

    /// Persistent bytes in use.
    #[must_use]
    pub fn memory_used(&self) -> u32 {
        let packages: u32 = self.packages.iter().map(|package| package.size).sum();
        let applications: usize = self.applications.iter().map(Application::memory_used).sum();
        let keys: usize = self.key_sets.iter().flat_map(|set| &set.keys).map(|key| key.value.expose().len() + 8).sum();
        let objects: usize = self.data_objects.iter().map(|object| object.value.len() + 8).sum();
        packages.saturating_add(u32::try_from(applications + keys + objects).unwrap_or(u32::MAX))
    }

    /// Persistent bytes left.
    #[must_use]
    pub fn memory_free(&self) -> u32 {
        self.product.memory.saturating_sub(self.memory_used())
    }
}
