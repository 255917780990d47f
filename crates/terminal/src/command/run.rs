//! `run`: stays, and serves every order that is released to this terminal, and every card while its desk is open.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use cardwright_relay::Code;
use cardwright_relay::message::{Id, Refusal, Ticket};

use super::Place;
use super::work::Work;
use crate::failure::{Exit, Failure};
use crate::inserting::{Asked, Wait};
use crate::issuing::Issuing;
use crate::presence::Presence;
use crate::readers::{Insertion, ListedReader};
use crate::screen;
use crate::system::pcsc;

/// How long an order's card is waited for before other tickets get their turn.
const CARD_WAIT: Duration = Duration::from_secs(120);
/// How long is waited before the desk is tried again where its reader cannot be used.
const PAUSE: Duration = Duration::from_secs(2);
/// How often the reader is looked at while nothing is released.
const IDLE_GLANCE: Duration = Duration::from_secs(1);

pub(super) async fn run(place: &Place, reader: Option<&str>) -> Result<Exit, Failure> {
    let presence = place.arrive().await?;
    let mut work =
        Work::begin(Arc::clone(&presence), Duration::from_secs(place.configuration.work_wait_seconds.into()));
    let issuing = place.issuing(&presence);
    issuing.voice.say(&screen::READY, json!({ "terminal": presence.identity.name }));
    let mut stay = Stay { issuing: &issuing, work: &mut work, reader, open: None, trouble: None, idle: None };
    let outcome = stay.serve().await;
    drop(work);
    presence.leave().await;
    match outcome.refusal().code {
        Code::CANCELLED => Ok(Exit::Done),
        _ => Err(outcome),
    }
}

/// A terminal that stays.
struct Stay<'a> {
    issuing: &'a Issuing<'a>,
    work: &'a mut Work,
    /// the reader, as the command line names it
    reader: Option<&'a str>,
    /// the desk ticket that the operator was told of
    open: Option<Id>,
    /// what keeps the desk from its reader, told once
    trouble: Option<Refusal>,
    /// a card that is in while nothing is released
    idle: Option<Idle>,
}

/// A card that is in while nothing is released.
struct Idle {
    number: u32,
    since: Instant,
    told: bool,
}

/// Why a ticket was not served to its end.
enum Ended {
    /// the operator stops, or the center refuses this terminal: no session is open
    Stay(Failure),
    /// before a card was served
    Trouble(Failure),
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        if failure.refusal().code == Code::CANCELLED { Self::Stay(failure) } else { Self::Trouble(failure) }
    }
}

