//! The log as a Merkle tree (RFC 6962 §2.1): leaf hashes, and the root from the hashes of its right edge.

use cardwright_issuance::entry::Entry;
use sha2::{Digest, Sha256};

use crate::store::{Leaf, LogHead, StoreError};

/// The root of the empty tree: SHA-256 of nothing (RFC 6962 §2.1).
pub const EMPTY_ROOT: [u8; 32] = [
    0xE3, 0xB0, 0xC4, 0x42, 0x98, 0xFC, 0x1C, 0x14, 0x9A, 0xFB, 0xF4, 0xC8, 0x99, 0x6F, 0xB9, 0x24, 0x27, 0xAE, 0x41,
    0xE4, 0x64, 0x9B, 0x93, 0x4C, 0xA4, 0x95, 0x99, 0x1B, 0x78, 0x52, 0xB8, 0x55,
];

/// The hash of a leaf.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update([0x00]).chain_update(entry).finalize().into()
}

fn node_hash(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    Sha256::new().chain_update([0x01]).chain_update(left).chain_update(right).finalize().into()
}

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
    let hash = leaf_hash(&bytes);
    let leaf = Leaf { index: head.size, hash, order: entry.order, entry: bytes };
    push(head, hash)?;
    Ok(leaf)
}

/// Puts a leaf's hash behind the leaves of `head`.
///
/// # Errors
/// `Damaged` where `head` cannot be one.
pub fn push(head: &mut LogHead, hash: [u8; 32]) -> Result<(), StoreError> {
    if head.size < 0 || head.edge.len() != head.size.count_ones() as usize {
        return Err(StoreError::Damaged("the log's head does not fit its size".into()));
    }
    let mut node = hash;
    for _ in 0..head.size.trailing_ones() {
        let left = head.edge.pop().expect("as many hashes as the size has ones, and these are some of them");
        node = node_hash(&left, &node);
    }
    head.edge.push(node);
    head.size += 1;
    head.root = root(&head.edge);
    Ok(())
}

/// The root over perfect subtrees, from the largest.
fn root(edge: &[[u8; 32]]) -> [u8; 32] {
    let Some((last, before)) = edge.split_last() else { return EMPTY_ROOT };
    before.iter().rev().fold(*last, |right, left| node_hash(left, &right))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6962 §2.1, word for word.
    fn defined(leaves: &[[u8; 32]]) -> [u8; 32] {
        match leaves {
            [] => EMPTY_ROOT,
            [leaf] => *leaf,
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                node_hash(&defined(&leaves[..split]), &defined(&leaves[split..]))
            }
        }
    }

    #[test]
    fn the_edge_gives_the_root_that_the_definition_gives() {
        assert_eq!(EMPTY_ROOT, <[u8; 32]>::from(Sha256::digest([])));
        let mut head = empty();
        let mut leaves = Vec::new();
        for number in 0..70_u8 {
            let hash = leaf_hash(&[number]);
            push(&mut head, hash).unwrap();
            leaves.push(hash);
            assert_eq!(head.root, defined(&leaves), "{number}");
            assert_eq!(head.size, i64::from(number) + 1);
        }
    }

    #[test]
    fn a_head_whose_edge_does_not_fit_its_size_is_damaged() {
        let mut head = LogHead { size: 3, root: EMPTY_ROOT, edge: vec![[0; 32]] };
        assert!(push(&mut head, [0; 32]).is_err());
    }
}
