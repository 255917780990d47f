//! The card from outside: dialogues as bytes, driven by a host that knows the specifications and nothing of the crate.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::disallowed_types)]

mod channels;
mod content_management;
mod dialogues;
mod emv;
mod host;
mod identity;
mod key_sets;
mod keys;
mod life_cycles;
mod loading;
mod no_panic;
mod opensc;
mod piv;
mod power;
mod products;
mod rewriting;
mod security_access_module;
mod states;
mod tool;
mod upgrade;
mod world;
