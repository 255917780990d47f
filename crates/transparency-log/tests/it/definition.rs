//! RFC 6962 §2.1, word for word: slow, and a second reading of it.

use cardwright_transparency_log::{EMPTY_ROOT, Hash, Node, leaf_hash, node_hash};

/// `MTH(D[n])` over leaf hashes.
pub(crate) fn tree_hash(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => EMPTY_ROOT,
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&tree_hash(left), &tree_hash(right))
        }
    }
}

/// `PATH(m, D[n])`.
pub(crate) fn path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut path, beside) = if index < left.len() {
        (path(index, left), tree_hash(right))
    } else {
        (path(index - left.len(), right), tree_hash(left))
    };
    path.push(beside);
    path
}

/// `SUBPROOF(m, D[n], b)`.
pub(crate) fn subproof(smaller: usize, leaves: &[Hash], known: bool) -> Vec<Hash> {
    if smaller == leaves.len() {
        return if known { Vec::new() } else { vec![tree_hash(leaves)] };
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut proof, beside) = if smaller <= left.len() {
        (subproof(smaller, left, known), tree_hash(right))
    } else {
        (subproof(smaller - left.len(), right, false), tree_hash(left))
    };
    proof.push(beside);
    proof
}

/// The largest power of two below `count`.
fn split(count: usize) -> usize {
    let mut split = 1;
    while split * 2 < count {
        split *= 2;
    }
    split
}

/// The leaf hashes of `count` different entries.
pub(crate) fn leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|number| leaf_hash(&number.to_be_bytes())).collect()
}

/// The hashes of complete subtrees over `leaves`, computed anew each time.
pub(crate) fn nodes(leaves: &[Hash]) -> impl Fn(Node) -> Option<Hash> {
    |node| {
        let begin = usize::try_from(node.index).unwrap() << node.level;
        leaves.get(begin..begin + (1 << node.level)).map(tree_hash)
    }
}
