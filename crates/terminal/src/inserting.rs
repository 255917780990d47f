//! Asking for a card and waiting for it: until one is put in, the ticket ends, an order comes before the desk, or the
//! operator stops it; and waiting until a card that was served is taken out.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use cardwright_relay::Code;
use cardwright_relay::message::Ticket;

use crate::failure::Failure;
use crate::issuing::Issuing;
use crate::readers::{Insertion, ListedReader, Slot};
use crate::screen;
use crate::system::pcsc;

/// How long something that does not answer may be in the slot before the operator is told.
const MUTE: Duration = Duration::from_secs(2);

/// How a card is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Wait {
    /// at most so long
    pub at_most: Option<Duration>,
    /// whether a desk yields to an order that is released meanwhile
    pub yields: bool,
}

/// What came of waiting for a card.
#[derive(Debug, PartialEq, Eq)]
pub enum Asked {
    /// a card was put in, or was there already
    Card(Insertion),
    /// the ticket was withdrawn or has expired
    Ended,
    /// an order was released to this terminal, and comes before the desk
    OrderFirst,
}

impl Issuing<'_> {
    /// Asks for the card of a ticket and waits for it.
    ///
    /// # Errors
    /// `CW-3014` where none was put in in time, `CW-5001`, `CW-5003`, `CW-5009`.
    pub async fn ask_for_card(&self, ticket: &Ticket, reader: &ListedReader, wait: Wait) -> Result<Asked, Failure> {
        let sentence = if ticket.is_desk() { &screen::INSERT_ANY } else { &screen::INSERT_FOR_ORDER };
        let reader_name = &reader.entry.name;
        let fields = json!({ "order": order_of(ticket), "operator": ticket.operator, "reader": reader_name });
        self.voice.say(sentence, fields);
        let late = |seconds: &str| Failure::card(Code::NO_CARD, &[seconds]);
        let asked = self.until_stopped(self.card_or_news(ticket, reader, wait.yields), wait.at_most, late).await?;
        if let Asked::Card(card) = &asked {
            self.voice.say(&screen::CARD, json!({ "order": order_of(ticket), "atr": hex::encode_upper(&card.atr) }));
        }
        Ok(asked)
    }

    async fn card_or_news(&self, ticket: &Ticket, reader: &ListedReader, yields: bool) -> Result<Asked, Failure> {
        let mut mute = Mute::default();
        loop {
            match pcsc::look(&reader.card_slot).await? {
                Slot::Card(card) => return Ok(Asked::Card(card)),
                slot if mute.is_to_be_told(&slot, Instant::now()) => {
                    self.voice.say(&screen::MUTE, json!({ "reader": reader.entry.name }));
                }
                Slot::Empty | Slot::Mute(_) => (),
            }
            if !self.presence.holds(&ticket.id) {
                return Ok(Asked::Ended);
            }
            if yields && ticket.is_desk() && self.presence.ticket(None).is_some_and(|next| !next.is_desk()) {
                return Ok(Asked::OrderFirst);
            }
            tokio::time::sleep(pcsc::GLANCE).await;
        }
    }

    /// Tells that the card is to be taken out, where it is still there, and waits until it was.
    ///
    /// # Errors
    /// `CW-5001`, `CW-5003`, `CW-5009`.
    pub async fn until_card_is_out(
        &self,
        ticket: &Ticket,
        reader: &ListedReader,
        card: &Insertion,
    ) -> Result<(), Failure> {
        let is_in = async || Ok::<_, Failure>(pcsc::look(&reader.card_slot).await?.number() == Some(card.number));
        if is_in().await? {
            self.voice.say(&screen::REMOVE, json!({ "order": order_of(ticket), "reader": reader.entry.name }));
        }
        let removed = async {
            while is_in().await? {
                tokio::time::sleep(pcsc::GLANCE).await;
            }
            Ok(())
        };
        self.until_stopped(removed, None, |_| Failure::machine(Code::CANCELLED, &[])).await
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
}

/// The order that programs are told: none under a desk ticket.
pub(crate) fn order_of(ticket: &Ticket) -> Value {
    if ticket.is_desk() { Value::Null } else { ticket.order.clone().into() }
}

/// Something in the slot that does not answer: told once, and not in the moment in which it is put in.
#[derive(Default)]
struct Mute {
    since: Option<(u32, Instant)>,
    told: Option<u32>,
}

impl Mute {
    fn is_to_be_told(&mut self, slot: &Slot, now: Instant) -> bool {
        let Slot::Mute(number) = *slot else {
            self.since = None;
            return false;
        };
        let since = match self.since {
            Some((same, since)) if same == number => since,
            _ => self.since.insert((number, now)).1,
        };
        now.duration_since(since) >= MUTE && self.told.replace(number) != Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_that_does_not_answer_is_told_once_and_not_while_it_is_being_put_in() {
        let (mut mute, began) = (Mute::default(), Instant::now());
        let mut tells = |slot: Slot, seconds| mute.is_to_be_told(&slot, began + Duration::from_secs(seconds));
        assert!(!tells(Slot::Mute(7), 0) && !tells(Slot::Mute(7), 1) && tells(Slot::Mute(7), 2));
        assert!(!tells(Slot::Mute(7), 3), "once");
        assert!(!tells(Slot::Empty, 4) && !tells(Slot::Mute(9), 5) && tells(Slot::Mute(9), 7), "put in again");
        assert!(!tells(Slot::Mute(11), 8) && !tells(Slot::Empty, 9) && !tells(Slot::Mute(11), 10), "in, out and in");
    }
}
