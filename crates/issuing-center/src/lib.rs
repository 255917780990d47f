//! The issuing center: orders in, prepared and sealed; terminals let in; cards written; everything in the log.

pub mod api;
pub mod authority;
pub mod calendar;
pub mod campaign;
pub mod card;
pub mod center;
pub mod face;
pub mod file_fault;
pub mod host;
pub mod intake;
pub mod issuers;
pub mod journal;
pub mod numbers;
pub mod piv_authority;
pub mod pool;
pub mod presence;
pub mod preview;
mod rate;
pub mod refused;
pub mod registry;
pub mod sealing;
pub mod server;
pub mod service;
pub mod session;
pub mod signature;
pub mod stop;
pub mod store;
