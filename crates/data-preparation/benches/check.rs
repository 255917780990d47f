//! What the check of one payment card costs: opened from its encoding, read back whole.
//!
//! `cargo bench -p cardwright-data-preparation`; goal: at most 0.5 ms CPU for the largest keys with e = 3.

#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on must stop")]

#[path = "../tests/it/emv_draft.rs"]
#[allow(dead_code, reason = "the tests use all of it")]
mod emv_draft;
#[path = "../tests/it/emv_sample.rs"]
#[allow(dead_code, reason = "the tests use all of it")]
mod emv_sample;

use divan::Bencher;
use emv_draft::Draft;
use emv_sample::reopen;
use sha2::{Digest, Sha256};

fn main() {
    divan::main();
}

/// CDA with keys of 1984, 1976, 1640 and 1024 bits, both interfaces, PSE and PPSE; private keys in five parts.
#[divan::bench]
fn credit(bencher: Bencher) {
    let bytes = Draft::credit().card().to_bytes();
    let digest = Sha256::digest(&bytes).into();
    bencher.bench(|| reopen(&bytes, Some(digest)).map(drop).unwrap());
}

/// DDA with keys of 1408, 1152 and 1024 bits, e = 65537; the private key as exponent and modulus.
#[divan::bench]
fn debit(bencher: Bencher) {
    let bytes = Draft::debit().card().to_bytes();
    let digest = Sha256::digest(&bytes).into();
    bencher.bench(|| reopen(&bytes, Some(digest)).map(drop).unwrap());
}
