//! One base with two terminals, two prepared orders and two blank cards, before a real engine; every message is made
//! by hand, so that a test can make a wrong one. Chance is a counter: every run is the same.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};

use cardwright_data_preparation::{Checked, PersonalizationData, Profile};
use cardwright_globalplatform::StaticKey;
use cardwright_issuance::Id;
use cardwright_issuance::product::CardProduct;
use cardwright_issuance::row::{
    Base, Card as CardRow, Challenge, Intent, Issuance, KeySet, Order, Reader, Terminal, Ticket,
};
use cardwright_issuance::state::{CardState, KeySetState, OrderState};
use cardwright_issuing_center::center::{CARD_STORAGE_KEY, Center, SEARCH_KEY};
use cardwright_issuing_center::refused::Refused;
use cardwright_issuing_center::sealing::{self, OrderContent};
use cardwright_issuing_center::session::Engine;
use cardwright_issuing_center::store::{Commit, Document, Registration, Store};
use cardwright_keystore::software::SoftwareKeystore;
use cardwright_keystore::{KeyId, KeyKind, NewKey, NewWrappedKey, PublishedKeys, Purpose, Source, WrappedPurpose};
use cardwright_lab::simulation::{CountingKeystore, SlowStore, at_once};
use cardwright_relay::message::{Open, Reply, Script, ScriptResult, Stop, StopReason, Verdict};
use cardwright_relay::{decode, encode};
use cardwright_virtual_card::{Card, CardIdentity, Secret, SeededEntropy, blank};

use crate::identity_data::{identity, order_fields};

pub(crate) const START: i64 = 1_800_000_000_000_000;
pub(crate) const MINUTE: i64 = 60_000_000;
const PRODUCT: &str = "scp03-i70";
/// The names of the base's readers: the first proves nothing, the second has a SAM.
const READERS: [&str; 2] = ["plain", "with SAM"];

/// The world.
pub(crate) struct World {
    pub(crate) center: Center<SlowStore>,
    pub(crate) engine: Engine<SlowStore>,
    pub(crate) terminals: Vec<Terminal>,
    pub(crate) readers: Vec<Reader>,
    pub(crate) cards: Vec<Card>,
    /// how often the keystore was called
    pub(crate) calls: Arc<AtomicU32>,
    clock: Arc<AtomicI64>,
    random: Arc<AtomicU64>,
    product: CardProduct,
}

pub(crate) fn file(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::read_to_string(root.join(path)).unwrap()
}

fn fill(random: &AtomicU64, bytes: &mut [u8]) {
    for chunk in bytes.chunks_mut(8) {
        let value = random.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
        chunk.copy_from_slice(&value.wrapping_mul(0xBF58_476D_1CE4_E5B9).to_be_bytes()[..chunk.len()]);
    }
}

fn key(name: &str) -> KeyId {
    KeyId::new(name, 1).unwrap()
}

impl World {
    /// A base that asks for readers of `tier`.
    pub(crate) fn of_tier(tier: u8) -> Self {
        Self::of(tier, &file("profiles/identity.toml"))
    }

    /// A base whose orders were prepared by `profile`, of identity cards.
    pub(crate) fn with_profile(profile: &str) -> Self {
        Self::of(0, profile)
    }

    fn of(tier: u8, profile: &str) -> Self {
        let random = Arc::new(AtomicU64::new(1));
        let chance = Arc::clone(&random);
        let keystore = SoftwareKeystore::in_memory(Box::new(move |bytes: &mut [u8]| fill(&chance, bytes)));
        let data = |place| identity(profile, place);
        Self::furnished(tier, profile, (keystore, random), PRODUCT, &data)
    }

    /// A base whose orders all have `data`, which was prepared by `profile` and the keys of `keystore`.
    pub(crate) fn writing(
        product: &'static str,
        profile: &str,
        keystore: SoftwareKeystore,
        data: &Checked<PersonalizationData>,
    ) -> Self {
        let (bytes, digest) = (data.to_bytes(), *data.digest());
        let data = |_| Checked::reopen(&bytes, &digest).unwrap();
        Self::furnished(0, profile, (keystore, Arc::new(AtomicU64::new(1))), product, &data)
    }

