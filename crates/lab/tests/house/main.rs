//! What holds for the workspace as a whole: the arrows between crates, the bans in the pure ones, the habits every
//! source file keeps, and that each promise of docs/promises.md has the test it names.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod arrows;
mod bans;
mod documents;
mod machine;
mod promises;
mod sources;
mod workspace;
