//! The contract between the issuing center and a terminal: messages, reader list, reader proof, error codes.
//!
//! Both sides link this crate, so they agree by construction. It knows nothing of transports: a message is
//! bytes that are posted, and bytes that are answered. The CDDL of every message is `docs/messages.cddl`.

pub mod center;
mod code;
pub mod enrolment;
mod error;
pub mod message;
pub mod reader;
pub mod terminal;
pub mod text;
mod wire;

pub use code::Code;
pub use error::Error;
pub use wire::{CONTENT_TYPE, Message, decode, encode, message_hash};

/// The version of the message format that this crate speaks.
pub const FORMAT: u16 = 1;

/// The DNS name in the center's certificate. A terminal asks for this name whatever address it connects to.
pub const CENTER_NAME: &str = "issuing-center.cardwright.internal";
