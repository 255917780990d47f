//! A log that cannot be changed unseen: Merkle tree, proofs and signed checkpoints.
//!
//! The tree is RFC 6962's (§2.1, SHA-256), the checkpoints are C2SP's (`tlog-checkpoint`, `signed-note`). A witness or
//! an offline verifier links this crate and nothing else of ours. It reads nothing, keeps nothing and signs nothing:
//! hashes are handed in, and so is whatever checks a signature.

mod checkpoint;
mod edge;
mod hash;
mod note;
mod note_key;
mod proof;
mod verification;

pub use checkpoint::Checkpoint;
pub use edge::Edge;
pub use hash::{EMPTY_ROOT, Hash, Node, leaf_hash, node_hash};
pub use note::{NoteSignature, SignedNote};
pub use note_key::{NoteKey, SignatureCheck, SignatureKind};
pub use proof::{NodeSource, consistency_proof, inclusion_proof, root};
pub use verification::{verify_consistency, verify_inclusion};

/// Why something is not what it says it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The caller's: no such leaf, or a smaller tree that is larger than the larger.
    #[error("{position} is out of a tree of {size} leaves")]
    OutOfTree {
        /// the leaf's index or the smaller tree's size
        position: u64,
        /// the number of leaves
        size: u64,
    },
    /// The caller's: as many hashes as the tree's size needs were not there.
    #[error("{found} hashes on the right edge, a tree of {size} leaves has {expected}")]
    EdgeLength {
        /// the number of leaves
        size: u64,
        /// the hashes it has on its right edge
        expected: u32,
        /// the hashes that were handed in
        found: usize,
    },
    /// The store's: a hash that the proof needs is missing.
    #[error("the hash of {0:?} is missing")]
    MissingNode(Node),
    /// The prover's: the proof has more or fewer hashes than its tree.
    #[error("the proof has not the length that its tree asks for")]
    ProofLength,
    /// The prover's: the proof leads to another root.
    #[error("the proof does not lead to the root")]
    ProofRefuted,
    /// The writer's: not a checkpoint, a note or a key of one.
    #[error("malformed: {0}")]
    Malformed(&'static str),
    /// The signer's: no key that we trust has signed.
    #[error("nobody we trust has signed this")]
    NotSigned,
    /// The signer's: the signature of a key that we trust does not verify.
    #[error("the signature of {0} is wrong")]
    WrongSignature(String),
}
