//! The world of one seed: its places, people, orders and cards, and the run of its events.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::task::{Context, Waker};

use cardwright_issuance::Id;
use cardwright_issuance::product::CardProduct;
use cardwright_issuance::row::{Challenge, Terminal, Ticket};
use cardwright_issuing_center::center::Center;
use cardwright_issuing_center::session::Engine;
use cardwright_issuing_center::store::{Commit, Registration, Store};
use cardwright_keystore::software::SoftwareKeystore;
use cardwright_relay::message::Outcome;
use cardwright_relay::terminal::{End, Start};

use super::assertions::{self, KnownCard};
use super::counting::CountingKeystore;
use super::dice::Dice;
use super::furnish::file;
use super::session::{Happened, InFlight, Session, Surroundings, post};
use super::store::SlowStore;
use super::{Broken, Planted, Report, at_once, planted};

pub(super) const START: i64 = 1_800_000_000_000_000;
pub(super) const HOUR: i64 = 3_600_000_000;
pub(super) const ORDERS: usize = 3;
pub(super) const CARDS: usize = 5;
const SESSIONS: u32 = 16;
/// Changes that are ordered of cards in use.
const CHANGES: u32 = 4;
const PRODUCTS: [&str; 3] = ["scp03-i70", "scp03-i60", "scp03-i70-life"];

/// A world and everything in it.
pub struct World {
    seed: u64,
    planted: Planted,
    pub(super) dice: Arc<Dice>,
    clock: Arc<AtomicI64>,
    pub(super) center: Center<SlowStore>,
    nodes: Vec<Arc<Engine<SlowStore>>>,
    pub(super) product: CardProduct,
    pub(super) terminals: Vec<Terminal>,
    pub(super) cards: Vec<KnownCard>,
    /// references of all orders
    pub(super) orders: Vec<String>,
    /// the name that a change of personal data brings, by its reference
    pub(super) names: BTreeMap<String, String>,
    sessions: Vec<Session>,
    pub(super) strays: Vec<InFlight>,
    keystore_calls: Arc<AtomicU32>,
    pub(super) report: Report,
}

impl World {
    /// The world of `seed`, before its first event.
    ///
    /// # Panics
    /// Where the world's own files are wrong.
    #[must_use]
    pub fn new(seed: u64, planted: Planted) -> Self {
        let dice = Dice::new(seed);
        let product = PRODUCTS[dice.below(PRODUCTS.len())];
        Self::of(seed, dice, planted, product, 0)
    }

    /// A world without accidents, of one card product, whose orders have a photo of `photo` bytes.
    ///
    /// # Panics
    /// As [`World::new`]; for no such product.
    #[must_use]
    pub fn calm(seed: u64, product: &str, photo: usize) -> Self {
        Self::of(seed, Dice::calm(seed), Planted::Nothing, product, photo)
    }

    fn of(seed: u64, dice: Dice, planted: Planted, product: &str, photo: usize) -> Self {
        let dice = Arc::new(dice);
        let clock = Arc::new(AtomicI64::new(START));
        let text = file(&format!("products/{product}.toml"));
        let (random, time) = (Arc::clone(&dice), Arc::clone(&clock));
        let keystore = SoftwareKeystore::in_memory(Box::new(move |bytes: &mut [u8]| random.fill(bytes)));
        let keystore_calls = Arc::new(AtomicU32::new(0));
        let center = Center {
            store: Arc::new(SlowStore::new(planted != Planted::FenceLeftOut)),
            keystore: Arc::new(CountingKeystore { keystore, calls: Arc::clone(&keystore_calls) }),
            clock: Arc::new(move || time.load(Ordering::SeqCst)),
        };
        let nodes = vec![Arc::new(Engine::new(center.clone())), Arc::new(Engine::new(center.clone()))];
        let product = CardProduct::from_toml(&text).expect("the products of the project are right");
        let (terminals, cards, sessions, strays) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let report = Report::default();
        let mut world = Self {
            seed,
            planted,
            dice,
            clock,
            center,
            nodes,
            product,
            terminals,
            cards,
            orders: Vec::new(),
            names: BTreeMap::new(),
            sessions,
            strays,
            keystore_calls,
            report,
        };
        world.furnish(&text, photo);
        world
    }

