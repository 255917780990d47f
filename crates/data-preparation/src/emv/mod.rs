//! What EMV fixes, value by value: numbers, keys, cryptograms, certificates and the forms of data elements.
//!
//! Preparation makes values with it, the check reads them back with it, and tests and previews play the issuer's
//! host with it. Nothing here holds a key of ours: where a master key works, the keystore is told what to do
//! ([`derivation`]), and what comes back is finished here ([`verification`]).
//!
//! `CPS` is the EMV Card Personalization Specification 2.0, `EMV B2` and `B3` are Books 2 and 3 of EMV 4.4.

pub mod afl;
pub mod certificate;
pub mod cryptogram;
pub mod derivation;
pub(crate) mod digits;
pub mod dol;
pub mod elements;
pub mod pan;
pub mod pin_block;
pub mod rsa;
pub mod script;
pub mod tdes;
pub mod tlv;
pub mod track2;
pub mod verification;

pub use afl::{Afl, AflEntry};
pub use pan::{Pan, Sequence};
pub use track2::{ExpiryMonth, Track2};