impl Stay<'_> {
    /// Ends only when the operator stops it, or the center refuses this terminal.
    async fn serve(&mut self) -> Failure {
        loop {
            self.tell_of_a_desk_that_is_over();
            let ticket = match self.next_ticket().await {
                Ok(ticket) => ticket,
                Err(Ended::Stay(failure) | Ended::Trouble(failure)) => return failure,
            };
            match self.one(&ticket).await {
                Ok(()) => (),
                Err(Ended::Stay(failure)) => return failure,
                Err(Ended::Trouble(failure)) => self.troubled(&ticket, &failure).await,
            }
        }
    }

    /// One card under `ticket`, from asking for it until it is out again.
    async fn one(&mut self, ticket: &Ticket) -> Result<(), Ended> {
        let issuing = self.issuing;
        let reader = issuing.reader(self.reader).await?;
        self.tell_of_a_desk_that_is_open(ticket, &reader);
        let Some(card) = self.card(ticket, &reader).await? else { return Ok(()) };
        self.trouble = None;
        let code = match issuing.serve(ticket, &reader, &card).await {
            Ok(served) if served.another => {
                issuing.presence.postpone(&ticket.id);
                return self.unless_refused(issuing.until_card_is_out(ticket, &reader, &card)).await;
            }
            Ok(served) => served.code,
            Err(failure) => {
                if let Ended::Trouble(failure) = Ended::from(failure.clone()) {
                    issuing.voice.problem(&failure);
                }
                Some(failure.refusal().code)
            }
        };
        lay_aside(issuing.presence, ticket, code);
        self.unless_refused(issuing.until_card_is_out(ticket, &reader, &card)).await
    }

    /// The card that was put in; none where the ticket's turn is over.
    async fn card(&mut self, ticket: &Ticket, reader: &ListedReader) -> Result<Option<Insertion>, Ended> {
        let issuing = self.issuing;
        let wait = Wait { at_most: (!ticket.is_desk()).then_some(CARD_WAIT), yields: true };
        match self.unless_refused(issuing.ask_for_card(ticket, reader, wait)).await? {
            Asked::Card(card) => return Ok(Some(card)),
            Asked::OrderFirst => issuing.voice.say(&screen::ORDER_FIRST, json!({})),
            // that the desk is closed is told when the next ticket is looked for
            Asked::Ended if ticket.is_desk() => (),
            Asked::Ended => issuing.voice.say(&screen::ORDER_ENDED, json!({ "order": ticket.order })),
        }
        Ok(None)
    }

    /// Waits for what is no session: the center may refuse this terminal meanwhile.
    async fn unless_refused<T>(&mut self, what: impl Future<Output = Result<T, Failure>>) -> Result<T, Ended> {
        tokio::select! {
            done = what => Ok(done?),
            failure = self.work.refused() => Err(Ended::Stay(failure)),
        }
    }

    /// An order's ticket is told and laid aside; the desk stays open, and is told once what is wrong.
    async fn troubled(&mut self, ticket: &Ticket, failure: &Failure) {
        let refusal = failure.refusal();
        if !ticket.is_desk() {
            self.issuing.voice.problem(failure);
            return lay_aside(self.issuing.presence, ticket, Some(refusal.code));
        }
        if self.trouble.as_ref() != Some(&refusal) {
            self.issuing.voice.problem(failure);
            self.trouble = Some(refusal);
        }
        tokio::time::sleep(PAUSE).await;
    }

    async fn next_ticket(&mut self) -> Result<Ticket, Ended> {
        let issuing = self.issuing;
        let mut changes = issuing.presence.changes();
        loop {
            if let Some(ticket) = issuing.presence.ticket(None) {
                self.idle = None;
                return Ok(ticket);
            }
            self.tell_of_a_card_without_a_ticket().await;
            let news = async {
                let _ = tokio::time::timeout(IDLE_GLANCE, changes.changed()).await;
                Ok(())
            };
            let stopped = issuing.until_stopped(news, None, |_| Failure::machine(Code::CANCELLED, &[]));
            self.unless_refused(stopped).await?;
        }
    }

    /// Told after a moment: a ticket may be on its way.
    async fn tell_of_a_card_without_a_ticket(&mut self) {
        let Ok(reader) = self.issuing.reader(self.reader).await else { return };
        let number = pcsc::look(&reader.card_slot).await.ok().and_then(|slot| slot.number());
        let Some(number) = number else { return self.idle = None };
        let new = || Idle { number, since: Instant::now(), told: false };
        let idle = self.idle.take().filter(|idle| idle.number == number).unwrap_or_else(new);
        let tells = !idle.told && idle.since.elapsed() >= IDLE_GLANCE;
        if tells {
            self.issuing.voice.say(&screen::NOT_RELEASED, json!({ "reader": reader.entry.name }));
        }
        self.idle = Some(Idle { told: idle.told || tells, ..idle });
    }

    fn tell_of_a_desk_that_is_open(&mut self, ticket: &Ticket, reader: &ListedReader) {
        if !ticket.is_desk() || self.open == Some(ticket.id) {
            return;
        }
        self.open = Some(ticket.id);
        let minutes = self.issuing.presence.left(ticket).as_secs().div_ceil(60);
        let (operator, reader) = (&ticket.operator, &reader.entry.name);
        let fields = json!({
            "operator": operator,
            "reader": reader,
            "hours": minutes / 60,
            "minutes": minutes % 60,
            "expires": ticket.expires,
        });
        self.issuing.voice.say(&screen::DESK_OPEN, fields);
    }

    fn tell_of_a_desk_that_is_over(&mut self) {
        if self.open.is_some_and(|ticket| !self.issuing.presence.holds(&ticket)) {
            self.open = None;
            self.issuing.voice.say(&screen::DESK_CLOSED, json!({}));
        }
    }
}

/// A desk's ticket is good for every card. An order's whose card went before the center was asked is good for another
/// card; any other was tried.
fn lay_aside(presence: &Presence, ticket: &Ticket, code: Option<Code>) {
    match code {
        Some(Code::TICKET_REFUSED) => presence.spend(&ticket.id),
        _ if ticket.is_desk() => (),
        Some(Code::NO_CARD | Code::CARD_GONE | Code::CARD_SILENT | Code::ATR_UNKNOWN) => presence.postpone(&ticket.id),
        _ => presence.spend(&ticket.id),
    }
}
