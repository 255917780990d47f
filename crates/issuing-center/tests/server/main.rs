//! The center as its terminals and callers meet it: over real TLS and TCP, with its own database and keystore.

#![allow(clippy::unwrap_used)] // a test that cannot go on stops there

mod admission;
mod api;
mod changes;
mod client;
mod enrolment;
mod forgetting;
mod limits;
mod presence;
mod tls;
mod world;
