//! Carrying out one ticket: the reader, the card, the reader's proof, the session.

use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;

use cardwright_relay::Code;
use cardwright_relay::message::{Challenge, Id, Preamble, Ticket};
use cardwright_relay::reader::{Tier, proof_hash};
use cardwright_relay::terminal::{End, Start};

use crate::configuration::Configuration;
use crate::failure::Failure;
use crate::presence::{Presence, new_id};
use crate::readers::{ListedReader, Slot, choose};
use crate::sam;
use crate::session::{self, Patience, Watcher};
use crate::system::pcsc::{self, HeldCard};
use crate::voice::Voice;

/// How long fresh challenges are waited for where all are used up.
const CHALLENGE_WAIT: Duration = Duration::from_secs(10);

/// What issuing needs.
pub struct Desk<'a> {
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
    desk: &'a Desk<'a>,
    session: Id,
}

impl Watcher for SessionWatcher<'_> {
    fn progress(&self, done: usize, total: usize) {
        self.desk.voice.progress(done, total);
    }

    fn is_cancelled(&self) -> bool {
        *self.desk.stop.borrow() || self.desk.presence.is_cancelled(&self.session)
    }
}

impl Desk<'_> {
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

    /// Asks for a card, proves the reader, and runs the session. The card gets its first command only after the
    /// reader has proved itself.
    ///
    /// # Errors
    /// What went wrong before the session began; nothing was written then.
    pub async fn issue(&self, ticket: &Ticket, reader: &ListedReader, wait: Option<Duration>) -> Result<End, Failure> {
        let atr = self.ask_for_card(ticket, reader, wait).await?;
        let preamble = self.presence.preamble(&atr);
        let preamble = preamble.ok_or_else(|| Failure::card(Code::ATR_UNKNOWN, &[&hex::encode_upper(&atr)]))?;
        let session = new_id()?;
        let challenge = self.challenge().await?;
        let reader_proof = self.prove_reader(reader, &session, &challenge).await?;
        let mut card = HeldCard::take(&reader.card_slot).await?;
        let start = self.start(ticket, reader, session, challenge, reader_proof, preamble, card.atr.clone());
        tracing::info!(order = ticket.order, session = hex::encode(*session), reader = reader.entry.name, "session");
        let patience =
            Patience { open: self.configuration.open_patience(), result: self.configuration.result_patience() };
        let watcher = SessionWatcher { desk: self, session };
        Ok(session::run(start, &mut card, &self.presence.line, patience, &watcher).await)
    }

    #[allow(clippy::too_many_arguments, reason = "each is one field of the session's beginning")]
    fn start(
        &self,
        ticket: &Ticket,
        reader: &ListedReader,
        session: Id,
        challenge: Challenge,
        reader_proof: Vec<u8>,
        preamble: Preamble,
        atr: Vec<u8>,
    ) -> Start {
        let (ticket, reader, instance) = (ticket.clone(), reader.entry.id, self.presence.instance);
        Start { session, instance, reader, reader_proof, ticket, challenge, preamble, atr }
    }

    async fn ask_for_card(
        &self,
        ticket: &Ticket,
        reader: &ListedReader,
        wait: Option<Duration>,
    ) -> Result<Vec<u8>, Failure> {
        let Ticket { order, operator, .. } = ticket;
        let name = &reader.entry.name;
        let fields = json!({ "order": order, "operator": operator, "reader": name });
        let english = format!("Order {order}: put the card into {name}.");
        self.voice.tell("insert-card", fields, &english, &format!("注文 {order}: {name} にカードを挿入してください。"));
        let inserted = pcsc::wait_until(&reader.card_slot, |slot| matches!(slot, Slot::Card(_)));
        let seen = self.until_stopped(inserted, wait, |seconds| Failure::card(Code::NO_CARD, &[seconds])).await?;
        let Slot::Card(atr) = seen else {
            return Err(Failure::card(Code::CARD_GONE, &[]));
        };
        self.voice.tell(
            "card",
            json!({ "order": order, "atr": hex::encode_upper(&atr) }),
            "The card is there.",
            "カードを検出しました。",
        );
        Ok(atr)
    }

    /// Waits for `what`, but not longer than `wait`, and not after the operator stopped it.
    pub(crate) async fn until_stopped<T>(
        &self,
        what: impl Future<Output = Result<T, Failure>>,
        wait: Option<Duration>,
        too_late: impl FnOnce(&str) -> Failure,
    ) -> Result<T, Failure> {
        let mut stop = self.stop.clone();
        let wait = wait.unwrap_or(Duration::from_secs(u64::from(u32::MAX)));
        tokio::select! {
            done = what => done,
            _ = stop.wait_for(|stopped| *stopped) => Err(Failure::machine(Code::CANCELLED, &[])),
            () = tokio::time::sleep(wait) => Err(too_late(&wait.as_secs().to_string())),
        }
    }

    async fn challenge(&self) -> Result<Challenge, Failure> {
        let mut changes = self.presence.changes();
        let fresh = async {
            loop {
                if let Some(challenge) = self.presence.take_challenge() {
                    return Ok(challenge);
                }
                if changes.changed().await.is_err() {
                    return Err(Failure::card(Code::CHALLENGE_REFUSED, &[]));
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
        sam::prove(reader, &mut sam, &hash).await
    }

    /// Waits until the card is taken out, so that the next ticket does not find it again.
    ///
    /// # Errors
    /// `CW-5001`, `CW-5003`, `CW-5009`.
    pub async fn until_card_is_out(&self, reader: &ListedReader) -> Result<(), Failure> {
        let removed = pcsc::wait_until(&reader.card_slot, |slot| *slot == Slot::Empty);
        self.until_stopped(removed, None, |_| Failure::machine(Code::CANCELLED, &[])).await.map(|_| ())
    }
}
