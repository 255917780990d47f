//! How the center comes to rest: no new connection, running exchanges to their end, then out.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

/// The one who says when.
pub struct Stop {
    said: watch::Sender<bool>,
    running: mpsc::Receiver<()>,
    guard: Option<mpsc::Sender<()>>,
}

/// Those who listen for it. A clone that is kept holds the stop back until it is dropped.
#[derive(Clone)]
pub struct Stopping {
    said: watch::Receiver<bool>,
    guard: Arc<mpsc::Sender<()>>,
}

impl Stop {
    /// A stop that nobody has said yet, and its first listener.
    #[must_use]
    pub fn new() -> (Self, Stopping) {
        let (said, heard) = watch::channel(false);
        let (guard, running) = mpsc::channel(1);
        let stopping = Stopping { said: heard, guard: Arc::new(guard.clone()) };
        (Self { said, running, guard: Some(guard) }, stopping)
    }

    /// Says stop, and waits until every listener is gone; false where some were left after `grace`.
    pub async fn stop(mut self, grace: Duration) -> bool {
        let _ = self.said.send(true);
        self.guard = None;
        tokio::time::timeout(grace, self.running.recv()).await.is_ok()
    }
}

impl Stopping {
    /// Waits until stop is said.
    pub async fn said(&mut self) {
        // An error means that the other side is gone, which stops just as well.
        let _ = self.said.wait_for(|said| *said).await;
    }

    /// Whether stop was said.
    #[must_use]
    pub fn is_said(&self) -> bool {
        *self.said.borrow() || self.guard.is_closed()
    }
}
