//! HELLO and WORK: being there, and what the center hands out to those who are: readers, challenges, tickets.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use cardwright_relay::FORMAT;
use cardwright_relay::message::{Challenge, Hello, Id, Preamble, Ticket, Welcome, Work, WorkQuery};
use cardwright_relay::reader::{SignedReaderList, VerifiedReaderList};

use crate::failure::Failure;
use crate::identity::Identity;
use crate::line::Line;
use crate::sam::verifies;

const HELLO_LIMIT: Duration = Duration::from_secs(20);
/// What an answer may take beyond the wait that WORK itself asked for.
const WORK_GRACE: Duration = Duration::from_secs(15);

/// A terminal that the center has let in.
pub struct Presence {
    /// the line it came by
    pub line: Arc<Line>,
    /// who it is
    pub identity: Arc<Identity>,
    /// this run of the program
    pub instance: Id,
    held: Mutex<Held>,
    changes: watch::Sender<u64>,
}

struct Held {
    readers: VerifiedReaderList,
    preambles: Vec<Preamble>,
    challenges: VecDeque<Challenge>,
    tickets: Vec<Ticket>,
    /// tickets that were tried, and when they expire; until then the center need not tell of them again
    spent: BTreeMap<Id, i64>,
    cancelled: BTreeSet<Id>,
    clock: CenterClock,
}

impl Held {
    fn forget_expired(&mut self) {
        let now = self.clock.now();
        self.challenges.retain(|challenge| challenge.expires > now);
        self.tickets.retain(|ticket| ticket.expires > now);
        self.spent.retain(|_, expires| *expires > now);
    }

    /// What the center no longer wants: tickets are forgotten, other names are of sessions.
    fn withdraw(&mut self, cancelled: Vec<Id>) {
        for id in cancelled {
            let held = self.tickets.len();
            self.tickets.retain(|ticket| ticket.id != id);
            if self.tickets.len() == held && self.spent.remove(&id).is_none() {
                self.cancelled.insert(id);
            }
        }
    }
}

/// The center's clock, carried on by this machine's own running time.
#[derive(Clone, Copy)]
struct CenterClock {
    told: i64,
    at: Instant,
}

impl CenterClock {
    fn now(self) -> i64 {
        let passed = i64::try_from(self.at.elapsed().as_micros()).unwrap_or(i64::MAX);
        self.told.saturating_add(passed)
    }
}

/// A new random id.
///
/// # Errors
/// `CW-5013` where the system gives no randomness.
pub fn new_id() -> Result<Id, Failure> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|error| Failure::file("randomness".as_ref(), &error))?;
    Ok(bytes.into())
}

impl Presence {
    /// Says HELLO as `instance` and checks what comes back.
    ///
    /// # Errors
    /// The center's refusal (`CW-2004` where another instance is at work), the reader list's, the line's.
    pub async fn begin(line: Arc<Line>, identity: Arc<Identity>, instance: Id) -> Result<Self, Failure> {
        let (welcome, readers, clock) = hello(&line, &identity, instance).await?;
        let held = Held {
            readers,
            preambles: welcome.preambles,
            challenges: welcome.challenges.into(),
            tickets: Vec::new(),
            spent: BTreeMap::new(),
            cancelled: BTreeSet::new(),
            clock,
        };
        Ok(Self { line, identity, instance, held: Mutex::new(held), changes: watch::Sender::new(0) })
    }

    /// Says HELLO again after the center forgot this instance.
    ///
    /// # Errors
    /// As [`Presence::begin`].
    pub async fn renew(&self) -> Result<(), Failure> {
        let (welcome, readers, clock) = hello(&self.line, &self.identity, self.instance).await?;
        let mut held = self.held();
        held.readers = readers;
        held.preambles = welcome.preambles;
        held.challenges = welcome.challenges.into();
        held.clock = clock;
        Ok(())
    }

    /// Asks once what waits, for at most `wait`, and keeps it.
    ///
    /// # Errors
    /// The center's refusal, the reader list's, the line's.
    pub async fn work(&self, wait: Duration) -> Result<(), Failure> {
        let query = self.query(wait, None);
        let work: Work = self.line.ask(&query, wait + WORK_GRACE).await?;
        self.take(work)
    }

    /// Gives the lease back, so that the next instance need not wait for its end. A lost one is not missed.
    pub async fn leave(&self) {
        let query = self.query(Duration::ZERO, Some(true));
        let _: Result<Work, Failure> = self.line.ask(&query, Duration::from_secs(2)).await;
    }

    fn query(&self, wait: Duration, leaving: Option<bool>) -> WorkQuery {
        let mut held = self.held();
        held.forget_expired();
        let tickets = held.tickets.iter().map(|ticket| ticket.id);
        let known: BTreeSet<Id> = tickets.chain(held.spent.keys().copied()).collect();
        WorkQuery {
            instance: self.instance,
            challenges: held.challenges.len() as u32,
            reader_list_version: held.readers.version(),
            known_tickets: known.into_iter().collect(),
            wait: wait.as_millis() as u32,
            leaving,
        }
    }

