//! The right edge of a growing tree: all that must be kept to append and to know the root.

use crate::{EMPTY_ROOT, Error, Hash, Node, node_hash};

/// The hashes of the complete subtrees that the leaves fall into, the largest first: one for each 1 bit of the size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    hashes: Vec<Hash>,
}

impl Edge {
    /// The edge of the empty tree.
    #[must_use]
    pub const fn new() -> Self {
        Self { size: 0, hashes: Vec::new() }
    }

    /// An edge that was kept: the tree's size and [`Edge::hashes`].
    ///
    /// # Errors
    /// [`Error::EdgeLength`] where the hashes are too few or too many for the size.
    pub fn from_hashes(size: u64, hashes: Vec<Hash>) -> Result<Self, Error> {
        let expected = size.count_ones();
        if hashes.len() != expected as usize {
            return Err(Error::EdgeLength { size, expected, found: hashes.len() });
        }
        Ok(Self { size, hashes })
    }

    /// Appends a leaf by its hash.
    pub fn append(&mut self, leaf_hash: Hash) {
        self.append_telling(leaf_hash, |_, _| ());
    }

    /// Appends a leaf by its hash, and tells every subtree that is complete with it, the leaf first: what a store
    /// keeps to make proofs from later.
    pub fn append_telling(&mut self, leaf_hash: Hash, mut complete: impl FnMut(Node, Hash)) {
        let mut hash = leaf_hash;
        complete(Node { level: 0, index: self.size }, hash);
        for level in 0..self.size.trailing_ones() {
            let left = self.hashes.pop().expect("the edge has a hash for each 1 bit of the size");
            hash = node_hash(&left, &hash);
            complete(Node { level: level + 1, index: self.size >> (level + 1) }, hash);
        }
        self.hashes.push(hash);
        self.size += 1;
    }

    /// The number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The hashes, the largest subtree's first.
    #[must_use]
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// The root over all leaves (RFC 6962 §2.1).
    #[must_use]
    pub fn root(&self) -> Hash {
        let right_to_left = self.hashes.iter().rev().copied();
        right_to_left.reduce(|right, left| node_hash(&left, &right)).unwrap_or(EMPTY_ROOT)
    }
}
