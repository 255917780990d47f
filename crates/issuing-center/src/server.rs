//! The terminals' listener: TLS 1.3 with client certificates, one POST a message.
//!
//! Architecture invariant: nothing here opens a sealed value or asks the keystore for more than a signature. What a
//! card is told is made behind [`Dialogue`], which takes and gives bytes.
//!
//! A connection is let in three times: by TLS, which wants a certificate that leads to this center's authority (or
//! none, for ENROL); by the terminals' database when it is opened; and by the database again at each message. A
//! terminal that is withdrawn loses its open connections within [`CONNECTION_CHECK`] and a moment.

mod admission;
mod client_certificate;
pub mod connection;
mod dialogue;
mod doorstep;
mod exchange;
mod listener;
mod refusal_log;
mod tls;

use std::sync::Arc;
use std::time::Duration;

pub use self::dialogue::Dialogue;
pub use self::listener::Listener;
pub use self::refusal_log::{RefusalLog, Source};
pub use self::tls::{TlsError, configuration};

use crate::center::Center;
use crate::presence::{Enrolment, Presence};

/// How often an open connection's terminal is looked up again.
pub const CONNECTION_CHECK: Duration = Duration::from_secs(2);

/// What one listener grants to those who are not yet known.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// connections at a time
    pub connections: usize,
    /// connections at a time from one address (IPv6: one /64) that have not shown a certificate
    pub unproven: usize,
    /// TLS handshakes at a time
    pub handshakes: usize,
    /// for a handshake to be done
    pub handshake: Duration,
    /// for the head of a request
    pub head: Duration,
    /// for a body, once its head is there
    pub body: Duration,
    /// for a connection on which nothing is asked
    pub idle: Duration,
    /// for the whole life of a connection that showed no certificate, or one that is refused
    pub stranger: Duration,
    /// for running exchanges to end when the center stops
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            unproven: 128,
            handshakes: 256,
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(10),
            body: Duration::from_secs(30),
            idle: Duration::from_secs(90),
            stranger: Duration::from_secs(30),
            grace: Duration::from_secs(20),
        }
    }
}

/// Everything that answers terminals.
pub struct Terminals<S, D> {
    /// store, keystore, clock
    pub center: Center<S>,
    /// HELLO and WORK
    pub presence: Presence<S>,
    /// ENROL
    pub enrolment: Enrolment<S>,
    /// OPEN, RESULT, PROGRESS, ABORT
    pub dialogue: Arc<D>,
    /// where refusals are told
    pub refusals: RefusalLog<S>,
    /// the bounds
    pub limits: Limits,
}
