//! The issuing center from outside: its store, its commands, its log.

#![allow(clippy::unwrap_used)] // a test that cannot go on stops there

mod beside;
mod commands;
mod crash;
mod log;
mod order_files;
mod orders;
mod people;
mod sealed;
mod search;
mod stock;
mod store;
mod world;
