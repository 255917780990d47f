//! Attacks on the issuing dialogue: hostile terminals, readers and accidents of timing, against the real engine.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod changes_meanwhile;
mod odd_messages;
mod races_and_endings;
mod readers;
mod replays;
mod used_twice;
mod world;
