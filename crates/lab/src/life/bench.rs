//! One card between two terminals before a real engine: insertions, each with one fault at most.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use cardwright_issuance::Id;
use cardwright_issuance::product::CardProduct;
use cardwright_issuance::row::{Challenge, Order, Terminal, Ticket};
use cardwright_issuing_center::card::decide;
use cardwright_issuing_center::center::Center;
use cardwright_issuing_center::refused::Refused;
use cardwright_issuing_center::session::Engine;
use cardwright_issuing_center::store::{Commit, DecisionKind, Person, Registration, Store};
use cardwright_relay::terminal::{CardEvent, End, Next, Posting, Start, Transmit};
use cardwright_virtual_card::{Card, PowerCut};
use zeroize::Zeroizing;

use super::fault::{Fault, LineFault};
use super::forgery::Forgery;
use super::house::MINUTE;
use super::keys::KeyWatch;
use super::planted::Planted;
use crate::model_store::ModelStore;
use crate::simulation::at_once;

/// A center's node, terminals, and time.
pub struct Bench {
    /// store, keys, clock
    pub center: Center<ModelStore>,
    engine: Engine<ModelStore>,
    /// what the clock tells
    pub clock: Arc<AtomicI64>,
    /// one at each base
    pub terminals: Vec<Terminal>,
    /// the kind of card
    pub product: CardProduct,
    ids: AtomicU64,
    /// a mistake that the center makes
    pub planted: Planted,
    /// what whoever carries the answers makes of one of them, at the next insertion
    pub forgery: Option<Forgery>,
    /// the keys that were ever seen on the card
    pub keys: KeyWatch,
    /// two who decide together
    pub people: [Person; 2],
}

/// Whose word an operator's ticket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word<'a> {
    /// this order
    Order(&'a Order),
    /// whatever card is put in
    Desk,
    /// the same, and an application may be deleted first
    DeletionConfirmed,
    /// an order that need not be one about this card, and for it an application may be deleted first
    Confirmed(&'a Order),
}

/// What an insertion was like.
pub struct Insertion {
    /// as the terminal sees it
    pub end: End,
    /// persistent writes of each command, the preamble's first
    pub writes: Vec<u64>,
    /// every command, in order
    pub commands: Vec<Vec<u8>>,
    /// every answer, in order, as the terminal has it
    pub answers: Vec<Vec<u8>>,
    /// messages posted, not counting repetitions
    pub messages: usize,
}

/// One session under way.
struct Run<'a> {
    terminal: Terminal,
    card: &'a mut Card,
    fault: Fault,
    writes: Vec<u64>,
    commands: Vec<Vec<u8>>,
    answers: Vec<Vec<u8>>,
    messages: usize,
    forgery: Option<Forgery>,
    keys: &'a mut KeyWatch,
}

impl Bench {
    /// A node that holds nothing yet.
    pub fn new(
        center: Center<ModelStore>,
        clock: Arc<AtomicI64>,
        terminals: Vec<Terminal>,
        product: CardProduct,
        people: [Person; 2],
    ) -> Self {
        let engine = Engine::new(center.clone());
        // where several have one store, each begins later than the one before has come
        let ids = AtomicU64::new((clock.load(Ordering::SeqCst) as u64) << 8);
        Self {
            center,
            engine,
            clock,
            terminals,
            product,
            ids,
            planted: Planted::Nothing,
            forgery: None,
            keys: KeyWatch::default(),
            people,
        }
    }

    /// The node dies, and another one takes its place over the same store.
    pub fn restart(&mut self) {
        self.engine = Engine::new(self.center.clone());
    }

    /// More time than any RESULT is waited for; then what is overdue is given up.
    ///
    /// # Panics
    /// Where the center cannot give up what is overdue.
    pub fn give_up(&self) {
        self.clock.fetch_add(20 * MINUTE, Ordering::SeqCst);
        at_once(self.engine.expire()).expect("what is overdue can be given up");
        self.planted.after_giving_up(&self.center.store);
    }

    /// The card is put into the reader of a terminal, under `word`, and `fault` happens.
    pub fn insert(&mut self, place: usize, word: Word<'_>, card: &mut Card, fault: Fault) -> Insertion {
        let terminal = self.terminals[place].clone();
        let start = self.start(&terminal, word, card.reset());
        let (forgery, mut keys) = (self.forgery.take(), std::mem::take(&mut self.keys));
        let (writes, commands, answers) = (Vec::new(), Vec::new(), Vec::new());
        let mut run = Run { terminal, card, fault, writes, commands, answers, messages: 0, forgery, keys: &mut keys };
        run.keys.look(run.card);
        let mut next = start.begin();
        let end = loop {
            next = match next {
                Next::Transmit(transmit) => run.at_the_card(transmit),
                Next::Post(posting) => self.post(&mut run, posting),
                Next::Done(end) => break end,
            };
        };
        let farewell = end.farewell.as_ref().filter(|_| fault.is_told());
        if let Some(abort) = farewell {
            at_once(self.engine.abort(&run.terminal, abort)).expect("an ABORT is taken");
        }
        let Run { writes, commands, answers, messages, .. } = run;
        self.keys = keys;
        Insertion { end, writes, commands, answers, messages }
    }