    fn take(&self, work: Work) -> Result<(), Failure> {
        let clock = CenterClock { told: work.time, at: Instant::now() };
        let readers = work.reader_list.map(|list| verified(&self.identity, &list, clock.told)).transpose()?;
        let mut held = self.held();
        held.clock = clock;
        if let Some(readers) = readers {
            held.readers = readers;
        }
        held.challenges.extend(work.challenges);
        held.withdraw(work.cancelled);
        for ticket in work.tickets {
            if !held.spent.contains_key(&ticket.id) && held.tickets.iter().all(|known| known.id != ticket.id) {
                held.tickets.push(ticket);
            }
        }
        drop(held);
        self.changes.send_modify(|count| *count += 1);
        Ok(())
    }

    /// Tells of every WORK that was answered.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// The reader list, as long as it has not expired by the center's clock.
    ///
    /// # Errors
    /// `CW-2009`.
    pub fn readers(&self) -> Result<VerifiedReaderList, Failure> {
        let held = self.held();
        if held.readers.expires() <= held.clock.now() {
            return Err(cardwright_relay::Error::ListExpired { expired: held.readers.expires() }.into());
        }
        Ok(held.readers.clone())
    }

    /// A challenge that is used for one session and no other; `None` where all are used up or expired.
    #[must_use]
    pub fn take_challenge(&self) -> Option<Challenge> {
        let mut held = self.held();
        held.forget_expired();
        held.challenges.pop_front()
    }

    /// How a card with this ATR is asked.
    #[must_use]
    pub fn preamble(&self, atr: &[u8]) -> Option<Preamble> {
        self.held().preambles.iter().find(|preamble| **preamble.atr == *atr).cloned()
    }

    /// Whether one is held.
    #[must_use]
    pub fn has_challenge(&self) -> bool {
        let mut held = self.held();
        held.forget_expired();
        !held.challenges.is_empty()
    }

    /// The ticket that is next, orders' before the desk's; or the first for `order`, which is empty for the desk's.
    #[must_use]
    pub fn ticket(&self, order: Option<&str>) -> Option<Ticket> {
        let mut held = self.held();
        held.forget_expired();
        let wanted = held.tickets.iter().filter(|ticket| order.is_none_or(|order| ticket.order == order));
        wanted.min_by_key(|ticket| ticket.is_desk()).cloned()
    }

    /// Whether the ticket is still good: neither tried, nor withdrawn, nor expired.
    #[must_use]
    pub fn holds(&self, ticket: &Id) -> bool {
        let mut held = self.held();
        held.forget_expired();
        held.tickets.iter().any(|known| known.id == *ticket)
    }

    /// How long a ticket is still good, by the center's clock.
    #[must_use]
    pub fn left(&self, ticket: &Ticket) -> Duration {
        let left = ticket.expires.saturating_sub(self.held().clock.now());
        Duration::from_micros(u64::try_from(left).unwrap_or(0))
    }

    /// The ticket was tried and is not tried again.
    pub fn spend(&self, ticket: &Id) {
        let mut held = self.held();
        if let Some(index) = held.tickets.iter().position(|known| known.id == *ticket) {
            let ticket = held.tickets.remove(index);
            held.spent.insert(ticket.id, ticket.expires);
        }
    }

    /// The ticket was not carried out and still may be; others get their turn before it.
    pub fn postpone(&self, ticket: &Id) {
        let mut held = self.held();
        if let Some(index) = held.tickets.iter().position(|known| known.id == *ticket) {
            let ticket = held.tickets.remove(index);
            held.tickets.push(ticket);
        }
    }

    /// Whether the center no longer wants this session.
    #[must_use]
    pub fn is_cancelled(&self, session: &Id) -> bool {
        self.held().cancelled.contains(session)
    }

    /// How far this machine's clock is ahead of the center's, in seconds.
    #[must_use]
    pub fn clock_difference(&self) -> i64 {
        (local_time() - self.held().clock.now()) / 1_000_000
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // every change is whole before the lock is let go, so a panic elsewhere leaves nothing half done
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn hello(
    line: &Line,
    identity: &Identity,
    instance: Id,
) -> Result<(Welcome, VerifiedReaderList, CenterClock), Failure> {
    let hello = Hello {
        format: FORMAT,
        instance,
        software: env!("CARGO_PKG_VERSION").to_owned(),
        reader_list_version: identity.newest_reader_list()?,
    };
    let welcome: Welcome = line.ask(&hello, HELLO_LIMIT).await?;
    let clock = CenterClock { told: welcome.time, at: Instant::now() };
    let readers = verified(identity, &welcome.reader_list, clock.told)?;
    Ok((welcome, readers, clock))
}

/// Checks a reader list and remembers its version.
fn verified(identity: &Identity, list: &[u8], now: i64) -> Result<VerifiedReaderList, Failure> {
    let newest = identity.newest_reader_list()?;
    let list = SignedReaderList::parse(list)?.verify(&identity.reader_list_key, now, newest, &verifies)?;
    identity.keep_reader_list(list.version())?;
    Ok(list)
}

/// This machine's clock, microseconds since 1970 UTC.
#[must_use]
pub fn local_time() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
