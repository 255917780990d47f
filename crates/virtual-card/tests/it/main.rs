//! The card from outside: dialogues as bytes, driven by a host that knows the specifications and nothing of the crate.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod host;
mod identity;
mod world;
