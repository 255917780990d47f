//! The whole life of a card in process: every kind of order on several kinds of card, through the real engine, with the
//! real machines of the terminal and a virtual card, and every fault at every command.
//!
//! The store is the model (held to the databases' own suite of tests), so that a cell costs milliseconds.

pub mod bench;
pub mod campaign;
pub mod fault;
pub mod forgery;
pub mod hostile;
pub mod house;
pub mod judge;
pub mod keys;
pub mod matrix;
pub mod picture;
pub mod plan;
pub mod planted;
pub mod scene;
