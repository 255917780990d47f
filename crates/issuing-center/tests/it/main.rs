//! The issuing center from outside: its store, its commands, its log.

#![allow(clippy::unwrap_used)] // a test that cannot go on stops there

mod beside;
mod campaigns;
#[path = "../../../globalplatform/tests/it/cap_builder.rs"]
mod cap_builder;
mod cards;
mod change_commands;
mod changes;
mod commands;
mod crash;
mod debit;
mod effects;
mod employee;
mod face;
mod gate;
mod host;
mod host_tls;
mod issuance_data;
mod issuer_ca;
mod kinds;
mod life;
mod log;
mod numbers;
mod order_files;
mod orders;
mod payment;
mod payment_commands;
mod people;
mod piv_ca;
mod pool;
mod programs;
mod receiver;
mod replacements;
mod sealed;
mod search;
mod stock;
mod store;
mod world;
