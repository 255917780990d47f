//! The issuing center: orders in, prepared and sealed; terminals let in; cards written; everything in the log.

pub mod center;
pub mod journal;
pub mod refused;
pub mod store;
