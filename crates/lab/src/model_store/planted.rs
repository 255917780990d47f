//! Rows that a center which makes a mistake would have written.

use cardwright_issuance::state::{IssuanceState, KeySetState};

use super::ModelStore;

impl ModelStore {
    /// Takes issuances that were cut in the middle of writing for such that were cut after it.
    pub(crate) fn believe_what_was_cut(&self) {
        let mut rows = self.rows();
        let cut = rows.issuances.values_mut().filter(|row| row.state == IssuanceState::Unknown);
        cut.for_each(|row| row.state = IssuanceState::Interrupted);
    }

    /// Forgets key sets that were sent and not proven.
    pub(crate) fn forget_intended_keys(&self) {
        let mut rows = self.rows();
        let intended = rows.key_sets.values_mut().filter(|row| row.state == KeySetState::Intended);
        intended.for_each(|row| row.state = KeySetState::Retired);
    }
}
