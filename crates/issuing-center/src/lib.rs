//! The issuing center: orders in, prepared and sealed; terminals let in; cards written; everything in the log.

pub mod authority;
pub mod center;
pub mod journal;
pub mod presence;
pub mod refused;
pub mod sealing;
pub mod server;
pub mod service;
pub mod session;
pub mod signature;
pub mod store;
