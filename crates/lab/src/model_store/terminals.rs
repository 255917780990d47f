//! A terminal's lease, and what is forgotten once it is over.

use cardwright_issuance::Id;
use cardwright_issuance::row::Challenge;
use cardwright_issuing_center::store::{ANSWER_KEPT, CHALLENGE_KEPT};

use super::Rows;

impl Rows {
    pub(super) fn take_lease(&mut self, terminal: Id, instance: Id, now: i64, until: i64) -> bool {
        let Some(row) = self.terminals.get_mut(&terminal).filter(|row| row.revoked.is_none()) else {
            return false;
        };
        if row.instance.is_some_and(|held| held != instance) && row.lease_until > now {
            return false;
        }
        (row.instance, row.lease_until) = (Some(instance), until);
        true
    }

    pub(super) fn sweep(&mut self, now: i64) -> u64 {
        let before = self.challenges.len() + self.codes.len() + self.idempotency.len();
        let issuances = &self.issuances;
        let opened = |row: &Challenge| row.used_by.is_some_and(|session| issuances.contains_key(&session));
        self.challenges.retain(|_, row| row.expires >= now - CHALLENGE_KEPT || opened(row));
        self.codes.retain(|_, (code, _)| code.expires >= now - ANSWER_KEPT);
        self.idempotency.retain(|_, row| row.created >= now - ANSWER_KEPT);
        let after = self.challenges.len() + self.codes.len() + self.idempotency.len();
        (before - after) as u64
    }
}
