//! The off-card side, held to data from outside and to properties.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod card;
mod channel;
mod dialogue;
mod diversification_vectors;
mod keystore;
mod opening;
mod prediction;
mod scp02_vectors;
mod scp03_vectors;
mod vectors;
