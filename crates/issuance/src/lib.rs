//! What the issuing center decides about an issuance: rows and an event in; row changes, log entries and an
//! answer out.
//!
//! No IO, no clock, no SQL: time, randomness and key material are handed in, so that the server and the
//! simulator run the same decisions.

pub mod admission;
pub mod basis;
pub mod change;
pub mod content;
pub mod decision;
pub mod entry;
pub mod flow;
pub mod kind;
pub mod product;
pub mod proof;
pub mod row;
pub mod state;
mod task;
pub mod waiting;
mod work;

pub use cardwright_relay::message::Id;
