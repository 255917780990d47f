//! Making proofs, from the hashes of complete subtrees.

use crate::{EMPTY_ROOT, Error, Hash, Node, node_hash};

/// Where the hashes of complete subtrees come from: a store, or a closure over one.
pub trait NodeSource {
    /// The hash of the complete subtree at `node`, if it is there.
    fn hash(&self, node: Node) -> Option<Hash>;
}

impl<F: Fn(Node) -> Option<Hash>> NodeSource for F {
    fn hash(&self, node: Node) -> Option<Hash> {
        self(node)
    }
}

/// The root over the first `size` leaves (RFC 6962 §2.1).
///
/// # Errors
/// [`Error::MissingNode`].
pub fn root(size: u64, source: &impl NodeSource) -> Result<Hash, Error> {
    if size == 0 { Ok(EMPTY_ROOT) } else { Span { begin: 0, end: size }.root(source) }
}

/// The proof that the leaf at `index` is in the tree of `size` leaves: the audit path, the leaf's neighbour first
/// (RFC 6962 §2.1.1).
///
/// # Errors
/// [`Error::OutOfTree`] where `index` is not below `size`; [`Error::MissingNode`].
pub fn inclusion_proof(index: u64, size: u64, source: &impl NodeSource) -> Result<Vec<Hash>, Error> {
    if index >= size {
        return Err(Error::OutOfTree { position: index, size });
    }
    let mut path = Vec::new();
    let mut span = Span { begin: 0, end: size };
    while let Some((left, right)) = span.halves() {
        let (inside, beside) = if index < left.end { (left, right) } else { (right, left) };
        path.push(beside.root(source)?);
        span = inside;
    }
    path.reverse();
    Ok(path)
}

/// The proof that the tree of `size` leaves begins with the tree of its first `smaller` leaves (RFC 6962 §2.1.2).
/// Empty where they are the same, or where the smaller has no leaves.
///
/// # Errors
/// [`Error::OutOfTree`] where `smaller` is larger; [`Error::MissingNode`].
pub fn consistency_proof(smaller: u64, size: u64, source: &impl NodeSource) -> Result<Vec<Hash>, Error> {
    if smaller > size {
        return Err(Error::OutOfTree { position: smaller, size });
    }
    if smaller == 0 {
        return Ok(Vec::new());
    }
    let mut proof = Vec::new();
    let mut span = Span { begin: 0, end: size };
    while span.end != smaller {
        let (left, right) = span.halves().expect("a span of one leaf ends at the smaller tree's end");
        let (inside, beside) = if smaller <= left.end { (left, right) } else { (right, left) };
        proof.push(beside.root(source)?);
        span = inside;
    }
    if span.begin != 0 {
        proof.push(span.root(source)?);
    }
    proof.reverse();
    Ok(proof)
}

/// The leaves from `begin` to before `end`, at least one: a subtree, complete or on the right edge.
#[derive(Clone, Copy)]
struct Span {
    begin: u64,
    end: u64,
}

impl Span {
    /// Both subtrees, the left one of the largest power of two that is less than all (RFC 6962 §2.1); none for a leaf.
    fn halves(self) -> Option<(Self, Self)> {
        let last = self.end - self.begin - 1;
        let middle = self.begin + (1 << last.checked_ilog2()?);
        Some((Self { begin: self.begin, end: middle }, Self { begin: middle, end: self.end }))
    }

    fn root(self, source: &impl NodeSource) -> Result<Hash, Error> {
        let length = self.end - self.begin;
        if length.is_power_of_two() {
            let level = length.ilog2();
            let node = Node { level, index: self.begin >> level };
            return source.hash(node).ok_or(Error::MissingNode(node));
        }
        let (left, right) = self.halves().expect("one leaf is a power of two");
        Ok(node_hash(&left.root(source)?, &right.root(source)?))
    }
}
