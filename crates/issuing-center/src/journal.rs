//! The log: the story it tells, and the proof that nobody has changed it.

pub mod story;
pub mod verification;
