//! One session as a terminal lives it: the real machine, with accidents at every step.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use cardwright_issuance::Id;
use cardwright_issuance::row::{Issuance, Terminal};
use cardwright_issuing_center::refused::Refused;
use cardwright_issuing_center::session::Engine;
use cardwright_issuing_center::store::Store;
use cardwright_relay::message::{self, Outcome};
use cardwright_relay::terminal::{CardEvent, End, Next, Posting, Transmit};
use cardwright_virtual_card::{Card, PowerCut};
use zeroize::Zeroizing;

use super::at_once;
use super::dice::Dice;
use super::store::SlowStore;

/// How often a message is posted before the terminal gives up.
const PATIENCE: u8 = 4;
/// One event in this many goes wrong.
const ACCIDENT: usize = 60;
/// One message in this many goes wrong.
const LINE_ACCIDENT: usize = 8;

type Reply = Result<Vec<u8>, Refused>;
pub(super) type InFlight = Pin<Box<dyn Future<Output = Reply>>>;

/// The center's work on a message: at which node, and whether the issuance had ended before it began.
struct Work {
    node: usize,
    after_the_end: bool,
    answer: InFlight,
}

/// What is there for a session to meet.
pub(super) struct Surroundings<'a> {
    pub(super) nodes: &'a [Arc<Engine<SlowStore>>],
    pub(super) store: &'a SlowStore,
    pub(super) dice: &'a Dice,
    /// work on messages whose terminal no longer listens: it goes on all the same
    pub(super) strays: &'a mut Vec<InFlight>,
}

/// A session under way.
pub(super) struct Session {
    pub(super) id: Id,
    pub(super) terminal: Terminal,
    /// place of the card in the world
    pub(super) card: usize,
    state: State,
    /// a SCRIPT was handed out for an issuance that had ended
    pub(super) script_after_the_end: bool,
}

enum State {
    Card(Transmit),
    /// a message, how often it was posted, and the center's work on it
    Line(Posting, u8, Option<Work>),
    Over(End),
}

/// What an event was like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Happened {
    AsItShould,
    Accident,
}

impl Session {
    pub(super) fn new(id: Id, terminal: Terminal, card: usize, next: Next) -> Self {
        Self { id, terminal, card, state: State::from(next), script_after_the_end: false }
    }

    /// How it ended, once it has.
    pub(super) fn end(&self) -> Option<&End> {
        match &self.state {
            State::Over(end) => Some(end),
            State::Card(_) | State::Line(..) => None,
        }
    }

    /// The command that the card is about to get.
    pub(super) fn next_command(&self) -> Option<&[u8]> {
        match &self.state {
            State::Card(transmit) => Some(&transmit.apdu),
            State::Line(..) | State::Over(_) => None,
        }
    }

    /// The RESULT that is about to be posted.
    pub(super) fn next_result(&self) -> Option<&[u8]> {
        match &self.state {
            State::Line(posting, _, None) if posting.path == "/v1/result" => Some(&posting.bytes),
            State::Card(_) | State::Line(..) | State::Over(_) => None,
        }
    }

    /// A node dies: what it was working on is lost, wherever it was.
    pub(super) fn node_died(&mut self, node: usize) {
        if let State::Line(_, _, work) = &mut self.state
            && work.as_ref().is_some_and(|work| work.node == node)
        {
            *work = None;
        }
    }

    /// The next event.
    pub(super) fn step(&mut self, card: &mut Card, around: &mut Surroundings<'_>) -> Happened {
        let (outcome, refusal, farewell) = (Outcome::Unknown, None, None);
        let lost = State::Over(End { outcome, refusal, card: None, waiting: 0, notice: None, farewell });
        let (state, happened) = match std::mem::replace(&mut self.state, lost) {
            State::Card(transmit) => at_the_card(transmit, card, around.dice),
            State::Line(posting, tries, None) => self.post(posting, tries, around),
            State::Line(posting, tries, Some(work)) => self.wait(posting, tries, work, around),
            State::Over(end) => (State::Over(end), Happened::AsItShould),
        };
        self.state = state;
        happened
    }

