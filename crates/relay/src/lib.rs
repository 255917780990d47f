//! The contract between the issuing center and a terminal: messages, reader list, reader proof, error codes.
//!
//! Both sides link this crate, so they agree by construction. It knows nothing of transports: a message is
//! bytes that are posted, and bytes that are answered. The CDDL of every message is `docs/messages.cddl`.

mod code;
pub mod message;

pub use code::Code;

/// The version of the message format that this crate speaks.
pub const FORMAT: u16 = 1;
