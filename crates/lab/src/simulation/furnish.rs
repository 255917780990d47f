//! What a world begins with: keys, places, terminals, orders approved and prepared, blank cards in stock.

use std::path::Path;

use cardwright_data_preparation::{Date, Means, OrderFields, Profile, Scope, check, prepare};
use cardwright_globalplatform::StaticKey;
use cardwright_issuance::Id;
use cardwright_issuance::change::Change;
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::row::{Base, Card as CardRow, KeySet, Order, Reader, Terminal};
use cardwright_issuance::state::{CardState, KeySetState, OrderState};
use cardwright_issuing_center::center::{CARD_STORAGE_KEY, ISSUER_MASTER_KEY, SEARCH_KEY};
use cardwright_issuing_center::sealing::{self, OrderContent};
use cardwright_issuing_center::store::{Commit, Document, Registration, Store};
use cardwright_keystore::{KeyId, KeyKind, NewKey, NewWrappedKey, PublishedKeys, Purpose, Source, WrappedPurpose};
use cardwright_virtual_card::{Card, CardIdentity, CardProduct, Secret, SeededEntropy, blank};

use super::assertions::KnownCard;
use super::at_once;
use super::world::{CARDS, HOUR, ORDERS, START, World};

/// An order as somebody enters it.
pub(super) struct Asked<'a> {
    pub(super) reference: String,
    pub(super) base: &'static str,
    pub(super) kind: OrderKind,
    pub(super) argument: Option<String>,
    /// the card that is changed
    pub(super) card: Option<Id>,
    /// the profile's fields
    pub(super) columns: Vec<(&'a str, &'a str)>,
    pub(super) photo: Option<&'a [u8]>,
}

/// The name on every card until it is changed.
pub(super) const HOLDER: &str = "Ada Example";
/// The profile of every order.
const PROFILE: &str = "profiles/identity.toml";

/// A file of the project, by its path from the root.
pub(super) fn file(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::read_to_string(root.join(path)).expect("the project's own files are there")
}

impl World {
    pub(super) fn furnish(&mut self, product_text: &str, photo: usize) {
        self.make_keys();
        self.add_product(product_text);
        self.add_profile();
        for base in ["north", "south"] {
            self.register(vec![Registration::Base(Base { name: base.to_owned(), reader_tier: 0 })]);
            self.add_terminal(base, "left");
            self.add_terminal(base, "right");
        }
        for place in 0..CARDS {
            self.add_card(place, product_text);
        }
        for place in 0..ORDERS {
            self.add_order(place, photo);
        }
    }

    fn make_keys(&self) {
        let keys = [
            (CARD_STORAGE_KEY, KeyKind::Aes256, Purpose::Wrap),
            (SEARCH_KEY, KeyKind::Hmac256, Purpose::Mac),
            (ISSUER_MASTER_KEY, KeyKind::Aes256, Purpose::Derive),
        ];
        for (name, kind, purpose) in keys {
            let new = NewKey { id: key(name), kind, purpose, created: START };
            self.center.keystore.generate(&new).expect("a new key has a new name");
        }
    }

    fn add_product(&self, text: &str) {
        let document = Document {
            name: self.product.name().to_owned(),
            version: 1,
            text: text.to_owned(),
            digest: [0; 32],
            imported: START,
        };
        self.register(vec![Registration::Product(document)]);
    }

    /// The profile of every order.
    fn add_profile(&self) {
        let text = file(PROFILE);
        let profile = Profile::parse(&text).expect("the profiles of the project are right");
        let digest = profile.reference().digest;
        let document = Document { name: "identity".to_owned(), version: 1, text, digest, imported: START };
        self.register(vec![Registration::Profile(document)]);
    }

    /// A terminal and its reader, which has the terminal's id; no reader proof is asked for.
    fn add_terminal(&mut self, base: &str, name: &str) {
        let id = self.id();
        let terminal = Terminal {
            id,
            name: format!("{base}-{name}"),
            base: base.to_owned(),
            fingerprint: self.dice.bytes(),
            expires: START + 1_000 * HOUR,
            revoked: None,
            instance: Some(self.id()),
            lease_until: START + 1_000 * HOUR,
        };
        let reader = Reader {
            id,
            name: format!("{base}-{name}"),
            base: base.to_owned(),
            tier: 0,
            card_slot: String::new(),
            sam_slot: String::new(),
            sam_key: Vec::new(),
            revoked: None,
        };
        self.register(vec![Registration::Terminal(terminal.clone()), Registration::Reader(reader)]);
        self.terminals.push(terminal);
    }