    fn furnished(
        tier: u8,
        profile: &str,
        (keystore, random): (SoftwareKeystore, Arc<AtomicU64>),
        product: &'static str,
        data: &dyn Fn(usize) -> Checked<PersonalizationData>,
    ) -> Self {
        let clock = Arc::new(AtomicI64::new(START));
        let time = Arc::clone(&clock);
        let calls = Arc::new(AtomicU32::new(0));
        let keystore = CountingKeystore { keystore, calls: Arc::clone(&calls) };
        let center = Center {
            store: Arc::new(SlowStore::slow_to_begin()),
            keystore: Arc::new(keystore),
            clock: Arc::new(move || time.load(Ordering::SeqCst)),
        };
        let text = file(&format!("products/{product}.toml"));
        let product = CardProduct::from_toml(&text).unwrap();
        let engine = Engine::new(center.clone());
        let (terminals, readers, cards) = (Vec::new(), Vec::new(), Vec::new());
        let mut world = Self { center, engine, terminals, readers, cards, calls, clock, random, product };
        world.furnish(tier, &text, profile);
        (0..2).for_each(|place| world.add_order(place, &data(place)));
        world
    }

    pub(crate) fn new() -> Self {
        Self::of_tier(0)
    }

    fn furnish(&mut self, tier: u8, text: &str, profile: &str) {
        let keys = [
            (CARD_STORAGE_KEY, KeyKind::Aes256, Purpose::Wrap),
            (SEARCH_KEY, KeyKind::Hmac256, Purpose::Mac),
            ("sam", KeyKind::P256, Purpose::Sign),
        ];
        for (name, kind, purpose) in keys {
            self.center.keystore.generate(&NewKey { id: key(name), kind, purpose, created: START }).unwrap();
        }
        let (name, text) = (self.product.name().to_owned(), text.to_owned());
        let document = Document { name, version: 1, text, digest: [0; 32], imported: START };
        self.register(Registration::Product(document));
        self.import_profile(1, profile);
        self.register(Registration::Base(Base { name: "north".into(), reader_tier: tier }));
        (0..2).for_each(|place| self.add_terminal(place));
        (0..2).for_each(|place| self.add_reader(place));
        (0..2).for_each(|place| self.add_card(place));
    }

    /// The profile's text that counts from now on.
    pub(crate) fn import_profile(&self, version: u32, text: &str) {
        let reference = Profile::parse(text).unwrap().reference().clone();
        let (name, text, digest) = (reference.name, text.to_owned(), reference.digest);
        self.register(Registration::Profile(Document { name, version, text, digest, imported: START }));
    }

    fn add_terminal(&mut self, place: usize) {
        let terminal = Terminal {
            id: self.id(),
            name: format!("terminal-{place}"),
            base: "north".to_owned(),
            fingerprint: [place as u8; 32],
            expires: START + 100_000 * MINUTE,
            revoked: None,
            instance: Some(self.id()),
            lease_until: START + 100_000 * MINUTE,
        };
        self.register(Registration::Terminal(terminal.clone()));
        self.terminals.push(terminal);
    }

    fn add_reader(&mut self, place: usize) {
        let sam = self.center.keystore.public_key(&key("sam")).unwrap();
        let reader = Reader {
            id: self.id(),
            name: READERS[place].to_owned(),
            base: "north".to_owned(),
            tier: 2 * place as u8,
            card_slot: String::new(),
            sam_slot: String::new(),
            sam_key: if place == 1 { sam } else { Vec::new() },
            revoked: None,
        };
        self.register(Registration::Reader(reader.clone()));
        self.readers.push(reader);
    }

