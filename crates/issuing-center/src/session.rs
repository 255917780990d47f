//! The dialogue with terminals about cards: OPEN, RESULT, PROGRESS, ABORT, and issuances that were given up.
//!
//! What an issuance needs is in rows, and every script is a pure function of them. What is held in memory only saves
//! computing it again: any node answers any message.

mod arrival;
mod choosing;
mod engine;
mod keys;
mod opening;
mod refusals;
mod stages;
mod telling;

pub use engine::Engine;

use cardwright_issuance::row::Terminal;

use crate::refused::Refused;
use crate::server::Dialogue;
use crate::store::Store;

impl<S: Store + 'static> Dialogue for Engine<S> {
    async fn open(&self, terminal: &Terminal, body: &[u8]) -> Result<Vec<u8>, Refused> {
        Self::open(self, terminal, body).await
    }

    async fn result(&self, terminal: &Terminal, body: &[u8]) -> Result<Vec<u8>, Refused> {
        Self::result(self, terminal, body).await
    }

    async fn progress(&self, _: &Terminal, body: &[u8]) -> Result<Vec<u8>, Refused> {
        Self::progress(body)?;
        Ok(Vec::new())
    }

    async fn abort(&self, terminal: &Terminal, body: &[u8]) -> Result<Vec<u8>, Refused> {
        Self::abort(self, terminal, body).await
    }

    async fn expire(&self) -> Result<usize, Refused> {
        Self::expire(self).await
    }
}