    fn add_card(&mut self, place: usize, product_text: &str) {
        let product = CardProduct::from_toml(product_text).expect("the products of the project are right");
        let kdd: [u8; 10] = [place as u8 + 1; 10];
        let id = self.id();
        let transport_keys = self.new_key_values(product.key_length);
        let issuer_keys = self.new_key_values(product.key_length);
        let versions = (self.product.transport_key_version(), self.product.issuer_key_version());
        let transport = self.key_set(id, versions.0, 0, KeySetState::Transport, &transport_keys);
        let issuer = self.key_set(id, versions.1, 1, KeySetState::Derived, &issuer_keys);
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
        self.register(vec![Registration::Stock(row, transport, issuer)]);
        let identity = CardIdentity {
            issuer_identification_number: vec![0x62],
            card_image_number: vec![place as u8],
            production_life_cycle: vec![place as u8; 42],
            key_diversification_data: kdd.to_vec(),
        };
        let state = blank::blank(product, identity, transport_keys.map(Secret::new)).expect("the keys fit the product");
        let card = Card::new(state, Box::new(SeededEntropy::new(self.dice.bytes())));
        self.cards.push(KnownCard { card, id, kdd });
    }

    fn new_key_values(&self, length: usize) -> [Vec<u8>; 3] {
        [(); 3].map(|()| {
            let mut value = vec![0; length];
            self.dice.fill(&mut value);
            value
        })
    }

    fn key_set(&self, card: Id, version: u8, generation: u32, state: KeySetState, values: &[Vec<u8>; 3]) -> KeySet {
        let wrap = |role: StaticKey| {
            let value = &values[usize::from(role.identifier()) - 1];
            let new = NewWrappedKey {
                under: &key(CARD_STORAGE_KEY),
                associated_data: &sealing::card_key_place(card, version, generation, role),
                kind: sealing::key_kind(self.product.protocol()),
                purpose: WrappedPurpose::Token,
                source: Source::Clear { value, expected: None, published: PublishedKeys::Refused },
            };
            self.center.keystore.wrap_new(&new).expect("the value fits its kind")
        };
        let keys = StaticKey::ALL.map(wrap);
        let check_values = keys.each_ref().map(|key| key.kcv.0);
        let (protocol, wrapped) = (self.product.protocol(), keys.map(|key| sealing::column_of(&key.key)));
        KeySet { card, version, generation, state, protocol, wrapped, check_values }
    }

    /// An order of either base, approved and prepared.
    fn add_order(&mut self, place: usize, photo: usize) {
        let number = format!("62000012345678{place:02}");
        let picture: Vec<u8> = [0xFF, 0xD8, 0xFF, 0xE0].into_iter().chain(vec![0x5A; photo]).collect();
        let asked = Asked {
            reference: format!("order-{place}"),
            base: if place.is_multiple_of(2) { "north" } else { "south" },
            kind: OrderKind::New,
            argument: None,
            card: None,
            columns: vec![("name", HOLDER), ("card_number", &number), ("pin", "4711")],
            photo: (photo > 0).then_some(&picture[..]),
        };
        self.enter(&asked, Vec::new());
    }

    /// Enters an order, and approves and prepares it by another person, with what the approval does at once.
    pub(super) fn enter(&mut self, asked: &Asked<'_>, effects: Vec<Change>) {
        let id = self.id();
        let scope = if asked.kind == OrderKind::PersonalData { Scope::PersonalData } else { Scope::Whole };
        let profile = Profile::parse(&file(PROFILE)).and_then(|profile| profile.within(scope));
        let profile = profile.expect("the profiles of the project are right");
        let fields = match asked.kind.has_data() {
            true => OrderFields::read(&profile, asked.columns.iter().copied(), asked.photo),
            false => Ok(OrderFields::none(&profile)),
        };
        let fields = fields.expect("the fields fit the profile");
        let content = OrderContent { customer: String::new(), taken_by: String::new(), date: None, fields };
        let day = at_once(sealing::destruction_key(&self.center, 20_800)).expect("a keystore in memory");
        let keystore = &*self.center.keystore;
        let sealed = sealing::seal_order(keystore, id, (20_800, &day), &content).expect("a keystore in memory");
        let prepared = asked.kind.has_data().then(|| {
            let today = Date::new(2027, 1, 15).expect("a date that is");
            let prepared = prepare(&profile, &content.fields, today, &Means::default());
            let data =
                check(prepared.expect("the fields fit the profile")).expect("what was prepared passes its check");
            sealing::seal_prepared(keystore, id, &sealed, &data).expect("a keystore in memory")
        });
        let order = Order {
            id,
            reference: asked.reference.clone(),
            base: asked.base.to_owned(),
            profile: "identity".to_owned(),
            kind: asked.kind,
            argument: asked.argument.clone(),
            state: OrderState::Received,
            entered_by: self.id(),
            entered: self.center.now(),
            approved_by: None,
            card: asked.card,
            replaces: None,
            campaign: None,
        };
        let prepared = match prepared {
            Some(blob) => Registration::Prepared(id, blob),
            None => Registration::PreparedBare(id),
        };
        let registrations = vec![Registration::Order(order, sealed), Registration::Approve(id, self.id()), prepared];
        let commit = Commit { changes: effects, registrations, ..Commit::default() };
        at_once(self.center.store.commit(commit)).expect("the world's rows go together");
        self.orders.push(asked.reference.clone());
    }
}

fn key(name: &str) -> KeyId {
    KeyId::new(name, 1).expect("the center's key names are names")
}
