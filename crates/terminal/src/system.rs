//! What depends on the operating system: the PC/SC service, files that only their owner reads, the process itself.
//!
//! Architecture Invariant: nothing outside this module names PC/SC, Unix permissions or process attributes.

pub mod files;
pub mod pcsc;
pub mod process;
mod watchdog;
