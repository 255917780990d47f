//! A commit: whole or not at all.

use std::collections::BTreeMap;

use cardwright_issuing_center::store::{Commit, Document, Leaf, StoreError};
use cardwright_transparency_log::leaf_hash;

use super::{Rows, apply, register};

/// Whether a change must find its row as it names it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fence {
    Kept,
    LeftOut,
}

impl Rows {
    pub(super) fn commit(&mut self, commit: Commit, fence: Fence) -> Result<(), StoreError> {
        let mut rows = self.clone();
        commit.changes.into_iter().try_for_each(|change| apply::change(&mut rows, change, fence))?;
        commit.registrations.into_iter().try_for_each(|row| register::register(&mut rows, row))?;
        for entry in commit.entries {
            let bytes = entry.to_bytes();
            let (index, hash) = (rows.leaves.len() as i64, leaf_hash(&bytes));
            rows.leaves.push(Leaf { index, entry: bytes, hash, order: entry.order });
        }
        *self = rows;
        Ok(())
    }
}

/// The newest text of each name.
pub(super) fn newest(rows: &BTreeMap<(String, u32), Document>) -> Vec<Document> {
    let by_name: BTreeMap<&str, &Document> = rows.values().map(|row| (&row.name[..], row)).collect();
    by_name.into_values().cloned().collect()
}

pub(super) fn insert<K: Ord, V>(rows: &mut BTreeMap<K, V>, key: K, row: V, what: &str) -> Result<(), StoreError> {
    if rows.contains_key(&key) {
        return Err(conflict(what));
    }
    rows.insert(key, row);
    Ok(())
}

pub(super) fn conflict(what: &str) -> StoreError {
    StoreError::Conflict(what.to_owned())
}
