//! Data preparation from outside: profiles, orders, and what comes out of them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod documentation;
mod examples;
mod order;
mod preparation;
mod profile;
mod sample;
