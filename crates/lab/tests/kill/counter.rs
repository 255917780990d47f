//! The counter of a base: the terminal's own line and machine, a card in hand, and patience with a center that dies.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cardwright_issuance::entry::Event;
use cardwright_issuing_center::journal::story;
use cardwright_issuing_center::store::SqlStore;
use cardwright_relay::message::{Abort, Id, Reply, Script, StopReason, Ticket};
use cardwright_relay::reader::ReaderEntry;
use cardwright_relay::terminal::{Awaited, End, Next, Posting, Start};
use cardwright_relay::{Message, decode, encode};
use cardwright_terminal::failure::Failure;
use cardwright_terminal::line::Answer;
use cardwright_terminal::presence::{Presence, new_id};
use zeroize::Zeroizing;

use crate::card::HeldCard;
use crate::founding::READER;

/// How long a message is posted again.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);

/// What the terminal does that it need not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whim {
    /// nothing
    None,
    /// it says ABORT before its first RESULT, and posts that nonetheless
    AbortFirst,
    /// it gives up when its RESULT is not answered at once
    NoPatience,
}

/// A terminal at work.
#[derive(Clone)]
pub(crate) struct Counter {
    pub(crate) presence: Arc<Presence>,
    pub(crate) store: Arc<SqlStore>,
}

impl Counter {
    /// The reader it works with.
    fn reader(&self) -> ReaderEntry {
        let list = self.presence.readers().unwrap();
        list.readers().iter().find(|reader| reader.name == READER).expect("the center lists it").clone()
    }

    /// The operator's release of `order`; waits until the center tells of it.
    pub(crate) async fn ticket(&self, order: &str) -> Ticket {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(ticket) = self.presence.ticket(Some(order)) {
                self.presence.spend(&ticket.id);
                return ticket;
            }
            if self.presence.work(Duration::ZERO).await.is_err() {
                tokio::time::sleep(PAUSE).await;
            }
        }
        panic!("no ticket for {order}");
    }

    /// The ticket of the open desk, which serves whatever card is put in; waits until the center tells of it.
    pub(crate) async fn desk(&self) -> Ticket {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(ticket) = self.presence.ticket(Some("")) {
                return ticket;
            }
            if self.presence.work(Duration::ZERO).await.is_err() {
                tokio::time::sleep(PAUSE).await;
            }
        }
        panic!("the desk is not open");
    }

    /// A ticket that nobody has issued.
    pub(crate) fn forged_ticket(order: &str) -> Ticket {
        Ticket { id: new_id().unwrap(), order: order.to_owned(), operator: "nobody".to_owned(), expires: i64::MAX }
    }

    /// One session with `card`, to its end.
    pub(crate) async fn issue(&self, ticket: Ticket, card: &mut HeldCard, whim: Whim) -> End {
        let atr = card.insert();
        let start = Start {
            session: new_id().unwrap(),
            instance: self.presence.instance,
            reader: self.reader().id,
            reader_proof: Vec::new(),
            challenge: self.challenge().await,
            preamble: self.presence.preamble(&atr).expect("the center knows cards with this answer to reset"),
            atr,
            ticket,
        };
        let session = start.session;
        let (began, mut whim) = (Instant::now(), whim);
        let mut next = start.begin();
        loop {
            next = match next {
                Next::Transmit(transmit) => {
                    let event = card.transmit(&transmit.apdu);
                    transmit.done(event, began.elapsed())
                }
                Next::Post(posting) => {
                    if whim == Whim::AbortFirst && posting.awaited == Awaited::Settlement {
                        whim = Whim::None;
                        self.abort(session).await;
                    }
                    let body = self.deliver(&posting, whim).await;
                    self.release(&body, card).await;
                    match body {
                        Ok(body) => posting.replied(&body, began.elapsed()),
                        Err(Failure::Refused(refusal)) => posting.refused(refusal),
                        Err(failure) => posting.given_up(&failure.to_string()),
                    }
                }
                Next::Done(end) => return end,
            };
        }
    }

    async fn challenge(&self) -> cardwright_relay::message::Challenge {
        loop {
            if let Some(challenge) = self.presence.take_challenge() {
                return challenge;
            }
            if self.presence.work(Duration::ZERO).await.is_err() {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Posts the same bytes until they are answered.
    async fn deliver(&self, posting: &Posting, whim: Whim) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let gives_up = whim == Whim::NoPatience && posting.awaited == Awaited::Settlement;
        self.post(posting.path, &posting.bytes, if gives_up { Duration::ZERO } else { PATIENCE }).await
    }

    async fn post(&self, path: &str, bytes: &[u8], patience: Duration) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let began = Instant::now();
        loop {
            match self.presence.line.post(path, Zeroizing::new(bytes.to_vec()), PATIENCE).await {
                Ok(Answer::Done(body)) => return Ok(body),
                Ok(Answer::Refused(status, refusal)) if status < 500 => return Err(Failure::Refused(refusal)),
                Err(failure) if began.elapsed() >= patience => return Err(failure),
                Ok(_) | Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    async fn abort(&self, session: Id) {
        let abort = Abort { session, reason: StopReason::Cancelled, challenge: None };
        self.post(Abort::PATH, &encode(&abort), PATIENCE).await.unwrap();
    }

    /// A script may run only if its intent is in the log already, with this hash.
    async fn release(&self, body: &Result<Zeroizing<Vec<u8>>, Failure>, card: &mut HeldCard) {
        let Ok(Ok(Reply::Script(script))) = body.as_ref().map(|body| decode::<Reply>(body)) else { return };
        if is_intended(&self.store, &script).await {
            card.release(&script.commands);
        }
    }
}

/// Whether the log says that exactly this script was intended.
pub(crate) async fn is_intended(store: &SqlStore, script: &Script) -> bool {
    use cardwright_issuing_center::store::Store;
    let hash = Script::hash(&script.session, script.step, &script.commands);
    let Some(issuance) = store.issuance(script.session).await.unwrap() else { return false };
    let told = story::of_order(store, issuance.order).await.unwrap();
    told.iter().any(|told| {
        let Event::Intended { step, commands, script_hash } = &told.entry.event else { return false };
        let same = (*step, usize::from(*commands), script_hash) == (script.step, script.commands.len(), &hash);
        same && told.entry.session == Some(script.session)
    })
}
