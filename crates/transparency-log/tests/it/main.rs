//! The tree against the published reference tree and against the definition read word for word; checkpoints against
//! published notes.

#![allow(clippy::unwrap_used)] // a test that cannot go on stops there

mod checkpoints;
mod definition;
mod notes;
mod proofs;
mod reference_tree;
