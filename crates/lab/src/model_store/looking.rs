//! All rows of a kind, for whoever asserts something about all of them.

use cardwright_issuance::row::{Card, Issuance};

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
}
