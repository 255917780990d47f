//! A card without plastic: Issuer Security Domain, applications, persistent and volatile memory, torn writes.
//!
//! It is written from the specifications alone and shares nothing but the ground (`apdu`) with the side that talks
//! to cards, so that one misreading cannot hide in both. The core has no IO, no clock and no randomness of its own:
//! a [`Card`] answers bytes with bytes, says how long that takes, and keeps a [`CardState`] that loads for ever.

pub mod applications;
pub mod blank;
mod block_cipher;
mod card;
mod channel;
pub mod diversification;
mod entropy;
mod hexadecimal;
mod key;
mod level;
mod life_cycle;
mod memory;
mod product;
mod registry;
mod scp02;
mod scp03;
mod secret;
mod security_domain;
mod selection;
mod state;
#[cfg(test)]
mod tests;
mod timing;
mod volatile;

pub use card::{Card, PowerCut};
pub use entropy::{Entropy, SeededEntropy};
pub use key::{Key, KeyKind, KeySet};
pub use life_cycle::{ApplicationState, CardLifeCycle};
pub use product::{CardProduct, ChannelProtocol, Diversification, Proof, StoreDataIn, Timing};
pub use registry::{Application, Package, ProgramName};
pub use secret::Secret;
pub use state::{CardIdentity, CardState, DataObject, FORMAT};

/// Why a card cannot be made or loaded. A card that is there never fails: it answers a status word.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// the product file is wrong
    #[error("card product: {0}")]
    Product(String),
    /// the state file is wrong
    #[error("card state: {0}")]
    State(String),
    /// the caller asked for a blank that cannot be
    #[error("blank card: {0}")]
    Blank(&'static str),
}
