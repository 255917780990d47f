//! Host and virtual card, two readings of one specification, must agree.
//!
//! First the channels and the commands, at every setting and with everything random; then the whole flow of a new
//! card, and what becomes of it when somebody between the two is not honest. Each harness has its control: what was
//! not changed is accepted, and what was changed is seen.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod altered;
mod cap_files;
mod changes;
mod channels;
mod content;
mod counters;
mod cuts;
mod grade_b;
mod grouping;
mod key_sets;
mod keys;
mod life;
mod orders;
mod pair;

mod answers;
mod commit_points;
mod forged;
#[path = "../../../data-preparation/tests/it/generated.rs"]
mod generated;
#[path = "../../../data-preparation/tests/it/generated_applications.rs"]
mod generated_applications;
mod generated_profiles;
mod issuing;
mod levels;
mod new_card;
mod openings;
mod payment;
mod piv;
#[path = "../../../data-preparation/tests/it/issuer.rs"]
#[allow(dead_code, reason = "shared with the tests of data preparation")]
mod preparer;
mod script_flow;
mod scripts;
mod specimens;
mod surveys;
mod wrapped_keys;

/// What the generator of profiles calls it.
use preparer as issuer;
use std::path::Path;

/// A file of the repository.
fn file(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}
