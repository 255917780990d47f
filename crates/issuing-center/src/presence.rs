//! Terminals that are there: their lease, what waits for them, and the challenges and reader lists they work with.

mod challenges;
mod enrolment;
mod pulse;
mod reader_list;
pub mod register;
pub mod tickets;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use cardwright_issuance::product::CardProduct;
use cardwright_issuance::row::{Terminal, Ticket as Row};
use cardwright_relay::message::{Hello, Id, Preamble, Ticket, Welcome, Work, WorkQuery};
use cardwright_relay::{Code, FORMAT};
use tokio::time::Instant;

pub use self::challenges::CHALLENGE_LIFE;
pub use self::enrolment::{CODE_LIFE, Enrolment};
pub use self::pulse::{Beat, Pulse};
pub use self::reader_list::READER_LIST_LIFE;

use self::challenges::Challenges;
use self::reader_list::{ReaderLists, SignedList};
use crate::center::Center;
use crate::refused::Refused;
use crate::stop::Stopping;
use crate::store::Store;

/// How long a live instance keeps its place without a sign of life, microseconds.
pub const LEASE: i64 = 45 * 1_000_000;
/// A lease of which more is left is not written again: asking often costs the database nothing.
const FRESH: i64 = LEASE * 3 / 4;
/// The longest a WORK query is held back: well within the lease.
const LONGEST_WAIT: Duration = Duration::from_secs(25);
/// How long a terminal is kept waiting that lacks challenges and may not have one yet.
const CHALLENGE_WAIT: Duration = Duration::from_secs(1);

/// What a terminal knows of tickets, while its query waits.
struct Known<'a> {
    tickets: &'a [Id],
    /// those that were found used: no question a second time
    used: BTreeSet<Id>,
}

impl<'a> Known<'a> {
    fn new(tickets: &'a [Id]) -> Self {
        Self { tickets, used: BTreeSet::new() }
    }
}

/// HELLO and WORK.
pub struct Presence<S> {
    center: Center<S>,
    pulse: Pulse,
    challenges: Challenges<S>,
    reader_lists: ReaderLists<S>,
}

impl<S: Store> Presence<S> {
    /// Presence on a center whose log is watched by `pulse`.
    pub fn new(center: Center<S>, pulse: Pulse) -> Self {
        let challenges = Challenges::new(center.clone());
        let reader_lists = ReaderLists::new(center.clone());
        Self { center, pulse, challenges, reader_lists }
    }

    /// Gives the terminal's lease to this instance and tells it what it needs to work.
    ///
    /// # Errors
    /// `TERMINAL_TWICE` while another instance holds the lease; the store's and the keystore's own.
    pub async fn hello(&self, terminal: &Terminal, hello: Hello) -> Result<Welcome, Refused> {
        let lease_until = self.renew_lease(terminal, hello.instance).await?;
        let list = self.reader_lists.current(&terminal.base, hello.reader_list_version).await?;
        Ok(Welcome {
            format: FORMAT,
            time: self.center.now(),
            lease_until,
            reader_list: list.signed.clone().into(),
            challenges: self.challenges.fill_up(terminal.id, 0).await?,
            preambles: self.preambles().await?,
        })
    }

    /// Answers as soon as something waits for the terminal, the query's wait is over, or the center stops.
    ///
    /// # Errors
    /// As [`Presence::hello`].
    pub async fn work(&self, terminal: &Terminal, query: WorkQuery, stopping: Stopping) -> Result<Work, Refused> {
        if query.leaving == Some(true) {
            return self.leave(terminal, query.instance).await;
        }
        let mut lease_until = self.renew_lease(terminal, query.instance).await?;
        let end = Instant::now() + Duration::from_millis(query.wait.into()).min(LONGEST_WAIT);
        let lacking = query.challenges < challenges::LOW;
        let urgent = lacking && self.challenges.may_have_one(terminal.id);
        let end = if lacking { end.min(Instant::now() + CHALLENGE_WAIT) } else { end };
        let mut pulse = self.pulse.clone();
        let mut known = Known::new(&query.known_tickets);
        let (tickets, cancelled, reader_list) = loop {
            pulse.mark();
            let (tickets, cancelled) = self.tickets(terminal, &mut known).await?;
            let list = self.reader_lists.newer(&terminal.base, query.reader_list_version).await?;
            let news = urgent || list.is_some() || !tickets.is_empty() || !cancelled.is_empty();
            if news || !wait(&mut pulse, stopping.clone(), end).await {
                break (tickets, cancelled, list);
            }
        };
        if lease_until - self.center.now() < FRESH {
            lease_until = self.take_lease(terminal, query.instance, LEASE).await?;
        }
        Ok(Work {
            tickets,
            cancelled,
            challenges: self.challenges.fill_up(terminal.id, query.challenges).await?,
            reader_list: reader_list.map(|list: Arc<SignedList>| list.signed.clone().into()),
            lease_until,
            time: self.center.now(),
        })
    }

