//! One session as a terminal lives it: the real machine, with accidents at every step.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use cardwright_issuance::Id;
use cardwright_issuance::row::Terminal;
use cardwright_issuing_center::refused::Refused;
use cardwright_issuing_center::session::Engine;
use cardwright_relay::terminal::{CardEvent, End, Next, Posting, Transmit};
use cardwright_virtual_card::{Card, PowerCut};
use zeroize::Zeroizing;

use super::dice::Dice;
use super::store::SlowStore;

/// How often a message is posted before the terminal gives up.
const PATIENCE: u8 = 4;
/// One event in this many goes wrong.
const ACCIDENT: usize = 60;
/// One message in this many goes wrong.
const LINE_ACCIDENT: usize = 8;

type Reply = Result<Vec<u8>, Refused>;
type InFlight = Pin<Box<dyn Future<Output = Reply>>>;

/// A session under way.
pub(super) struct Session {
    pub(super) id: Id,
    pub(super) terminal: Terminal,
    /// place of the card in the world
    pub(super) card: usize,
    /// the order's reference
    pub(super) order: String,
    state: State,
}

enum State {
    Card(Transmit),
    /// a message, how often it was posted, and the center's work on it
    Line(Posting, u8, Option<(usize, InFlight)>),
    Over(End),
}

/// What an event was like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Happened {
    AsItShould,
    Accident,
}

impl Session {
    pub(super) fn new(id: Id, terminal: Terminal, card: usize, order: String, next: Next) -> Self {
        Self { id, terminal, card, order, state: State::from(next) }
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
            && work.as_ref().is_some_and(|(on, _)| *on == node)
        {
            *work = None;
        }
    }

    /// The next event.
    pub(super) fn step(&mut self, card: &mut Card, nodes: &[Arc<Engine<SlowStore>>], dice: &Dice) -> Happened {
        let lost = State::Over(End {
            outcome: cardwright_relay::message::Outcome::Unknown,
            refusal: None,
            card: None,
            farewell: None,
        });
        let (state, happened) = match std::mem::replace(&mut self.state, lost) {
            State::Card(transmit) => at_the_card(transmit, card, dice),
            State::Line(posting, tries, work) => self.on_the_line(posting, tries, work, nodes, dice),
            State::Over(end) => (State::Over(end), Happened::AsItShould),
        };
        self.state = state;
        happened
    }

    fn on_the_line(
        &self,
        posting: Posting,
        tries: u8,
        work: Option<(usize, InFlight)>,
        nodes: &[Arc<Engine<SlowStore>>],
        dice: &Dice,
    ) -> (State, Happened) {
        let Some((node, mut work)) = work else {
            if tries >= PATIENCE {
                return (State::from(posting.given_up("the line is cut")), Happened::Accident);
            }
            if dice.accident_in(LINE_ACCIDENT) {
                return (State::Line(posting, tries + 1, None), Happened::Accident); // the request is lost
            }
            let node = dice.below(nodes.len());
            let work = post(Arc::clone(&nodes[node]), self.terminal.clone(), posting.path, posting.bytes.to_vec());
            return (State::Line(posting, tries + 1, Some((node, work))), Happened::AsItShould);
        };
        let Poll::Ready(reply) = work.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
            return (State::Line(posting, tries, Some((node, work))), Happened::AsItShould);
        };
        if dice.accident_in(LINE_ACCIDENT) {
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