    /// Issues the first order on the first card, from its insertion to the verdict; hands back how many calls to the
    /// keystore the center made for it.
    ///
    /// # Panics
    /// Where the card is not issued; in a calm world it is.
    pub fn issue_one(&mut self) -> u32 {
        let terminal = self.terminals[0].clone();
        let start = self.start(&terminal, Some("order-0"), 0);
        let session = Session::new(start.session, terminal, 0, start.begin());
        let calls_before = self.keystore_calls.load(Ordering::SeqCst);
        let end = self.play(session);
        assert_eq!(end.outcome, Outcome::Issued, "{end:?}");
        self.keystore_calls.load(Ordering::SeqCst) - calls_before
    }

    fn play(&mut self, mut session: Session) -> End {
        loop {
            if let Some(end) = session.end() {
                return end.clone();
            }
            let (nodes, store, dice) = (&self.nodes[..1], &*self.center.store, &*self.dice);
            let mut around = Surroundings { nodes, store, dice, strays: &mut self.strays };
            session.step(&mut self.cards[session.card].card, &mut around);
        }
    }

    /// A session at the first terminal of a base, with an order's ticket or at the desk, to its end.
    pub(super) fn serve(&mut self, base: &str, order: Option<&str>, card: usize) -> End {
        let terminal = self.terminals.iter().find(|terminal| terminal.base == base).cloned();
        let terminal = terminal.expect("each base has terminals");
        let start = self.start(&terminal, order, card);
        self.play(Session::new(start.session, terminal, card, start.begin()))
    }

    /// Runs events until all sessions are over and every deadline has passed.
    ///
    /// # Errors
    /// The first promise that was broken.
    pub fn run(mut self) -> Result<Report, Broken> {
        while self.report.sessions < SESSIONS || !self.sessions.is_empty() {
            self.report.steps += 1;
            self.event();
            let found = assertions::broken(&self.center.store, &self.cards).or_else(|| self.broken_session());
            self.fine_unless(found)?;
            self.sessions.retain(|session| session.end().is_none());
        }
        self.ended_well()
    }

    /// More time than anything is waited for.
    pub(super) fn everything_expires(&mut self) -> Result<(), Broken> {
        self.clock.fetch_add(HOUR, Ordering::SeqCst);
        let expired = at_once(self.nodes[0].expire());
        self.fine_unless(expired.err().map(|refused| format!("giving up failed: {refused:?}")))?;
        let found = assertions::broken(&self.center.store, &self.cards);
        self.fine_unless(found)
    }

    pub(super) fn fine_unless(&self, what: Option<String>) -> Result<(), Broken> {
        what.map_or(Ok(()), |what| Err(Broken { seed: self.seed, step: self.report.steps, what }))
    }

    fn broken_session(&self) -> Option<String> {
        let store = &self.center.store;
        let wrong = |session: &Session| {
            let late = session.script_after_the_end.then(|| "a script was handed out after the end".to_owned());
            late.or_else(|| assertions::sent_without_intent(store, session))
                .or_else(|| assertions::told_wrongly(store, session))
        };
        self.sessions.iter().find_map(wrong)
    }

    fn event(&mut self) {
        if self.dice.accident_in(80) {
            return self.node_dies();
        }
        if self.dice.accident_in(200) {
            return self.time_passes();
        }
        self.strays_go_on();
        if self.report.changes < CHANGES && self.dice.once_in(15) {
            self.order_change();
        }
        if self.report.sessions < SESSIONS && (self.sessions.is_empty() || self.dice.once_in(12)) {
            self.begin_session();
        }
        if self.sessions.is_empty() {
            return;
        }
        self.clock.fetch_add(1_000 * (1 + self.dice.below(50) as i64), Ordering::SeqCst);
        let place = self.dice.below(self.sessions.len());
        match self.planted {
            Planted::ResultBeforeProof => planted::store_result_before_proof(&self.center, &self.sessions[place]),
            Planted::SettledUnseen => planted::settle_unseen(&self.center, &self.sessions[place]),
            Planted::Nothing | Planted::FenceLeftOut => {}
        }
        let session = &mut self.sessions[place];
        let (nodes, store, dice) = (&self.nodes[..], &*self.center.store, &*self.dice);
        let mut around = Surroundings { nodes, store, dice, strays: &mut self.strays };
        if session.step(&mut self.cards[session.card].card, &mut around) == Happened::Accident {
            self.report.accidents += 1;
        }
        self.say_farewell(place);
    }

