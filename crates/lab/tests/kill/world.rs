//! A center that dies and is started again, with its terminal, its cards and its orders.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cardwright_issuing_center::store::{SqlStore, Store};
use cardwright_relay::Code;
use cardwright_relay::message::Outcome;
use cardwright_relay::terminal::End;
use cardwright_terminal::identity::Identity;
use cardwright_terminal::line::Line;
use cardwright_terminal::presence::{Presence, new_id};
use cardwright_terminal::tls;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::account::{self, Names};
use crate::card::HeldCard;
use crate::center::{Center, Ended};
use crate::counter::{Counter, Whim};
use crate::founding::{ADMIN, PEOPLE, PRODUCT, TERMINAL};

/// How long a center that serves may take to reach its failpoint.
const REACHED: Duration = Duration::from_secs(20);

/// The places in a commit at which the center dies.
pub(crate) const PLACES: [&str; 3] = ["before", "within", "after"];

/// What a command answers that has been carried out already.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Again {
    /// it is carried out again, or has nothing to do
    Done,
    /// it is refused with this code
    Refused(&'static str),
}

/// What happens at the counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Story {
    /// a card is issued
    Issue,
    /// the card is pulled out while it is written
    PulledOut,
    /// the terminal gives up aloud and posts its result nonetheless
    Late,
    /// a ticket that nobody has issued comes first
    Refused,
    /// nobody starts the terminal's message again
    Impatient,
    /// everything is written and proven, and the card is pulled out before its application becomes usable
    BeforeActivation,
    /// the same, just after
    AfterActivation,
}

impl Story {
    /// Where the card is pulled out: in which script, after how many of its commands. The first puts the keys on the
    /// card, the second writes it, the third makes it usable.
    fn pulled_at(self) -> Option<(usize, usize)> {
        match self {
            Self::PulledOut => Some((2, 2)),
            Self::BeforeActivation => Some((3, 0)),
            Self::AfterActivation => Some((3, 1)),
            Self::Issue | Self::Late | Self::Refused | Self::Impatient => None,
        }
    }
}

/// The world.
pub(crate) struct World {
    pub(crate) center: Center,
    pub(crate) cards: Vec<HeldCard>,
    pub(crate) orders: Vec<String>,
    pub(crate) runtime: Runtime,
    /// the orders of cards that were left in the middle, with how
    pub(crate) left: Vec<(Story, String)>,
    /// the failpoints at which the center has died
    pub(crate) hits: BTreeSet<String>,
    /// whether commands are to die as well
    commands_die: bool,
    store: Option<Arc<SqlStore>>,
    presence: Option<Arc<Presence>>,
    directory: TempDir,
}

