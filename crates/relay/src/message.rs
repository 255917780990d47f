//! The messages between terminal and center, one POST each. CBOR maps with integer keys; unknown keys are ignored.

pub(crate) mod bounds;
mod enrolment;
mod presence;
mod script_id;
mod session;

pub use enrolment::{Enrol, Enrolled};
pub use presence::{Challenge, Hello, Preamble, Ticket, Welcome, Work, WorkQuery};
pub use session::{
    Abort, Open, Outcome, Progress, Refusal, Reply, Script, ScriptCommand, ScriptResult, Stop, StopReason, Verdict,
};

/// Sixteen random bytes that name a session, a terminal, a reader, a challenge or a ticket.
pub type Id = minicbor::bytes::ByteArray<16>;
