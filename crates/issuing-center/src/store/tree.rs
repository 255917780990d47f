//! The log's head as it steps with each entry: the Merkle tree of `cardwright-transparency-log`, in the store's rows.

use cardwright_issuance::entry::Entry;
use cardwright_transparency_log::{EMPTY_ROOT, Edge, leaf_hash};

use super::{Leaf, LogHead, StoreError};

/// The empty log.
#[must_use]
pub fn empty() -> LogHead {
    LogHead { size: 0, root: EMPTY_ROOT, edge: Vec::new() }
}

/// Puts `entry` behind the leaves of `head`, which steps to the new size and root.
///
/// # Errors
/// `Damaged` where `head` cannot be one.
pub fn append(head: &mut LogHead, entry: &Entry) -> Result<Leaf, StoreError> {
    let bytes = minicbor::to_vec(entry).map_err(|_| StoreError::Damaged("a log entry has no encoding".into()))?;
    let leaf = Leaf { index: head.size, hash: leaf_hash(&bytes), order: entry.order, entry: bytes };
    push(head, leaf.hash)?;
    Ok(leaf)
}

/// Puts a leaf's hash behind the leaves of `head`.
///
/// # Errors
/// `Damaged` where `head` cannot be one.
pub fn push(head: &mut LogHead, hash: [u8; 32]) -> Result<(), StoreError> {
    let damaged = |_| StoreError::Damaged("the log's head does not fit its size".into());
    let size = u64::try_from(head.size).map_err(|_| StoreError::Damaged("the log's size is negative".into()))?;
    let mut edge = Edge::from_hashes(size, std::mem::take(&mut head.edge)).map_err(damaged)?;
    edge.append(hash);
    *head = LogHead { size: head.size + 1, root: edge.root(), edge: edge.hashes().to_vec() };
    Ok(())
}

#[cfg(test)]
mod tests {
    use cardwright_transparency_log::node_hash;

    use super::*;

    #[test]
    fn the_head_steps_to_the_roots_that_rfc_6962_defines() {
        let mut head = empty();
        let leaves = [1_u8, 2, 3].map(|byte| leaf_hash(&[byte]));
        let [a, b, c] = leaves;
        let roots = [a, node_hash(&a, &b), node_hash(&node_hash(&a, &b), &c)];
        for (index, (leaf, root)) in leaves.into_iter().zip(roots).enumerate() {
            push(&mut head, leaf).unwrap();
            assert_eq!((head.size, head.root), (index as i64 + 1, root));
        }
    }

    #[test]
    fn a_head_whose_edge_does_not_fit_its_size_is_damaged() {
        for size in [-1, 3] {
            let mut head = LogHead { size, root: EMPTY_ROOT, edge: vec![[0; 32]] };
            assert!(push(&mut head, [0; 32]).is_err());
        }
    }
}
