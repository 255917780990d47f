//! Tells the host, beside the running center: each event until it was taken, the events of a card in their order.
//!
//! Who sends an event has leased its row for longer than the sending may take, so that no other node sends it at the
//! same time. Who dies after the host took it, and before that was written down, leaves it to be sent again.

use std::sync::Arc;
use std::time::Duration;

use cardwright_issuance::Id;
use cardwright_issuance::entry::{Entry, Event};
use tokio::task::JoinSet;

use super::event::Told;
use super::line::{Answer, Line, PATIENCE};
use super::signature;
use crate::center::Center;
use crate::refused::Refused;
use crate::registry::random_id;
use crate::stop::Stopping;
use crate::store::{Commit, FailedAttempt, HostEvent, HostRow, Registration, Retry, Store, StoreError};

/// Events that are sent at a time, of different cards.
const LANES: usize = 8;
/// How long an event is leased, microseconds: twice what its sending may take.
const LEASE: i64 = 2 * PATIENCE.as_micros() as i64;
/// How often it is looked for events that are due.
const LOOK: Duration = Duration::from_secs(1);
/// How long the loop rests where store or keystore do not answer.
const REST: Duration = Duration::from_secs(10);
/// The first pause of an event that was not taken, microseconds. Each further one is twice as long.
const FIRST_PAUSE: i64 = 1_000_000;
/// The longest pause, microseconds.
const LONGEST_PAUSE: i64 = 3_600 * 1_000_000;

/// Delivers, for as long as the center runs. What is being sent when it stops is given back.
pub async fn run<S: Store + 'static>(center: Center<S>, mut stopping: Stopping) {
    while !stopping.is_said() {
        let pause = match round(&center, &stopping).await {
            Ok(0) => LOOK,
            Ok(_) => continue,
            Err(refused) => {
                tracing::error!(code = %refused.code, "the issuer's host cannot be told");
                REST
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stopping.said() => return,
        }
    }
}

/// Sends what is due, [`LANES`] events at most; says how many.
async fn round<S: Store + 'static>(center: &Center<S>, stopping: &Stopping) -> Result<usize, Refused> {
    let Some(host) = center.store.host().await? else { return Ok(0) };
    let (node, line) = (random_id()?, Arc::new(Line::new(&host)));
    let mut sending = JoinSet::new();
    while sending.len() < LANES {
        let now = center.now();
        let Some(event) = center.store.lease_event(node, now, now.saturating_add(LEASE)).await? else { break };
        let sender = Sender { center: center.clone(), host: host.clone(), line: Arc::clone(&line), node };
        let stopping = stopping.clone();
        sending.spawn(async move { sender.tell(&event, stopping).await });
    }
    let mut count = 0;
    while let Some(told) = sending.join_next().await {
        told.map_err(|_| Refused::new(cardwright_relay::Code::STORE_UNAVAILABLE))??;
        count += 1;
    }
    Ok(count)
}

struct Sender<S> {
    center: Center<S>,
    host: HostRow,
    line: Arc<Result<Line, Refused>>,
    node: Id,
}

impl<S: Store> Sender<S> {
    /// Sends one event once, and writes down what became of it.
    async fn tell(&self, event: &HostEvent, mut stopping: Stopping) -> Result<(), Refused> {
        let answer = tokio::select! {
            answer = self.sent(event) => answer?,
            () = stopping.said() => Answer::Nobody("the center stopped while it was sent".to_owned()),
        };
        match answer {
            Answer::Status(200..=299) => self.taken(event).await,
            Answer::Status(status) => self.failed(event, true, format!("the host answered {status}")).await,
            Answer::Nobody(reason) => self.failed(event, false, reason).await,
        }
    }

    async fn sent(&self, event: &HostEvent) -> Result<Answer, Refused> {
        let Self { center, host, line, .. } = self;
        let told = Told::of(center, event).await?;
        let body = told.to_bytes();
        let headers = signature::headers(&*center.keystore, host, &told.id, &body, center.now())?;
        match line.as_ref() {
            Ok(line) => Ok(line.post(&headers, body).await),
            Err(refused) => Ok(Answer::Nobody(refused.parameters.join(": "))),
        }
    }

    /// A host that takes one event takes others too: those that nobody answered for are due again.
    async fn taken(&self, event: &HostEvent) -> Result<(), Refused> {
        let (store, now) = (&self.center.store, self.center.now());
        let what = Event::Registered { what: "host event".into(), name: event.event.kind.clone(), present: true };
        let entry = Entry { order: Some(event.event.order), card: event.event.card, ..Entry::new(now, what) };
        let registrations = vec![Registration::EventTaken(event.event.id, now)];
        match store.commit(Commit { registrations, entries: vec![entry], ..Commit::default() }).await {
            // Another node was given it after this one's lease, and the host has taken it from both.
            Ok(()) | Err(StoreError::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
        store.retry_events(now, Retry::Unanswered).await?;
        Ok(())
    }

    async fn failed(&self, event: &HostEvent, was_reached: bool, error: String) -> Result<(), Refused> {
        let dice = self.center.keystore.random(4)?;
        let dice = dice.iter().fold(0, |number, byte| (number << 8) | u32::from(*byte));
        let next = self.center.now().saturating_add(pause(event.attempts, dice));
        tracing::warn!(number = event.number, attempts = event.attempts + 1, reason = error, "the host took no event");
        let failed = FailedAttempt { event: event.event.id, node: self.node, next, was_reached, error };
        self.center.store.event_failed(&failed).await?;
        Ok(())
    }
}

/// The pause after an attempt that failed: doubled each time, and then somewhere in its upper half, so that events
/// that failed together do not come back together.
fn pause(attempts: u32, dice: u32) -> i64 {
    let whole = FIRST_PAUSE.saturating_mul(1 << attempts.min(20)).min(LONGEST_PAUSE);
    whole / 2 + ((whole / 2) * i64::from(dice)) / i64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_an_hour_and_are_not_all_the_same() {
        let longest: Vec<_> = (0..15).map(|attempts| pause(attempts, u32::MAX) / 1_000_000).collect();
        assert_eq!(longest[..13], [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048, 3_600]);
        assert_eq!(pause(u32::MAX, u32::MAX), LONGEST_PAUSE);
        assert_eq!(pause(3, 0), 4_000_000);
        assert!(pause(3, 1 << 31) > pause(3, 1 << 30));
    }

    #[test]
    fn a_lease_is_longer_than_what_is_leased_for_may_take() {
        assert!(LEASE > PATIENCE.as_micros() as i64);
    }
}
