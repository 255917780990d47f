//! Programs of other people, over a real PC/SC daemon, agree with the virtual card.
//!
//! `scll` is a third reading of SCP02 and SCP03. Where it differs from the specification it is not asked: it takes
//! bit 08 of SCP03's i for the S16 mode, which is bit 01 (Amd D Table 5-1), so that only S8 can be compared.
//! Python's `zipfile` and `scll` read CAP files, which need no daemon.
//! `opensc-tool` knows nothing of cards like ours and reads them as any terminal would.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cap_files;
mod issuer_scripts;
mod opensc;
mod payment_oracles;
mod pcscd;
mod purchases;
mod rewritten;
mod scll_channels;
mod script_oracles;

#[path = "../../../globalplatform/tests/it/cap_builder.rs"]
mod cap_builder;
#[allow(dead_code, reason = "only an issued card is wanted here, not the moments of its issuance")]
#[path = "../agreement/new_card.rs"]
mod new_card;
#[allow(dead_code, reason = "shared with the tests of data preparation")]
#[path = "../../../data-preparation/tests/it/issuer.rs"]
mod preparer;
#[path = "../agreement/wrapped_keys.rs"]
mod wrapped_keys;

use std::path::Path;

/// A file of the repository.
fn file(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}