    fn add_card(&mut self, place: usize) {
        let text = file(&format!("products/{}.toml", self.product.name()));
        let product = cardwright_virtual_card::CardProduct::from_toml(&text).unwrap();
        let (kdd, id) = ([place as u8 + 1; 10], self.id());
        let values = || {
            [(); 3].map(|()| {
                let mut value = vec![0; product.key_length];
                fill(&self.random, &mut value);
                value
            })
        };
        let (transport_keys, issuer_keys) = (values(), values());
        let versions = (self.product.transport_key_version(), self.product.issuer_key_version());
        let transport = self.key_set(id, (versions.0, 0), KeySetState::Transport, &transport_keys);
        let issuer = self.key_set(id, (versions.1, 1), KeySetState::Derived, &issuer_keys);
        let row = CardRow {
            id,
            product: self.product.name().to_owned(),
            cplc: vec![place as u8; 42],
            kdd,
            state: CardState::Stock,
            order: None,
            open_tries: 0,
            masked_number: None,
            content: cardwright_issuance::content::Content::default(),
        };
        self.register(Registration::Stock(row, transport, issuer));
        let identity = CardIdentity {
            issuer_identification_number: vec![0x62],
            card_image_number: vec![place as u8],
            production_life_cycle: vec![place as u8; 42],
            key_diversification_data: kdd.to_vec(),
        };
        let state = blank::blank(product, identity, transport_keys.map(Secret::new)).unwrap();
        self.cards.push(Card::new(state, Box::new(SeededEntropy::new([place as u8; 32]))));
    }

    fn key_set(&self, card: Id, of: (u8, u32), state: KeySetState, values: &[Vec<u8>; 3]) -> KeySet {
        let (version, generation) = of;
        let keys = StaticKey::ALL.map(|role| {
            let value = &values[usize::from(role.identifier()) - 1];
            let new = NewWrappedKey {
                under: &key(CARD_STORAGE_KEY),
                associated_data: &sealing::card_key_place(card, version, generation, role),
                kind: sealing::key_kind(self.product.protocol()),
                purpose: WrappedPurpose::Token,
                source: Source::Clear { value, expected: None, published: PublishedKeys::Refused },
            };
            self.center.keystore.wrap_new(&new).unwrap()
        });
        let check_values = keys.each_ref().map(|key| key.kcv.0);
        let (protocol, wrapped) = (self.product.protocol(), keys.map(|key| sealing::column_of(&key.key)));
        KeySet { card, version, generation, state, protocol, wrapped, check_values }
    }

    fn add_order(&self, place: usize, data: &Checked<PersonalizationData>) {
        let (_, fields) = order_fields(&file("profiles/identity.toml"), place);
        let content = OrderContent { customer: String::new(), taken_by: String::new(), date: None, fields };
        let id = self.id();
        let day = at_once(sealing::destruction_key(&self.center, 20_800)).unwrap();
        let keystore = &*self.center.keystore;
        let sealed = sealing::seal_order(keystore, id, (20_800, &day), &content).unwrap();
        let blob = sealing::seal_prepared(keystore, id, &sealed, data).unwrap();
        let order = Order {
            id,
            reference: format!("order-{place}"),
            base: "north".to_owned(),
            profile: data.profile.name.clone(),
            kind: cardwright_issuance::kind::OrderKind::New,
            argument: None,
            state: OrderState::Received,
            entered_by: self.id(),
            entered: START,
            approved_by: None,
            card: None,
            replaces: None,
            campaign: None,
        };
        self.register(Registration::Order(order, sealed));
        self.register(Registration::Approve(id, self.id()));
        self.register(Registration::Prepared(id, blob));
    }

    fn register(&self, row: Registration) {
        at_once(self.center.store.commit(Commit { registrations: vec![row], ..Commit::default() })).unwrap();
    }

    pub(crate) fn id(&self) -> Id {
        let mut bytes = [0; 16];
        fill(&self.random, &mut bytes);
        bytes.into()
    }

    pub(crate) fn pass(&self, time: i64) {
        self.clock.fetch_add(time, Ordering::SeqCst);
    }

    pub(crate) fn challenge(&self, terminal: usize) -> Challenge {
        let (terminal, expires) = (self.terminals[terminal].id, self.center.now() + 15 * MINUTE);
        let challenge = Challenge { id: self.id(), value: self.id(), terminal, expires, used_by: None };
        at_once(self.center.store.add_challenges(std::slice::from_ref(&challenge))).unwrap();
        challenge
    }

    pub(crate) fn ticket(&self, terminal: usize, order: usize) -> Ticket {
        let order = self.order(order).id;
        let (id, operator, expires) = (self.id(), self.id(), self.center.now() + 15 * MINUTE);
        let (order, terminal, confirms_deletion) = (Some(order), self.terminals[terminal].id, false);
        let ticket = Ticket { id, order, terminal, operator, confirms_deletion, expires, used_by: None };
        self.register(Registration::Ticket(ticket.clone()));
        ticket
    }

