//! The base's agent: finds readers, authenticates them, and carries sealed APDUs between the issuing center and a
//! card. What it carries it can neither read nor change, and it keeps none of it.
//!
//! Architecture Invariant: nothing about a session, a card or an order is ever written to a file. The only files are
//! `identity/` (key pair, certificate, the center's authority and list key, the newest list version) and `log/`.

pub mod arguments;
pub mod card;
pub mod certificate;
pub mod command;
pub mod configuration;
pub mod enrolment;
pub mod failure;
pub mod identity;
pub mod inserting;
pub mod issuing;
pub mod line;
pub mod presence;
pub mod probing;
pub mod readers;
pub mod sam;
pub mod screen;
pub mod serving;
pub mod session;
pub mod system;
pub mod tls;
pub mod told;
pub mod transmission;
pub mod voice;
