//! All rows of a kind, for whoever asserts something about all of them.

use cardwright_issuance::Id;
use cardwright_issuance::row::{Card, Issuance, KeySet};

use super::ModelStore;

impl ModelStore {
    /// Every card.
    #[must_use]
    pub fn all_cards(&self) -> Vec<Card> {
        self.rows().cards.values().cloned().collect()
    }

    /// Every issuance.
    #[must_use]
    pub fn all_issuances(&self) -> Vec<Issuance> {
        self.rows().issuances.values().cloned().collect()
    }

    /// Every key set.
    #[must_use]
    pub fn all_key_sets(&self) -> Vec<KeySet> {
        self.rows().key_sets.values().cloned().collect()
    }

    /// The versions of the key sets that may be on a card, ascending.
    #[must_use]
    pub fn key_versions(&self, card: Id) -> Vec<u8> {
        let rows = self.rows();
        let sets = rows.key_sets.values().filter(|set| set.card == card && set.state.may_be_on_card());
        let mut versions: Vec<u8> = sets.map(|set| set.version).collect();
        versions.sort_unstable();
        versions
    }
}
