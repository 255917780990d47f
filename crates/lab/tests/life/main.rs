//! The whole life of a card in process: every kind of order, every fault at every command.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod campaigns;
mod cuts;
mod forgeries;
mod keys;
mod memory;
mod two_cards;
mod words;
