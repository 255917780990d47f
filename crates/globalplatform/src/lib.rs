//! The off-card side of GlobalPlatform: commands, secure channels and the dialogue with one card as a pure
//! conversation.
//!
//! Architecture invariant: nothing here reads, waits, draws randomness or holds a card's static key. A conversation
//! says which derivations it needs ([`KeyRequest`]), which commands are to be sent ([`Script`]), and what their
//! answers are worth ([`Outcome`]); the same inputs give the same bytes, so any node can carry it on.
//!
//! A dialogue, step by step; each step consumes the one before it:
//!
//! 1. [`initialize_update`] is sent, and [`Conversation::begin`] takes the answer: [`NeedsSessionKeys`].
//! 2. Its [`request`](NeedsSessionKeys::request) is derived by the keystore, and
//!    [`session_keys`](NeedsSessionKeys::session_keys) checks the card cryptogram: [`CardAuthenticated`].
//! 3. [`wrap`](CardAuthenticated::wrap) makes the [`Script`], EXTERNAL AUTHENTICATE first. Where the next key set's
//!    channel can be foreseen ([`Prediction`]), [`continue_with`](Script::continue_with) goes on into it.
//! 4. [`verify`](Script::verify) takes the answers: [`Proven`], [`Believed`] or a [`Failure`].
//! 5. [`into_channel`](Proven::into_channel) and [`OpenChannel::wrap`] go on in the same channel.
//!
//! Specifications: GPCS is the GlobalPlatform Card Specification 2.3.1, Amd D its Amendment D (SCP03) 1.2.

pub mod cap;
mod card_resources;
mod channel;
pub mod commands;
mod conversation;
mod cryptography;
pub mod derivation;
mod diversification;
mod error;
mod initialize_update;
mod key_information;
mod parameters;
mod plan;
mod prediction;
mod production;
mod protocol;
mod recognition;
pub mod registry;
mod script;
mod secrets;
mod security_level;
mod verification;

pub use card_resources::CardResources;
pub use conversation::{CardAuthenticated, Conversation, DataEncryptionKey, NeedsSessionKeys};
pub use derivation::{KeyDerivation, KeyRequest, StaticKey};
pub use diversification::Diversification;
pub use error::{Error, Fault};
pub use initialize_update::{
    CardAnswer, DIVERSIFICATION_DATA_LENGTH, HostChallenge, SequenceCounter, initialize_update,
};
pub use key_information::{KeyInformation, read_key_information};
pub use parameters::ChannelParameters;
pub use plan::{Content, PlannedCommand};
pub use prediction::{PredictedChannel, Prediction, PredictionNeedsSessionKeys};
pub use production::ProductionLifeCycle;
pub use protocol::{KeySize, Protocol, Scp02Options, Scp03Options};
pub use recognition::CardRecognition;
pub use script::{Expected, OpenChannel, Script, WrappedCommand};
pub use secrets::SessionSecrets;
pub use security_level::SecurityLevel;
pub use verification::{Answer, Believed, Failure, Outcome, Proven, Reason};
