//! Host and virtual card, two readings of one specification, must agree.

mod altered;
mod channels;
mod counters;
mod content;
mod grouping;
mod key_sets;
mod keys;
mod pair;

mod issuing;

use std::path::Path;

/// A file of the repository.
fn file(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}