impl World {
    /// A world in which nothing has happened yet.
    pub(crate) fn new(database: Option<String>, commands_die: bool) -> Self {
        let directory = tempfile::Builder::new().prefix("cardwright-kill.").tempdir().unwrap();
        Self {
            center: Center::new(directory.path(), database),
            cards: Vec::new(),
            orders: Vec::new(),
            left: Vec::new(),
            runtime: Runtime::new().unwrap(),
            hits: BTreeSet::new(),
            commands_die,
            store: None,
            presence: None,
            directory,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The center's rows, read beside it.
    pub(crate) fn store(&mut self) -> Arc<SqlStore> {
        let url = self.center.database();
        let store = self.store.get_or_insert_with(|| Arc::new(self.runtime.block_on(SqlStore::open(&url)).unwrap()));
        Arc::clone(store)
    }

    /// What does not hold.
    pub(crate) fn faults(&mut self) -> Vec<String> {
        let names = Names {
            bases: vec!["north"],
            people: PEOPLE.iter().map(|(person, _)| *person).chain([ADMIN]).collect(),
            products: vec![PRODUCT],
            profiles: vec!["identity", "wallet"],
        };
        let store = self.store();
        self.runtime.block_on(account::faults(&store, &names, &self.cards))
    }

    /// Everything holds.
    pub(crate) fn hold(&mut self, after: &str) {
        let faults = self.faults();
        assert!(faults.is_empty(), "after {after}: {faults:#?}");
    }

    pub(crate) fn log_size(&mut self) -> i64 {
        let store = self.store();
        self.runtime.block_on(store.log_head()).unwrap().size
    }

    /// Types a command that makes commits of these kinds; each time it dies in one of them it is typed again. Gives its
    /// last answer.
    pub(crate) fn step(&mut self, kinds: &[&str], words: &[&str], again: Again) -> Value {
        let kinds = if self.commands_die { kinds } else { &[] };
        for (kind, place) in kinds.iter().flat_map(|kind| PLACES.map(|place| (kind, place))) {
            let name = format!("{place}-{kind}");
            let before = self.store.is_some().then(|| self.log_size());
            assert_eq!(self.center.run(words, Some(&name)), Ended::Died, "{name}: {words:?}");
            let nothing_was_written = before.is_none_or(|before| before == self.log_size());
            assert!(nothing_was_written || place == "after", "{name}: {words:?}");
            self.hold(&name);
            self.hits.insert(name);
        }
        let answer = match (self.center.run(words, None), again) {
            (Ended::Done(answer), Again::Done) => answer,
            (Ended::Done(answer), Again::Refused(_)) if kinds.is_empty() => answer,
            (Ended::Refused(code), Again::Refused(expected)) if !kinds.is_empty() && code == expected => Value::Null,
            (other, again) => panic!("{words:?} after {kinds:?}: {other:?} and not {again:?}"),
        };
        self.hold(&format!("{words:?}"));
        answer
    }

    /// The center that serves died at `name`, now or a moment later.
    pub(crate) fn must_have_died(&mut self, name: &str) {
        let began = Instant::now();
        while !self.center.has_died() {
            assert!(began.elapsed() < REACHED, "{name} was never reached");
            std::thread::sleep(Duration::from_millis(5));
        }
        self.hits.insert(name.to_owned());
    }

    /// The terminal says HELLO.
    pub(crate) fn open_counter(&mut self) {
        let identity = Arc::new(Identity::load(&self.path(TERMINAL)).unwrap());
        let line = Arc::new(Line::new(&self.center.address(), tls::mutual(&identity).unwrap()).unwrap());
        let presence = Presence::begin(line, identity, new_id().unwrap());
        self.presence = Some(Arc::new(self.runtime.block_on(presence).unwrap()));
    }

    pub(crate) fn counter(&mut self) -> Counter {
        let presence = self.presence.clone().expect("the counter is open");
        Counter { presence, store: self.store() }
    }

    fn fresh_card(&mut self) -> HeldCard {
        let fresh = self.cards.iter().position(|card| card.secured == 0).expect("there are more cards than orders");
        self.cards.remove(fresh)
    }

    /// Plays a story at a center that dies at `name` and is started again. Gives the order and how its session ended.
    pub(crate) fn play(&mut self, name: &str, story: Story) -> (String, End) {
        let order = self.orders.pop().expect("there are as many orders as stories");
        let (counter, card) = (self.counter(), self.fresh_card());
        let (end, card) = self.through_death(name, tell(counter, order.clone(), card, story));
        self.cards.push(card);
        (order, end)
    }

    /// What happens at the counter while the center dies at `name` and is started again.
    pub(crate) fn through_death<T>(&mut self, name: &str, happens: impl Future<Output = T> + Send + 'static) -> T
    where
        T: Send + 'static,
    {
        self.center.serve(Some(name));
        let session = self.runtime.spawn(happens);
        let mut died = false;
        while !session.is_finished() {
            if self.center.has_died() {
                died = true;
                self.center.serve(None);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let happened = self.runtime.block_on(session).unwrap();
        if !died {
            self.must_have_died(name);
            self.center.serve(None);
        }
        self.hits.insert(name.to_owned());
        happened
    }

    /// Plays a story, and sees that it ended as it must and that the order gets no second card. Gives the order.
    pub(crate) fn see_through(&mut self, name: &str, story: Story) -> String {
        let (order, end) = self.play(name, story);
        let (outcome, code) = match story {
            Story::Issue | Story::Refused => (Outcome::Issued, Code::ORDER_ISSUED),
            Story::PulledOut | Story::Late | Story::Impatient | Story::BeforeActivation | Story::AfterActivation => {
                (Outcome::Unknown, Code::ORDER_BLOCKED)
            }
        };
        assert_eq!(end.outcome, outcome, "{name}, {story:?}: {end:?}");
        self.hold(name);
        let (counter, mut other) = (self.counter(), self.fresh_card());
        let second = self.runtime.block_on(counter.issue(Counter::forged_ticket(&order), &mut other, Whim::None));
        let refused = (second.outcome, second.refusal.map(|refusal| refusal.code));
        assert_eq!(refused, (Outcome::Refused, Some(code)), "{name}: a second card for {order}");
        assert_eq!(other.secured, 0, "{name}: a second card for {order} was written");
        self.cards.push(other);
        order
    }
}

async fn tell(counter: Counter, order: String, mut card: HeldCard, story: Story) -> (End, HeldCard) {
    let ticket = counter.ticket(&order).await;
    if story == Story::Refused {
        let end = counter.issue(Counter::forged_ticket(&order), &mut card, Whim::None).await;
        assert_eq!(end.outcome, Outcome::Refused, "a ticket that nobody has issued");
    }
    card.pulled_at = story.pulled_at();
    let whim = match story {
        Story::Late => Whim::AbortFirst,
        Story::Impatient => Whim::NoPatience,
        _ => Whim::None,
    };
    (counter.issue(ticket, &mut card, whim).await, card)
}
