//! Whether something has happened in the center: whatever people do is in the log, so the log's size tells, whichever
//! process or node did it. One look for all who wait.

use std::time::Duration;

use tokio::sync::watch;

use crate::center::Center;
use crate::stop::Stopping;
use crate::store::Store;

/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(250);

/// Looks at the log's size.
pub struct Beat<S> {
    center: Center<S>,
    size: watch::Sender<i64>,
}

/// Hears of it.
#[derive(Clone)]
pub struct Pulse(watch::Receiver<i64>);

impl<S: Store> Beat<S> {
    /// One who looks, and one who hears.
    #[must_use]
    pub fn new(center: Center<S>) -> (Self, Pulse) {
        let (size, heard) = watch::channel(0);
        (Self { center, size }, Pulse(heard))
    }

    /// Looks until stop is said. While the store does not answer, nothing happens.
    pub async fn run(self, mut stopping: Stopping) {
        let mut interval = tokio::time::interval(INTERVAL);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = interval.tick() => self.look().await,
                () = stopping.said() => return,
            }
        }
    }

    async fn look(&self) {
        if let Ok(head) = self.center.store.log_head().await {
            self.size.send_if_modified(|size| std::mem::replace(size, head.size) != head.size);
        }
    }
}

impl Pulse {
    /// What has happened until now is known.
    pub fn mark(&mut self) {
        self.0.borrow_and_update();
    }

    /// Waits for something new since the last mark; false where nobody looks any more.
    pub async fn next(&mut self) -> bool {
        self.0.changed().await.is_ok()
    }
}