    fn post(&self, posting: Posting, tries: u8, around: &mut Surroundings<'_>) -> (State, Happened) {
        if tries >= PATIENCE {
            return (State::from(posting.given_up("the line is cut")), Happened::Accident);
        }
        if around.dice.accident_in(LINE_ACCIDENT) {
            return (State::Line(posting, tries + 1, None), Happened::Accident); // the request is lost
        }
        let node = around.dice.below(around.nodes.len());
        let ended = |issuance: Issuance| issuance.state.is_ended();
        let after_the_end = at_once(around.store.issuance(self.id)).ok().flatten().is_some_and(ended);
        let engine = Arc::clone(&around.nodes[node]);
        let answer = post(engine, self.terminal.clone(), posting.path, posting.bytes.to_vec());
        (State::Line(posting, tries + 1, Some(Work { node, after_the_end, answer })), Happened::AsItShould)
    }

    fn wait(
        &mut self,
        posting: Posting,
        tries: u8,
        mut work: Work,
        around: &mut Surroundings<'_>,
    ) -> (State, Happened) {
        let Poll::Ready(reply) = work.answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
            if around.dice.accident_in(LINE_ACCIDENT) {
                around.strays.push(work.answer); // the line breaks while the center works, and goes on working
                return (State::Line(posting, tries, None), Happened::Accident);
            }
            return (State::Line(posting, tries, Some(work)), Happened::AsItShould);
        };
        let is_script = |body: &Vec<u8>| matches!(cardwright_relay::decode(body), Ok(message::Reply::Script(_)));
        self.script_after_the_end |= work.after_the_end && reply.as_ref().is_ok_and(is_script);
        if around.dice.accident_in(LINE_ACCIDENT) {
            return (State::Line(posting, tries, None), Happened::Accident); // the answer is lost
        }
        match reply {
            Ok(body) => (State::from(posting.replied(&body, Duration::ZERO)), Happened::AsItShould),
            Err(refused) if refused.status().is_server_error() => {
                (State::Line(posting, tries, None), Happened::Accident)
            }
            Err(refused) => (State::from(posting.refused(refused.message())), Happened::AsItShould),
        }
    }
}

impl From<Next> for State {
    fn from(next: Next) -> Self {
        match next {
            Next::Transmit(transmit) => Self::Card(transmit),
            Next::Post(posting) => Self::Line(posting, 0, None),
            Next::Done(end) => Self::Over(end),
        }
    }
}

/// The center's work on one message, to be polled to its end or to be left where it is.
pub(super) fn post(node: Arc<Engine<SlowStore>>, terminal: Terminal, path: &'static str, body: Vec<u8>) -> InFlight {
    Box::pin(async move {
        match path {
            "/v1/open" => node.open(&terminal, &body).await,
            "/v1/result" => node.result(&terminal, &body).await,
            _ => node.abort(&terminal, &body).await,
        }
    })
}

fn at_the_card(transmit: Transmit, card: &mut Card, dice: &Dice) -> (State, Happened) {
    let (event, happened) = if dice.accident_in(ACCIDENT) {
        (accident(&transmit.apdu, card, dice), Happened::Accident)
    } else {
        (CardEvent::Answer(Zeroizing::new(card.transmit(&transmit.apdu))), Happened::AsItShould)
    };
    (State::from(transmit.done(event, Duration::ZERO)), happened)
}

/// The card is pulled out before, in or after the command, the reader dies, or whoever carries the answer changes it.
fn accident(command: &[u8], card: &mut Card, dice: &Dice) -> CardEvent {
    let pulled = |card: &mut Card, cut| {
        card.transmit_and_cut(command, cut);
        CardEvent::CardGone
    };
    match dice.below(6) {
        0 => pulled(card, PowerCut::Before),
        1 => pulled(card, PowerCut::AfterWrites(dice.below(4) as u64)),
        2 => pulled(card, PowerCut::BeforeAnswer),
        3 => {
            card.transmit(command);
            CardEvent::ReaderGone
        }
        4 => {
            let mut answer = card.transmit(command);
            let place = dice.below(answer.len());
            answer[place] ^= 1 << dice.below(8);
            CardEvent::Answer(Zeroizing::new(answer))
        }
        // The carrier does not send the command at all and says that all is well.
        _ => CardEvent::Answer(Zeroizing::new(vec![0x90, 0x00])),
    }
}
