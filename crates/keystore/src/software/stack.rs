//! No key values left on the stack.
//!
//! Ciphers are values: where one is made, handed on or dropped, copies of its key schedule stay behind in frames that
//! are no longer in use, and wiping the last owner does not reach them. So each verb works in frames of its own, which
//! are then written over.

use std::hint::black_box;

/// More than the frames of any verb take, in a build without optimisation too.
const DEPTH: usize = 32 * 1024;

/// Does `work`, and writes over the stack that it used. What it answers must be no key.
pub(super) fn leaving_no_trace<T>(work: impl FnOnce() -> T) -> T {
    let answer = in_its_own_frame(work);
    write_over();
    answer
}

#[inline(never)]
fn in_its_own_frame<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[inline(never)]
fn write_over() {
    // Mutable, so that the zeros are on the stack and not a constant elsewhere.
    let mut frames = [0_u8; DEPTH];
    black_box(&mut frames);
}
