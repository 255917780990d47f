//! The log: its tree, the story it tells, and the proof that nobody has changed it.

pub mod story;
pub mod tree;
pub mod verification;
