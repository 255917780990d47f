//! The off-card side, held to data from outside and to properties.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod diversification_vectors;
mod keystore;
mod scp02_vectors;
mod scp03_vectors;
mod vectors;
