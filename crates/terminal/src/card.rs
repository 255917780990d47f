//! A way to one card, so that what is said to it does not depend on what carries it.

use std::future::Future;
use std::time::Duration;

use cardwright_relay::terminal::CardEvent;

use crate::system::pcsc::HeldCard;

/// Whatever takes a command to a card and brings its answer, once.
pub trait CardLink: Send {
    /// Sends `apdu` and waits at most `limit` for the answer. Never sends it again.
    fn transmit(&mut self, apdu: &[u8], limit: Duration) -> impl Future<Output = CardEvent> + Send;
}

impl CardLink for HeldCard {
    fn transmit(&mut self, apdu: &[u8], limit: Duration) -> impl Future<Output = CardEvent> + Send {
        Self::transmit(self, apdu, limit)
    }
}
