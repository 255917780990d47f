//! One session with the card that was put in: the reader that is used, its proof, the challenge, the card held.

use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::watch;

use cardwright_relay::Code;
use cardwright_relay::message::{Challenge, Id, Refusal, Ticket};
use cardwright_relay::reader::{Tier, proof_hash};
use cardwright_relay::terminal::{End, Start};

use crate::configuration::Configuration;
use crate::failure::Failure;
use crate::presence::{Presence, new_id};
use crate::readers::{Insertion, ListedReader, Slot, choose};
use crate::sam;
use crate::session::{self, Patience, Watcher};
use crate::system::pcsc::{self, HeldCard};
use crate::told::Told;
use crate::voice::Voice;

/// How long fresh challenges are waited for where all are used up.
const CHALLENGE_WAIT: Duration = Duration::from_secs(10);
/// How long the center is left alone that has none yet.
const CHALLENGE_PAUSE: Duration = Duration::from_millis(500);

/// What issuing needs.
pub struct Issuing<'a> {
    /// the center, and what it handed out
    pub presence: &'a Presence,
    /// as configured
    pub configuration: &'a Configuration,
    /// whom to tell
    pub voice: &'a Voice,
    /// turns true when the operator wants to stop
    pub stop: watch::Receiver<bool>,
}

struct SessionWatcher<'a> {
    issuing: &'a Issuing<'a>,
    session: Id,
    told: Mutex<Option<Told>>,
}

impl Watcher for SessionWatcher<'_> {
    fn notice(&self, notice: &Refusal) {
        self.issuing.voice.notice(notice);
        if let (Some(told), Ok(mut held)) = (Told::of(notice), self.told.lock()) {
            *held = Some(told);
        }
    }

    fn progress(&self, done: usize, total: usize) {
        self.issuing.voice.progress(done, total);
    }

    fn is_cancelled(&self) -> bool {
        *self.issuing.stop.borrow() || self.issuing.presence.is_cancelled(&self.session)
    }
}

impl Issuing<'_> {
    /// The reader that is to be used: listed by the center, there, and with the attributes the list says.
    ///
    /// # Errors
    /// `CW-2006`, `CW-2008`, `CW-2009`, `CW-5001`, `CW-5002`, `CW-5003`.
    pub async fn reader(&self, named: Option<&str>) -> Result<ListedReader, Failure> {
        let list = self.presence.readers()?;
        let reader = choose(&list, &pcsc::list().await?, named.or(self.configuration.reader.as_deref()))?;
        let names_attributes =
            [&reader.entry.vendor, &reader.entry.kind, &reader.entry.serial].iter().any(|it| !it.is_empty());
        if names_attributes && !pcsc::attributes(&reader.card_slot).await?.fit(&reader.entry) {
            return Err(Failure::reader(Code::READER_UNKNOWN, &reader.entry.name));
        }
        Ok(reader)
    }

    /// Proves the reader, takes the card that was put in, and runs a session with it; beside its end, the order that
    /// the center told of. The card gets its first command
    /// only after the reader has proved itself, and is free again when the session is over.
    ///
    /// # Errors
    /// What went wrong before the session began; nothing was written then. `CW-3010` where the card that is there is
    /// another than the one that was seen.
    pub(crate) async fn session(
        &self,
        ticket: &Ticket,
        reader: &ListedReader,
        insertion: &Insertion,
    ) -> Result<(End, Option<Told>), Failure> {
        let atr = &insertion.atr;
        let preamble = self.presence.preamble(atr);
        let preamble = preamble.ok_or_else(|| Failure::card(Code::ATR_UNKNOWN, &[&hex::encode_upper(atr)]))?;
        let session = new_id()?;
        let challenge = self.challenge().await?;
        let reader_proof = self.prove_reader(reader, &session, &challenge).await?;
        let mut card = HeldCard::take(&reader.card_slot).await?;
        let (instance, ticket) = (self.presence.instance, ticket.clone());
        let (atr, reader_id) = (card.atr.clone(), reader.entry.id);
        tracing::info!(order = ticket.order, session = hex::encode(*session), reader = reader.entry.name, "session");
        let start = Start { session, instance, reader: reader_id, reader_proof, ticket, challenge, preamble, atr };
        let outcome = self.run(start, reader, insertion, &mut card).await;
        card.release().await;
        outcome
    }

    /// From the moment in which the card is held nobody swaps it without the session's noticing.
    async fn run(
        &self,
        start: Start,
        reader: &ListedReader,
        insertion: &Insertion,
        card: &mut HeldCard,
    ) -> Result<(End, Option<Told>), Failure> {
        if pcsc::look(&reader.card_slot).await? != Slot::Card(insertion.clone()) {
            return Err(Failure::card(Code::CARD_GONE, &[]));
        }
        let patience =
            Patience { open: self.configuration.open_patience(), result: self.configuration.result_patience() };
        let watcher = SessionWatcher { issuing: self, session: start.session, told: Mutex::default() };
        let end = session::run(start, card, &self.presence.line, patience, &watcher).await;
        Ok((end, watcher.told.into_inner().ok().flatten()))
    }

    /// A challenge that is held, or one that is asked for at once: a card with much to do uses several in a row, and the
    /// long poll that brings them was asked before.
    async fn challenge(&self) -> Result<Challenge, Failure> {
        let fresh = async {
            loop {
                if let Some(challenge) = self.presence.take_challenge() {
                    return Ok(challenge);
                }
                match self.presence.work(Duration::ZERO).await {
                    Err(failure @ Failure::Unreachable(_)) => return Err(failure),
                    _ if self.presence.has_challenge() => (),
                    _ => tokio::time::sleep(CHALLENGE_PAUSE).await,
                }
            }
        };
        self.until_stopped(fresh, Some(CHALLENGE_WAIT), |_| Failure::card(Code::CHALLENGE_REFUSED, &[])).await
    }

    async fn prove_reader(
        &self,
        reader: &ListedReader,
        session: &Id,
        challenge: &Challenge,
    ) -> Result<Vec<u8>, Failure> {
        let (Tier::R2, Some(slot)) = (reader.entry.tier, &reader.sam_slot) else {
            return Ok(Vec::new());
        };
        let hash = proof_hash(session, &self.presence.identity.terminal, &reader.entry.id, &challenge.value);
        let wrong = |_| Failure::reader(Code::READER_PROOF_WRONG, &reader.entry.name);
        let mut sam = HeldCard::take(slot).await.map_err(wrong)?;
        let proof = sam::prove(reader, &mut sam, &hash).await;
        sam.release().await;
        proof
    }
}