    /// What the card answers to the preamble, asked with `challenge`.
    pub(crate) fn preamble(&mut self, card: usize, challenge: &Challenge) -> Vec<Vec<u8>> {
        let preamble = self.product.preamble();
        self.cards[card].reset();
        let length = usize::from(preamble.challenge_length);
        let head = [0x80, 0x50, preamble.key_version, 0x00, preamble.challenge_length];
        let update = [&head[..], &challenge.value[..length], &[0x00]].concat();
        let commands = preamble.commands.iter().map(|command| command.to_vec()).chain([update]);
        commands.map(|command| self.cards[card].transmit(&command)).collect()
    }

    /// An OPEN for `order` on `card` at the first terminal, as an honest one would make it.
    pub(crate) fn open(&mut self, card: usize, order: usize) -> Open {
        let (challenge, ticket) = (self.challenge(0), self.ticket(0, order));
        let answers = self.preamble(card, &challenge);
        Open {
            session: self.id(),
            instance: self.terminals[0].instance.unwrap(),
            reader: self.readers[0].id,
            reader_proof: Vec::new().into(),
            ticket: ticket.id,
            order: format!("order-{order}"),
            product: self.product.name().to_owned(),
            atr: self.product.atr().to_vec().into(),
            challenge: challenge.id,
            answers: answers.into_iter().map(Into::into).collect(),
        }
    }

    pub(crate) fn post_open(&self, open: &Open) -> Result<Vec<u8>, Refused> {
        at_once(self.engine.open(&self.terminals[0], &encode(open)))
    }

    pub(crate) fn post_result(&self, result: &ScriptResult) -> Result<Vec<u8>, Refused> {
        at_once(self.engine.result(&self.terminals[0], &encode(result)))
    }

    /// Runs a script on the card and gives the RESULT.
    pub(crate) fn run(&mut self, card: usize, script: &Script) -> ScriptResult {
        let answers = script.commands.iter().map(|command| self.transmit(card, &command.apdu).into()).collect();
        ScriptResult { session: script.session, step: script.step, script: script.script, answers, stopped: None }
    }

    /// One command and its whole answer.
    fn transmit(&mut self, card: usize, command: &[u8]) -> Vec<u8> {
        let mut answer = self.cards[card].transmit(command);
        while let [.., 0x61, count] = answer[..] {
            answer.truncate(answer.len() - 2);
            answer.extend(self.cards[card].transmit(&[0x00, 0xC0, 0x00, 0x00, count]));
        }
        answer
    }

    pub(crate) fn order(&self, place: usize) -> Order {
        at_once(self.center.store.order_by_reference(&format!("order-{place}"))).unwrap().unwrap()
    }

    pub(crate) fn card_row(&self, place: usize) -> CardRow {
        at_once(self.center.store.cards_by_kdd([place as u8 + 1; 10])).unwrap().remove(0)
    }

    pub(crate) fn issuance(&self, session: Id) -> Option<Issuance> {
        at_once(self.center.store.issuance(session)).unwrap()
    }

    pub(crate) fn intents(&self, session: Id) -> Vec<Intent> {
        at_once(self.center.store.intents(session)).unwrap()
    }

    pub(crate) fn log_size(&self) -> i64 {
        at_once(self.center.store.log_head()).unwrap().size
    }

    /// What the base's SAM signs.
    pub(crate) fn sam_signs(&self, message: &[u8]) -> Vec<u8> {
        self.center.keystore.sign(&key("sam"), message).unwrap()
    }
}

pub(crate) fn script(reply: &[u8]) -> Script {
    match decode::<Reply>(reply).unwrap() {
        Reply::Script(script) => script,
        Reply::Verdict(verdict) => panic!("a verdict instead of a script: {verdict:?}"),
    }
}

pub(crate) fn verdict(reply: &[u8]) -> Verdict {
    match decode::<Reply>(reply).unwrap() {
        Reply::Verdict(verdict) => verdict,
        Reply::Script(script) => panic!("script {} of {} commands", script.step, script.commands.len()),
    }
}

pub(crate) fn stopped(mut result: ScriptResult, at: u16, reason: StopReason) -> ScriptResult {
    result.stopped = Some(Stop { index: at, reason });
    result
}
