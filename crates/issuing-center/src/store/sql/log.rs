//! The log's leaves and its head, written in the transaction of the change they tell.

use cardwright_issuance::entry::Entry;
use sqlx::any::AnyRow;
use sqlx::{Any, Transaction};

use super::column::{columns, read, statement};
use super::{store_error, unavailable};
use crate::store::tree;
use crate::store::{Leaf, LogHead, StoreError};

pub(super) fn leaf(row: &AnyRow) -> Result<Leaf, StoreError> {
    Ok(Leaf {
        index: read(row, "leaf_index")?,
        entry: read(row, "entry")?,
        hash: read(row, "hash")?,
        order: read(row, "order_id")?,
    })
}

pub(super) fn head(row: &AnyRow) -> Result<LogHead, StoreError> {
    let edge: Vec<u8> = read(row, "edge")?;
    let (hashes, rest) = edge.as_chunks();
    if !rest.is_empty() {
        return Err(StoreError::Damaged("the log's edge is not whole hashes".into()));
    }
    Ok(LogHead { size: read(row, "size")?, root: read(row, "root")?, edge: hashes.to_vec() })
}

/// Reads the head and keeps every other commit waiting until this transaction ends.
pub(super) async fn lock(transaction: &mut Transaction<'static, Any>) -> Result<LogHead, StoreError> {
    let text = "UPDATE log_head SET size = size WHERE id = 1 RETURNING size, root, edge";
    let row = statement(text, vec![]).fetch_optional(&mut **transaction).await.map_err(unavailable)?;
    head(&row.ok_or_else(|| StoreError::Damaged("the log has no head".into()))?)
}

/// Appends the entries after the leaves of `head`.
pub(super) async fn append(
    transaction: &mut Transaction<'static, Any>,
    mut head: LogHead,
    entries: &[Entry],
) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    for entry in entries {
        let leaf = tree::append(&mut head, entry)?;
        let text = "INSERT INTO log_leaves (leaf_index, entry, hash, order_id) VALUES ($1, $2, $3, $4)";
        let statement = statement(text, columns![leaf.index, leaf.entry, leaf.hash, leaf.order]);
        statement.execute(&mut **transaction).await.map_err(store_error)?;
    }
    let text = "UPDATE log_head SET size = $1, root = $2, edge = $3 WHERE id = 1";
    let statement = statement(text, columns![head.size, head.root, head.edge.concat()]);
    statement.execute(&mut **transaction).await.map_err(unavailable)?;
    Ok(())
}
