//! A payment terminal of our own: it buys something with a card, the way EMV has it, and says of every step what it
//! saw. Tests hold our cards against it.
//!
//! It reads the specification by itself: it shares nothing with what prepares the data or plays the card, and computes
//! with OpenSSL. It is stricter than a shop's: what a shop forgives, or notes and goes on with, is a [`Fault`] here. B1
//! to B3 in the comments are Books 1 to 3 of EMV 4.4.
//!
//! ```text
//! link             commands and responses, 61xx and 6Cxx       restrictions    version, usage, dates
//! selection        PSE or PPSE, candidates, SELECT             cardholder      CVM list; pin: VERIFY
//! reading          GPO, AFL, READ RECORD                       risk, action    what the terminal wants
//! authentication   SDA, DDA, CDA; certificates, public_key     cryptogram      GENERATE AC; issuer: ARQC and ARPC
//!                                                              delivery        issuer scripts; script: the issuer's side
//! ```

mod action;
mod authentication;
mod authority;
mod cardholder;
mod certificates;
mod cipher;
mod cryptogram;
mod data;
mod day;
mod delivery;
mod dictionary;
mod fault;
mod issuer;
mod link;
mod object_list;
mod pin;
mod public_key;
mod purchase;
mod reading;
mod report;
mod restrictions;
mod risk;
mod script;
mod selection;
mod session;
mod settings;
#[cfg(test)]
mod tests;

pub use authority::AuthorityKey;
pub use day::Day;
pub use fault::{Certificate, Fault, Step, Wrong};
pub use issuer::{Answer, Derivation, Issuer, Method};
pub use link::{Link, LinkFailure, PcscLink};
pub use pin::Pin;
pub use purchase::{purchase, read};
pub use report::{
    Authentication, Candidate, CardholderVerification, Cryptogram, CryptogramKind, Delivered, Directory,
    IssuerAuthentication, Online, Outcome, Reading, Record, Report, Selected, Verified,
};
pub use script::{Script, ScriptCommand, ScriptTime};
pub use settings::{Application, Connection, Interface, Purchase, Terminal};
