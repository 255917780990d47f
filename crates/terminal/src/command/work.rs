//! The long poll that goes on beside everything else: it keeps the lease and brings tickets, challenges and cancels.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::failure::Failure;
use crate::presence::Presence;

const PAUSE: Duration = Duration::from_secs(1);

/// A running long poll. Ended when dropped.
pub(super) struct Work {
    task: JoinHandle<()>,
    /// set while the center refuses this terminal or cannot be reached
    pub(super) trouble: watch::Receiver<Option<Failure>>,
}

impl Drop for Work {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Work {
    /// Asks again and again, each time for at most `wait`.
    pub(super) fn begin(presence: Arc<Presence>, wait: Duration) -> Self {
        let (told, trouble) = watch::channel(None);
        let task = tokio::spawn(async move {
            loop {
                let outcome = once(&presence, wait).await;
                if let Err(failure) = &outcome {
                    tracing::warn!(%failure, "WORK");
                    tokio::time::sleep(PAUSE).await;
                }
                let _ = told.send(outcome.err());
            }
        });
        Self { task, trouble }
    }

    /// Ends when the center refuses this terminal; a line that is merely broken may come back.
    pub(super) async fn refused(&mut self) -> Failure {
        let is_refusal =
            |trouble: &Option<Failure>| matches!(trouble, Some(failure) if !matches!(failure, Failure::Unreachable(_)));
        match self.trouble.wait_for(is_refusal).await {
            Ok(trouble) => trouble.clone().unwrap_or_else(ended),
            Err(_) => ended(),
        }
    }
}

fn ended() -> Failure {
    Failure::Unreachable("the long poll has ended".to_owned())
}

/// A center that was restored, or that gave the lease to nobody, is greeted again as the same instance.
async fn once(presence: &Presence, wait: Duration) -> Result<(), Failure> {
    match presence.work(wait).await {
        Err(Failure::Refused(_)) => presence.renew().await,
        outcome => outcome,
    }
}
