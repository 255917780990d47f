//! Attacks on the issuing dialogue: hostile terminals, readers and accidents of timing, against the real engine.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod changes_meanwhile;
mod grade_b;
mod identity_data;
mod odd_messages;
mod other_applications;
mod races_and_endings;
mod readers;
mod replays;
mod used_twice;
mod world;

#[allow(dead_code, reason = "shared with the tests of data preparation")]
#[path = "../../../data-preparation/tests/it/issuer.rs"]
mod preparer;
#[path = "../agreement/specimens.rs"]
mod specimens;

use world::file;
