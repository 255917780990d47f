//! The off-card side, held to data from outside and to properties.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cap;
mod cap_builder;
mod cap_properties;
mod card;
mod channel;
mod commands;
mod commands_properties;
mod dialogue;
mod diversification_vectors;
mod grouping;
mod inputs;
mod keystore;
mod loading;
mod nodes;
mod opening;
mod prediction;
mod refusals;
mod remains;
mod scp02_channel;
mod scp02_vectors;
mod scp03_vectors;
mod survey;
mod vectors;
