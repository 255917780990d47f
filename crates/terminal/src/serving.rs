//! Serving the card that was put in: session after session, as long as the center says that more waits for it.

use serde_json::json;

use cardwright_relay::Code;
use cardwright_relay::message::{Outcome, Ticket};
use cardwright_relay::terminal::End;

use crate::failure::{Exit, Failure};
use crate::issuing::Issuing;
use crate::readers::{Insertion, ListedReader, Slot};
use crate::screen;
use crate::system::pcsc;

/// The most sessions of one card before it must be taken out and put in again: no center keeps a card busy for ever.
const MOST_SESSIONS: u32 = 64;

/// How a card that was served ended: with its last session.
pub struct Served {
    /// how the program ends where it serves one card alone
    pub exit: Exit,
    /// the code of the last session, where it did not end well
    pub code: Option<Code>,
    /// another order was carried out than the ticket's, which waits on
    pub another: bool,
}

impl Issuing<'_> {
    /// Serves one card under `ticket` and tells everything but the failures: one session under an order's ticket, under
    /// a desk ticket as many as wait. Each has a session, a challenge and a reader's proof of its own, and is of the
    /// card that is there: one that was swapped for another is not gone on with.
    ///
    /// # Errors
    /// What went wrong before a session began: nothing was written by that one. `CW-5016` where the card was taken out
    /// while more waits for it.
    pub async fn serve(
        &self,
        ticket: &Ticket,
        reader: &ListedReader,
        insertion: &Insertion,
    ) -> Result<Served, Failure> {
        let mut run = Run::default();
        loop {
            let (end, told) = self.session(ticket, reader, insertion).await?;
            let goes_on = run.goes_on(ticket.is_desk(), &end);
            let exit = self.voice.end(ticket, &end, told.as_ref(), !goes_on);
            if !goes_on {
                let another = told.is_some_and(|told| told.is_another_than(ticket));
                return Ok(Served { exit, code: end.refusal.map(|refusal| refusal.code), another });
            }
            if pcsc::look(&reader.card_slot).await? != Slot::Card(insertion.clone()) {
                return Err(Failure::card(Code::TAKEN_OUT_EARLY, &[&end.waiting.to_string()]));
            }
            let fields = json!({ "done": run.done, "total": run.done + end.waiting, "waiting": end.waiting });
            self.voice.say(&screen::STAYS_IN, fields);
        }
    }
}

/// The sessions of one card since it was put in.
#[derive(Default)]
struct Run {
    sessions: u32,
    done: u32,
    /// the last session did not end well
    failed: bool,
}

impl Run {
    /// Whether the card is gone on with at once. One that failed twice in a row is not, whatever waits: it must be put
    /// in again.
    fn goes_on(&mut self, is_desk: bool, end: &End) -> bool {
        let failed = end.outcome != Outcome::Issued;
        let failed_twice = failed && self.failed;
        self.sessions += 1;
        self.done += u32::from(!failed);
        self.failed = failed;
        let may = end.outcome != Outcome::Refused && !failed_twice && self.sessions < MOST_SESSIONS;
        is_desk && end.waiting > 0 && may
    }
}

#[cfg(test)]
mod tests {
    use cardwright_relay::message::Refusal;

    use super::*;

    fn end(outcome: Outcome, waiting: u32) -> End {
        End { waiting, ..End::without_word(outcome, Refusal::new(Code::CARD_LEFT, &[])) }
    }

    #[test]
    fn a_card_is_gone_on_with_while_more_waits_for_it_and_only_under_a_desk_ticket() {
        let mut run = Run::default();
        assert!(run.goes_on(true, &end(Outcome::Issued, 2)) && run.goes_on(true, &end(Outcome::Issued, 1)));
        assert!(!run.goes_on(true, &end(Outcome::Issued, 0)));
        assert_eq!(run.done, 3);
        assert!(!Run::default().goes_on(false, &end(Outcome::Issued, 2)));
    }

    #[test]
    fn a_card_that_fails_twice_in_a_row_is_not_tried_a_third_time() {
        for failure in [Outcome::FailedClean, Outcome::Unknown] {
            let mut run = Run::default();
            assert!(run.goes_on(true, &end(failure, 1)));
            assert!(!run.goes_on(true, &end(failure, 1)));
            let mut run = Run::default();
            assert!(run.goes_on(true, &end(failure, 1)) && run.goes_on(true, &end(Outcome::Issued, 1)));
            assert!(run.goes_on(true, &end(failure, 1)), "the one between ended well");
        }
        assert!(!Run::default().goes_on(true, &end(Outcome::Refused, 1)));
    }

    #[test]
    fn a_center_that_never_ends_does_not_keep_a_card_for_ever() {
        let mut run = Run::default();
        let sessions = (0..1_000).take_while(|_| run.goes_on(true, &end(Outcome::Issued, 1))).count();
        assert_eq!(sessions + 1, MOST_SESSIONS as usize);
    }
}