    /// One message, with its line fault; the fault is over when the next message comes.
    fn post(&mut self, run: &mut Run<'_>, posting: Posting) -> Next {
        let fault = run.fault.of_message(run.messages);
        run.messages += 1;
        match fault {
            Some(LineFault::RequestLost | LineFault::RequestLostSilently) => {
                return posting.given_up("the line is cut");
            }
            Some(LineFault::DiedBefore) => self.restart(),
            _ => {}
        }
        let reply = self.answer(&run.terminal, &posting);
        let reply = match fault {
            Some(LineFault::AnswerLost | LineFault::AnswerLostSilently) => {
                return posting.given_up("the line is cut");
            }
            Some(LineFault::AnswerLostOnce) => self.answer(&run.terminal, &posting),
            Some(LineFault::DiedAfter) => {
                self.restart();
                self.answer(&run.terminal, &posting)
            }
            _ => reply,
        };
        match reply {
            Ok(body) => posting.replied(&body, Duration::ZERO),
            Err(refused) => posting.refused(refused.message()),
        }
    }

    fn answer(&self, terminal: &Terminal, posting: &Posting) -> Result<Vec<u8>, Refused> {
        match posting.path {
            "/v1/open" => at_once(self.engine.open(terminal, &posting.bytes)),
            _ => {
                self.planted.before_a_result(&self.center.store, &posting.bytes);
                at_once(self.engine.result(terminal, &posting.bytes))
            }
        }
    }

    /// Some time passes.
    pub fn pass_time(&self) {
        self.clock.fetch_add(MINUTE / 7, Ordering::SeqCst);
    }

    /// Two people let a card that was put aside be tried again.
    ///
    /// # Panics
    /// Where they may not.
    pub fn tried_again(&self, card: Id) {
        for person in &self.people {
            let row = at_once(self.center.store.card(card)).expect("a model store").expect("a card of the center");
            at_once(decide(&self.center, person, &row, DecisionKind::LiftQuarantine)).expect("two people may");
        }
    }

    /// Hands a message of another's making to the center.
    ///
    /// # Errors
    /// What the center refuses.
    pub fn result(&self, place: usize, body: &[u8]) -> Result<Vec<u8>, Refused> {
        at_once(self.engine.result(&self.terminals[place], body))
    }

    /// A name that no other thing here has.
    pub fn id(&self) -> Id {
        let number = self.ids.fetch_add(1, Ordering::SeqCst);
        let mut bytes = [0x1D; 16];
        for (half, salt) in bytes.chunks_mut(8).zip([0x9E37_79B9_7F4A_7C15, 0x94D0_49BB_1331_11EB_u64]) {
            half.copy_from_slice(&number.wrapping_mul(salt).rotate_left(31).wrapping_mul(salt).to_be_bytes());
        }
        bytes.into()
    }

    fn start(&self, terminal: &Terminal, word: Word<'_>, atr: Vec<u8>) -> Start {
        let expires = self.center.now() + 15 * MINUTE;
        let challenge = Challenge { id: self.id(), value: self.id(), terminal: terminal.id, expires, used_by: None };
        at_once(self.center.store.add_challenges(std::slice::from_ref(&challenge))).expect("a new challenge");
        let order = match word {
            Word::Order(order) | Word::Confirmed(order) => Some(order),
            Word::Desk | Word::DeletionConfirmed => None,
        };
        let ticket = Ticket {
            id: self.id(),
            order: order.map(|order| order.id),
            terminal: terminal.id,
            operator: self.id(),
            confirms_deletion: matches!(word, Word::DeletionConfirmed | Word::Confirmed(_)),
            expires,
            used_by: None,
        };
        let registrations = vec![Registration::Ticket(ticket.clone())];
        at_once(self.center.store.commit(Commit { registrations, ..Commit::default() })).expect("a new ticket");
        let order = order.map(|order| order.reference.clone()).unwrap_or_default();
        Start {
            session: self.id(),
            instance: terminal.instance.expect("a terminal at work"),
            reader: terminal.id,
            reader_proof: Vec::new(),
            ticket: cardwright_relay::message::Ticket { id: ticket.id, order, operator: "Olga".to_owned(), expires },
            challenge: cardwright_relay::message::Challenge { id: challenge.id, value: challenge.value, expires },
            preamble: self.product.preamble(),
            atr,
        }
    }
}

impl Run<'_> {
    fn at_the_card(&mut self, transmit: Transmit) -> Next {
        let place = self.commands.len();
        self.commands.push(transmit.apdu.to_vec());
        if let Some(cut) = self.fault.of_command(place) {
            self.writes.push(self.card.transmit_and_cut(&transmit.apdu, cut));
            self.keys.look(self.card);
            return transmit.done(CardEvent::CardGone, Duration::ZERO);
        }
        let before = self.card.persistent_writes();
        let answer = match self.forgery.take_if(|forgery| forgery.command == place) {
            Some(forgery) => forgery.made(self.card, &transmit.apdu, &self.answers),
            None => whole_answer(self.card, &transmit.apdu),
        };
        self.writes.push(self.card.persistent_writes() - before);
        self.keys.look(self.card);
        self.answers.push(answer.clone());
        transmit.done(CardEvent::Answer(Zeroizing::new(answer)), Duration::ZERO)
    }
}

/// One command and its whole answer.
pub fn whole_answer(card: &mut Card, command: &[u8]) -> Vec<u8> {
    let mut answer = card.transmit(command);
    while let [.., 0x61, count] = answer[..] {
        answer.truncate(answer.len() - 2);
        answer.extend(card.transmit(&[0x00, 0xC0, 0x00, 0x00, count]));
    }
    answer
}

/// Where in a session of this many writes the power may fail: before each command, before each of its writes, before
/// its answer.
#[must_use]
pub fn tears(writes: &[u64]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (command, writes) in writes.iter().enumerate() {
        let cuts = (0..*writes).map(PowerCut::AfterWrites);
        let cuts = [PowerCut::Before].into_iter().chain(cuts).chain([PowerCut::BeforeAnswer]);
        faults.extend(cuts.map(|cut| Fault::Torn { command, cut }));
    }
    faults
}
