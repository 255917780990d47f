//! The software keystore against the conformance suite, the outside world and its own file.

#![allow(clippy::unwrap_used)] // a test that cannot go on stops there

mod conformance;
mod file;
mod memory;
mod openssl;
mod programs;
mod remains;
mod seeded;
mod sharing;
mod vectors;