    /// Ends the lease now, so that the terminal's next instance need not wait for its end.
    async fn leave(&self, terminal: &Terminal, instance: Id) -> Result<Work, Refused> {
        let lease_until = self.take_lease(terminal, instance, 0).await?;
        Ok(Work {
            tickets: Vec::new(),
            cancelled: Vec::new(),
            challenges: Vec::new(),
            reader_list: None,
            lease_until,
            time: self.center.now(),
        })
    }

    /// The end of this instance's lease, renewed where it is not fresh. `terminal` is as the database has it now.
    async fn renew_lease(&self, terminal: &Terminal, instance: Id) -> Result<i64, Refused> {
        let left = terminal.lease_until - self.center.now();
        if terminal.instance == Some(instance) && (FRESH..=LEASE).contains(&left) {
            return Ok(terminal.lease_until);
        }
        self.take_lease(terminal, instance, LEASE).await
    }

    async fn take_lease(&self, terminal: &Terminal, instance: Id, life: i64) -> Result<i64, Refused> {
        let now = self.center.now();
        let until = now + life;
        if self.center.store.take_lease(terminal.id, instance, now, until).await? {
            Ok(until)
        } else {
            Err(Refused::new(Code::TERMINAL_TWICE))
        }
    }

    /// Tickets for this terminal that it does not know yet, and those it knows that are good no more. The order's
    /// reference and the operator's name are all that it learns.
    async fn tickets(&self, terminal: &Terminal, known: &mut Known<'_>) -> Result<(Vec<Ticket>, Vec<Id>), Refused> {
        let store = &self.center.store;
        let rows = store.tickets_for(terminal.id, self.center.now()).await?;
        let cancelled = self.ended(terminal, known, &rows).await?;
        let mut tickets = Vec::new();
        for row in rows.iter().filter(|row| !known.tickets.contains(&row.id)) {
            // a ticket without an order is for whatever card is put in
            let order = match row.order {
                Some(order) => store.order(order).await?.map(|order| order.reference),
                None => Some(String::new()),
            };
            if let (Some(order), Some(operator)) = (order, store.person_by_id(row.operator).await?) {
                let (id, expires) = (row.id, row.expires);
                tickets.push(Ticket { id, order, operator: operator.name, expires });
            }
        }
        Ok((tickets, cancelled))
    }

    /// Tickets that the terminal knows and that are neither waiting (`rows`) nor used: withdrawn, replaced or gone.
    async fn ended(&self, terminal: &Terminal, known: &mut Known<'_>, rows: &[Row]) -> Result<Vec<Id>, Refused> {
        let mut ended = Vec::new();
        for id in known.tickets.iter().filter(|id| rows.iter().all(|row| row.id != **id)) {
            if known.used.contains(id) {
                continue;
            }
            let row = self.center.store.ticket(*id).await?;
            let is_used = row.is_some_and(|row| row.terminal == terminal.id && row.used_by.is_some());
            if is_used {
                known.used.insert(*id);
            } else {
                ended.push(*id);
            }
        }
        Ok(ended)
    }

    async fn preambles(&self) -> Result<Vec<Preamble>, Refused> {
        let mut preambles = Vec::new();
        for document in self.center.store.products().await? {
            match CardProduct::from_toml(&document.text) {
                Ok(product) => preambles.push(product.preamble()),
                Err(fault) => tracing::error!(product = document.name, %fault, "a card product cannot be read"),
            }
        }
        Ok(preambles)
    }
}

/// Waits for news; false where there is nothing to wait for any more.
async fn wait(pulse: &mut Pulse, mut stopping: Stopping, end: Instant) -> bool {
    tokio::select! {
        beat = pulse.next() => beat,
        () = stopping.said() => false,
        () = tokio::time::sleep_until(end) => false,
    }
}
