//! A small issuing world that lives through thousands of accidents, each from a seed that replays it: one center of
//! two nodes, two bases, cards, a line that is cut, cards that are pulled out, nodes that die between any two steps.
//! Cards are issued, changed, and finished where they were left; in the end the accidents stop, and everything that was
//! ordered is carried out.
//!
//! The decisions, the engine, the conversation, both halves of the relay and the cards are the real ones; only the
//! store is a model (held to the databases' own tests), and time and chance come from the seed.

mod assertions;
mod counting;
mod dice;
mod ending;
mod furnish;
mod people;
mod planted;
mod session;
mod store;
mod world;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

pub use counting::CountingKeystore;
pub use store::SlowStore;
pub use world::World;

/// A mistake that is built in on purpose, to show that the simulation notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// none: the real thing
    Nothing,
    /// the center stores a result before the R-MACs are checked
    ResultBeforeProof,
    /// the store writes rows that are no longer as the change names them
    FenceLeftOut,
    /// a card whose outcome is unknown is called settled as soon as it was put in again, whatever it holds
    SettledUnseen,
}

/// What a run did, and that nothing in it was wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// events
    pub steps: u32,
    /// sessions begun
    pub sessions: u32,
    /// orders issued
    pub issued: u32,
    /// issuances whose outcome was unknown
    pub unknown: u32,
    /// of those, what was settled when the card was put in again
    pub settled: u32,
    /// changes ordered of cards in use
    pub changes: u32,
    /// cards put aside, which people let go on
    pub lifted: u32,
    /// accidents that happened
    pub accidents: u32,
}

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("seed {seed}, step {step}: {what}")]
pub struct Broken {
    /// replays the run
    pub seed: u64,
    /// the event after which it was seen
    pub step: u32,
    /// which promise
    pub what: String,
}

/// Runs the world of `seed` to its end.
///
/// # Errors
/// The first promise that was broken.
pub fn run(seed: u64, planted: Planted) -> Result<Report, Broken> {
    World::new(seed, planted).run()
}

/// The result of a future that waits for nothing but being asked again.
pub fn at_once<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}
