//! Keys that never leave: verbs on named, versioned handles, and what does them.
//!
//! The trait [`Keystore`] is synchronous and object-safe, and takes its work in batches, so that a hardware
//! security module fits behind it unchanged. It knows keys, not what they open. Three kinds of key take part:
//!
//! * **named keys** ([`KeyId`]) live inside; their [`Purpose`] says the only thing they do;
//! * **wrapped keys** ([`WrappedKey`]) live with the caller, sealed under a named one, and work inside only;
//! * **derived keys** exist for one call ([`KeyRef::Derived`]).
//!
//! One verb yields secrets, [`Keystore::session_secrets`], and it refuses to derive them from a master: what comes
//! out is always one derivation below a key that is itself kept in.
//!
//! The backend `software` (feature, default) keeps one encrypted file: [`software::SoftwareKeystore`].

#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod handle;
mod items;
mod keystore;
mod locked_memory;
pub mod published;
mod reference;
mod secret;
#[cfg(feature = "software")]
pub mod software;

pub use error::Error;
pub use handle::{Kcv, KeyId, KeyInfo, KeyKind, NewKey, Public, Purpose};
pub use items::{Decryption, Encryption, NewWrappedKey, RewrapMechanism, Rewrapped, Rewrapping, Source, Wrapped};
pub use keystore::Keystore;
pub use published::PublishedKeys;
pub use reference::{Derivation, KeyRef, WrappedKey, WrappedPurpose};
pub use secret::Secret;
