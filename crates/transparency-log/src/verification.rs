//! Checking proofs, from nothing but the hashes in them.
//!
//! The algorithms are RFC 9162's (§2.1.3.2 and §2.1.4.2), which proves the same trees as RFC 6962.

use crate::{EMPTY_ROOT, Error, Hash, node_hash};

/// Checks that `leaf_hash` is the leaf at `index` of the tree of `size` leaves with this `root`.
///
/// # Errors
/// [`Error::OutOfTree`], [`Error::ProofLength`], [`Error::ProofRefuted`].
pub fn verify_inclusion(leaf_hash: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> Result<(), Error> {
    if index >= size {
        return Err(Error::OutOfTree { position: index, size });
    }
    let mut at = index;
    let mut last = size - 1;
    let mut hash = *leaf_hash;
    for beside in proof {
        if last == 0 {
            return Err(Error::ProofLength);
        }
        if is_right(at, last) {
            hash = node_hash(beside, &hash);
            climb_from_right(&mut at, &mut last);
        } else {
            hash = node_hash(&hash, beside);
        }
        at >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(Error::ProofLength);
    }
    if hash == *root { Ok(()) } else { Err(Error::ProofRefuted) }
}

/// Checks that the tree of `size` leaves with this `root` begins with the tree of `smaller` leaves and `smaller_root`.
///
/// # Errors
/// [`Error::OutOfTree`], [`Error::ProofLength`], [`Error::ProofRefuted`].
pub fn verify_consistency(
    smaller: u64,
    smaller_root: &Hash,
    size: u64,
    root: &Hash,
    proof: &[Hash],
) -> Result<(), Error> {
    if smaller > size {
        return Err(Error::OutOfTree { position: smaller, size });
    }
    if smaller == 0 || smaller == size {
        let same = if smaller == 0 { EMPTY_ROOT } else { *root };
        let refuted = same != *smaller_root || size == 0 && *root != EMPTY_ROOT;
        return match (proof, refuted) {
            ([], false) => Ok(()),
            ([], true) => Err(Error::ProofRefuted),
            _ => Err(Error::ProofLength),
        };
    }
    let (smaller_found, found) = climb_both(smaller, smaller_root, size, proof)?;
    if smaller_found == *smaller_root && found == *root { Ok(()) } else { Err(Error::ProofRefuted) }
}

/// The roots of both trees, as the proof has them; 0 < `smaller` < `size`.
fn climb_both(smaller: u64, smaller_root: &Hash, size: u64, proof: &[Hash]) -> Result<(Hash, Hash), Error> {
    // A smaller tree that is complete is a node of the larger one, and not told in the proof.
    let (first, proof) = match proof.split_first() {
        _ if smaller.is_power_of_two() => (smaller_root, proof),
        Some(split) => split,
        None => return Err(Error::ProofLength),
    };
    let complete = (smaller - 1).trailing_ones();
    let mut at = (smaller - 1) >> complete;
    let mut last = (size - 1) >> complete;
    let (mut smaller_hash, mut hash) = (*first, *first);
    for beside in proof {
        if last == 0 {
            return Err(Error::ProofLength);
        }
        if is_right(at, last) {
            smaller_hash = node_hash(beside, &smaller_hash);
            hash = node_hash(beside, &hash);
            climb_from_right(&mut at, &mut last);
        } else {
            hash = node_hash(&hash, beside);
        }
        at >>= 1;
        last >>= 1;
    }
    if last == 0 { Ok((smaller_hash, hash)) } else { Err(Error::ProofLength) }
}

/// Whether the proof's next hash stands to the left: the node is a right child, or alone at the right edge.
fn is_right(at: u64, last: u64) -> bool {
    at & 1 == 1 || at == last
}

/// Passes the levels on which the node at the right edge has no neighbour.
fn climb_from_right(at: &mut u64, last: &mut u64) {
    while *at & 1 == 0 && *at != 0 {
        *at >>= 1;
        *last >>= 1;
    }
}
