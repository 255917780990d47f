//! What is on a card: as recorded, or as the card itself told under R-MAC.

use std::collections::BTreeMap;

use cardwright_apdu::Aid;
use cardwright_globalplatform::commands::CardState as LifeCycle;

use super::Inputs;
use crate::state::{CardState, State};

/// What a card holds. From a survey it is proven, but where it says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// life-cycle state of the card (GPCS Table 11-6); 0 where it is not known
    pub card: u8,
    /// instances by AID with their life-cycle states (GPCS Table 11-4)
    pub applications: BTreeMap<Aid, u8>,
    /// whether what is not among the applications is proven not to be there: an error carries no R-MAC, so a list that
    /// the card says to be empty proves nothing by itself
    pub is_whole: bool,
    /// load files by AID
    pub load_files: Vec<Aid>,
    /// versions of the key sets that are there
    pub key_versions: Vec<u8>,
    /// bytes of persistent memory that are free, where the card tells
    pub free_memory: Option<u32>,
    /// number of instances, where the card tells
    pub instances: Option<u32>,
}

impl Observed {
    /// What the records say of a card that nothing was left unfinished on.
    #[must_use]
    pub fn recorded(inputs: &Inputs) -> Self {
        let content = &inputs.basis.content;
        let aid = |bytes: &[u8]| Aid::new(bytes).ok();
        let applications = content.applications.iter();
        let applications =
            applications.filter_map(|installed| Some((aid(&installed.instance)?, installed.life_cycle))).collect();
        let locked =
            [CardState::Locked, CardState::Terminated].map(State::name).contains(&&inputs.basis.card_state[..]);
        let fresh = inputs.kind.is_new_card();
        let card = match (fresh, locked) {
            (true, _) => LifeCycle::OpReady.byte(),
            // a card that was blocked at the issuer may not have heard of it yet
            (false, true) => 0,
            (false, false) => LifeCycle::Secured.byte(),
        };
        Self {
            card,
            applications,
            is_whole: true,
            load_files: content.load_files.iter().filter_map(|bytes| aid(bytes)).collect(),
            key_versions: vec![inputs.opened_with.version],
            free_memory: None,
            instances: None,
        }
    }

    /// Whether the instance is there.
    #[must_use]
    pub fn has(&self, instance: &Aid) -> bool {
        self.applications.contains_key(instance)
    }

    /// Whether the instance is proven not to be there.
    #[must_use]
    pub fn lacks(&self, instance: &Aid) -> bool {
        !self.has(instance) && (self.is_whole || self.instances == Some(0))
    }
}
