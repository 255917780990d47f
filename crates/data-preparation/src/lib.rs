//! Data preparation: an order's fields and a profile in, checked personalization data out.
//!
//! The way is one-directional, and no stage can be left out: [`Profile::parse`] and [`OrderFields::read`] give
//! valid input, [`prepare`] makes the data groupings, [`check`] reads them back as the card's application would
//! and alone can make a [`Checked`] value, which is all that a store takes.
//!
//! ```
//! use cardwright_data_preparation::{Checked, Means, OrderFields, Profile, check, prepare};
//!
//! # fn main() -> Result<(), cardwright_data_preparation::Error> {
//! let profile = Profile::parse(include_str!("../../../profiles/identity.toml"))?;
//! let columns = [("name", "Zoë Example"), ("card_number", "4929000000001234"), ("pin", "92389")];
//! let fields = OrderFields::read(&profile, columns, None)?;
//! let today = "2026-11-22".parse().expect("a day of the calendar");
//! let data = check(prepare(&profile, &fields, today, &Means::default())?)?;
//! // what is sealed, and what is opened again when the card is there
//! let (bytes, digest) = (data.to_bytes(), *data.digest());
//! assert_eq!(Checked::reopen(&bytes, &digest)?.masked_number, "492900******1234");
//! # Ok(())
//! # }
//! ```
//!
//! Architecture invariant: nothing here reads a file, a clock or a random source, and nothing here knows STORE DATA
//! or secure channels, or holds a key for longer than one card: keys are the keystore's. The day of preparation comes
//! in; commands are made elsewhere, from what comes out.

mod check;
mod data;
mod date;
pub mod emv;
mod encoding;
mod error;
mod face;
mod manifest;
mod means;
mod order;
pub mod piv;
mod prepare;
pub mod profile;
mod script;
mod standard;
mod transliteration;

pub use cardwright_keystore::{RsaComponents, RsaPublicKey};
pub use check::{CheckFault, Checked, CryptogramQuestion, EmvFault, Interface, check};
pub use data::{
    Activation, Application, CertificateTemplate, CertificationKey, CommitPoint, FaceItem, FaceKind, IssuerScript,
    PersonalizationData, PivContent, PivKey, PivObject, PivReference, ProfileReference, ProtectedDgi, Protection,
    Rewrite, Route, Scope, ScriptLists, SecurityLevel, masked,
};
pub use date::Date;
pub use error::Error;
pub use face::{FaceView, face_picture};
pub use means::{IssuerKey, Means, MeansFault};
pub use order::{FieldFault, FieldRule, OrderFields};
pub use prepare::{PinForMailer, Prepared, prepare, prepare_change};
pub use profile::Profile;
pub use script::{CarriedOut, ScriptCommand, ScriptQuestion, ScriptSession};
pub use standard::{PivFault, Standard};
