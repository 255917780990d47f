//! Keys that never leave: verbs on named, versioned handles, and what does them.
//!
//! The trait [`Keystore`] is synchronous and object-safe, and takes its work in batches, so that a hardware
//! security module fits behind it unchanged. It knows keys, not what they open. Three kinds of key take part:
//!
//! * **named keys** ([`KeyId`]) live inside; their [`Purpose`] says the only thing they do;
//! * **wrapped keys** ([`WrappedKey`]) live with the caller, sealed under a named one, and work inside only;
//! * **derived keys** exist for one call ([`KeyRef::Derived`]).
//!
//! No verb gives the value of a named or wrapped key. Three give secrets, each because somebody outside must have them:
//!
//! * [`Keystore::session_secrets`] gives what is one derivation below a key that is itself kept in: session keys of a
//!   token's channel, from a Token key; and the keys that a token gets as data, from a Personalize master. It refuses a
//!   Derive master, whose derived keys are the tokens' own and never come out.
//! * [`Keystore::decipher_batch`] gives the blocks that another party sent under a Zone key, which that party knows
//!   already. It opens nothing that was enciphered for a token.
//! * [`Keystore::decrypt_batch`] gives back the data that was sealed, to whoever has the sealed bytes and knows what
//!   they belong to. RSA keys for tokens ([`Keystore::rsa_generate_sealed_batch`]) are such data: the token must have
//!   them, so they come out once, while its data are prepared. The keystore's own RSA keys never do.
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
mod rsa;
mod secret;
#[cfg(feature = "software")]
pub mod software;

pub use error::Error;
pub use handle::{Kcv, KeyId, KeyInfo, KeyKind, NewKey, Public, Purpose};
pub use items::{
    BlockMechanism, Decryption, Enciphering, Encryption, NewSealedRsa, NewWrappedKey, RewrapMechanism, Rewrapped,
    Rewrapping, Source, Wrapped,
};
pub use keystore::Keystore;
pub use published::PublishedKeys;
pub use reference::{Derivation, KeyRef, WrappedKey, WrappedPurpose};
pub use rsa::{RsaComponents, RsaExponent, RsaPublicKey, RsaSize, SealedRsa};
pub use secret::Secret;