    /// ABORT is posted once, where there is one, and may be lost.
    fn say_farewell(&self, place: usize) {
        let session = &self.sessions[place];
        let farewell = session.end().and_then(|end| end.farewell.clone());
        if let Some(abort) = farewell.filter(|_| !self.dice.once_in(3)) {
            let node = Arc::clone(&self.nodes[self.dice.below(self.nodes.len())]);
            let _ = at_once(post(node, session.terminal.clone(), "/v1/abort", abort));
        }
    }

    /// More time than any RESULT is waited for; then a node gives up what is overdue.
    fn time_passes(&mut self) {
        self.clock.fetch_add(HOUR / 3, Ordering::SeqCst);
        let node = Arc::clone(&self.nodes[self.dice.below(self.nodes.len())]);
        let _ = at_once(node.expire());
        self.report.accidents += 1;
    }

    /// Work on a message that nobody listens to any more goes on as any other.
    fn strays_go_on(&mut self) {
        if !self.strays.is_empty() {
            let place = self.dice.below(self.strays.len());
            let mut context = Context::from_waker(Waker::noop());
            if self.strays[place].as_mut().poll(&mut context).is_ready() {
                drop(self.strays.swap_remove(place));
            }
        }
    }

    /// A node loses all it holds in memory, and whatever it was working on.
    fn node_dies(&mut self) {
        let node = self.dice.below(self.nodes.len());
        self.sessions.iter_mut().for_each(|session| session.node_died(node));
        self.nodes[node] = Arc::new(Engine::new(self.center.clone()));
        self.report.accidents += 1;
    }

    /// An operator releases any order to any terminal, or attends its desk, and somebody puts any card into its reader.
    fn begin_session(&mut self) {
        let idle = |terminal: &&Terminal| !self.sessions.iter().any(|session| session.terminal.id == terminal.id);
        let idle: Vec<_> = self.terminals.iter().filter(idle).cloned().collect();
        let free = |card: &usize| !self.sessions.iter().any(|session| session.card == *card);
        let free: Vec<_> = (0..self.cards.len()).filter(free).collect();
        if idle.is_empty() || free.is_empty() {
            return;
        }
        let terminal = idle[self.dice.below(idle.len())].clone();
        let card = free[self.dice.below(free.len())];
        let order = (!self.dice.once_in(2)).then(|| self.orders[self.dice.below(self.orders.len())].clone());
        let start = self.start(&terminal, order.as_deref(), card);
        let session = Session::new(start.session, terminal, card, start.begin());
        self.sessions.push(session);
        self.report.sessions += 1;
    }

    fn start(&mut self, terminal: &Terminal, reference: Option<&str>, card: usize) -> Start {
        let store = &self.center.store;
        let now = self.center.now();
        let named = |reference| at_once(store.order_by_reference(reference)).ok().flatten();
        let order = reference.map(|reference| named(reference).expect("the world's orders are there").id);
        let challenge =
            Challenge { id: self.id(), value: self.id(), terminal: terminal.id, expires: now + HOUR, used_by: None };
        at_once(store.add_challenges(std::slice::from_ref(&challenge))).expect("a new challenge has a new id");
        let operator = self.id();
        let ticket = Ticket {
            id: self.id(),
            order,
            confirms_deletion: false,
            terminal: terminal.id,
            operator,
            expires: now + HOUR,
            used_by: None,
        };
        self.register(vec![Registration::Ticket(ticket.clone())]);
        Start {
            session: self.id(),
            instance: terminal.instance.expect("the world's terminals are live"),
            reader: terminal.id, // each terminal has one reader, of its own id
            reader_proof: Vec::new(),
            ticket: cardwright_relay::message::Ticket {
                id: ticket.id,
                order: reference.unwrap_or_default().to_owned(),
                operator: "operator".to_owned(),
                expires: ticket.expires,
            },
            challenge: cardwright_relay::message::Challenge {
                id: challenge.id,
                value: challenge.value,
                expires: challenge.expires,
            },
            preamble: self.product.preamble(),
            atr: self.cards[card].card.reset(),
        }
    }

    pub(super) fn id(&self) -> Id {
        self.dice.bytes::<16>().into()
    }

    pub(super) fn register(&self, registrations: Vec<Registration>) {
        let commit = Commit { registrations, ..Commit::default() };
        at_once(self.center.store.commit(commit)).expect("the world's rows go together");
    }
}
