//! Blocking calls that may never return: each on a thread of its own, which is left behind when its time is over.

use std::time::Duration;

use tokio::sync::oneshot;

/// Runs `call` on a new thread and waits at most `limit`; `None` where it did not return, or panicked.
pub(super) async fn within<T: Send + 'static>(limit: Duration, call: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (done, waits) = oneshot::channel();
    let thread = std::thread::Builder::new().name("pcsc".to_owned()).spawn(move || {
        // whoever waited may have left: then nobody wants the outcome
        let _ = done.send(call());
    });
    thread.ok()?;
    tokio::time::timeout(limit, waits).await.ok()?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_returns_in_time_is_handed_on_and_what_hangs_is_left_behind() {
        assert_eq!(within(Duration::from_secs(5), || 7).await, Some(7));
        let (_never, waits) = std::sync::mpsc::channel::<()>();
        let hanging = within(Duration::from_millis(20), move || waits.recv().is_ok());
        assert_eq!(hanging.await, None);
        assert_eq!(within(Duration::from_secs(5), || -> u8 { panic!("planted") }).await, None);
    }
}
