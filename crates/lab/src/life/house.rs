//! A center in process with everything that its people have entered: two bases with a terminal each, card products,
//! profiles, an approved second version of the identity application, and blank cards as they come in.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use cardwright_issuance::Id;
use cardwright_issuance::row::{Order, Reader, Terminal};
use cardwright_issuing_center::calendar::month;
use cardwright_issuing_center::center::Center;
use cardwright_issuing_center::intake::{self, NewOrder};
use cardwright_issuing_center::issuers::{self, NewIssuer, NewRoot};
use cardwright_issuing_center::pool;
use cardwright_issuing_center::registry::key::{self, KeyUse, NewMaster};
use cardwright_issuing_center::registry::person::{self, Role};
use cardwright_issuing_center::registry::program::{self, NewProgram};
use cardwright_issuing_center::registry::{base, document, setup, stock};
use cardwright_issuing_center::store::{Commit, Person, Registration, Store};
use cardwright_keystore::software::SoftwareKeystore;
use cardwright_keystore::{KeyKind, PublishedKeys, RsaExponent, RsaSize};
use cardwright_virtual_card::applications::built_in;
use cardwright_virtual_card::{CardIdentity, CardProduct, CardState, Secret, blank, diversification};
use zeroize::Zeroizing;

use crate::simulation::at_once;

/// The bases; each has one terminal, and a reader of the terminal's id.
pub const BASES: [&str; 2] = ["north", "south"];
/// 2027-01-15, in microseconds since 1970 UTC.
pub const START: i64 = 1_800_000_000_000_000;
/// Microseconds.
pub const MINUTE: i64 = 60_000_000;
/// The test root's provider.
const PROVIDER: [u8; 5] = [0xF0, 0x45, 0x4D, 0x56, 0x01];
/// What the debit profiles name: name, kind, use.
const PAYMENT_KEYS: [(&str, KeyKind, KeyUse); 6] = [
    ("zone/mailer", KeyKind::Tdes2, KeyUse::Zone),
    ("debit-imk-ac", KeyKind::Tdes2, KeyUse::Application),
    ("debit-imk-smi", KeyKind::Tdes2, KeyUse::Application),
    ("debit-imk-smc", KeyKind::Tdes2, KeyUse::Application),
    ("debit-cvk", KeyKind::Tdes2, KeyUse::Verification),
    ("debit-pvk", KeyKind::Tdes2, KeyUse::Verification),
];
const SECRET: &[u8] = b"a secret of eight and more";
const NEVER: i64 = START + 1_000_000 * MINUTE;

/// What was entered by hand, and by whom.
pub struct House<S> {
    /// store, keys, clock
    pub center: Center<S>,
    /// what the clock tells
    pub clock: Arc<AtomicI64>,
    /// one at each base
    pub terminals: Vec<Terminal>,
    pub(super) admin: Person,
    pub(super) entry: Person,
    pub(super) approver: Person,
}

/// A file of the project, by its path from the root.
pub(super) fn file(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::read_to_string(root.join(path)).expect("the project's own files are there")
}

/// Chance that is the same each time: a counter, stirred.
fn fill(counter: &AtomicU64, bytes: &mut [u8]) {
    for chunk in bytes.chunks_mut(8) {
        let value = counter.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
        chunk.copy_from_slice(&value.wrapping_mul(0xBF58_476D_1CE4_E5B9).to_be_bytes()[..chunk.len()]);
    }
}

/// A clock that is a microsecond later at each look.
pub(super) fn clock(start: i64) -> (Arc<AtomicI64>, cardwright_issuing_center::center::Clock) {
    let time = Arc::new(AtomicI64::new(start));
    let looked_at = Arc::clone(&time);
    (time, Arc::new(move || looked_at.fetch_add(1, Ordering::SeqCst)))
}

impl<S: Store> House<S> {
    /// A center over an empty store.
    ///
    /// # Panics
    /// Where the project's own files are refused.
    #[must_use]
    pub fn found(store: S) -> Self {
        let chance = AtomicU64::new(1);
        let keystore = SoftwareKeystore::in_memory(Box::new(move |bytes: &mut [u8]| fill(&chance, bytes)));
        let (time, told) = clock(START);
        let center = Center { store: Arc::new(store), keystore: Arc::new(keystore), clock: told };
        let admin = at_once(setup::set_up(&center, "Ada", SECRET)).expect("an empty center");
        let add = |name, role| {
            at_once(person::add(&*center.store, center.now(), &admin, name, &[role], SECRET)).expect("a new name")
        };
        let (entry, approver) = (add("Eve", Role::OrderEntry), add("Ben", Role::Approver));
        let mut house = Self { clock: time, terminals: Vec::new(), admin, entry, approver, center };
        (0..BASES.len()).for_each(|place| house.add_base(place));
        house.add_programs();
        house
    }

    fn add_base(&mut self, place: usize) {
        let (store, now) = (&*self.center.store, self.center.now());
        at_once(base::add(store, now, &self.admin, BASES[place], 0)).expect("a new base");
        let (id, name): (Id, _) = ([0x70 + place as u8; 16].into(), format!("{}-terminal", BASES[place]));
        let (base, instance) = (BASES[place].to_owned(), Some([0x60 + place as u8; 16].into()));
        let terminal = Terminal {
            id,
            name: name.clone(),
            base: base.clone(),
            fingerprint: [place as u8; 32],
            expires: NEVER,
            revoked: None,
            instance,
            lease_until: NEVER,
        };
        let (card_slot, sam_slot, sam_key) = (String::new(), String::new(), Vec::new());
        let reader = Reader { id, name, base, tier: 0, card_slot, sam_slot, sam_key, revoked: None };
        self.register(vec![Registration::Terminal(terminal.clone()), Registration::Reader(reader)]);
        self.terminals.push(terminal);
    }

    /// The second versions of all built-in programs, as CAP files, approved.
    fn add_programs(&self) {
        let (store, now) = (&*self.center.store, self.center.now());
        for known in built_in::all().iter().filter(|known| known.version == 2) {
            let (name, bytes) = (format!("{:?} 2", known.program), known.cap_file(known.full_padding()));
            let new = NewProgram { name: &name, file: &bytes, memory: None };
            at_once(program::import(store, now, &self.admin, new)).expect("the built-in programs' own CAP files");
            at_once(program::approve(store, now, &self.approver, &name)).expect("by another person");
        }
    }

    /// The center becomes an issuer of payment cards by the profiles `emv-debit`, with card keys made ahead.
    ///
    /// # Panics
    /// Where the keystore makes no such keys.
    pub fn issues_payment_cards(&self) {
        let (center, admin) = (&self.center, &self.admin);
        for (name, kind, key_use) in PAYMENT_KEYS {
            at_once(key::generate(center, admin, name, kind, key_use)).expect("a new name");
        }
        let (size, expires) = (|bits| RsaSize::new(bits, RsaExponent::F4), month("2035-12"));
        let expires = expires.expect("a month");
        let root = NewRoot { rid: PROVIDER, index: 2, size: size(1152).expect("a size"), expires };
        at_once(issuers::make_root(center, admin, root)).expect("a new root");
        let (name, identifier) = ("example-debit-issuer", "476174");
        let issuer = NewIssuer { name, size: size(1024).expect("a size"), identifier };
        at_once(issuers::make(center, admin, issuer)).expect("a new issuer");
        at_once(issuers::sign(center, admin, name, (PROVIDER, 2), expires)).expect("by the root");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a machine with threads");
        for _ in 0..4 {
            runtime.block_on(pool::add(center, size(896).expect("a size"))).expect("a card's key");
        }
    }

    /// Two people who decide together.
    #[must_use]
    pub fn people(&self) -> [Person; 2] {
        [self.admin.clone(), self.approver.clone()]
    }

    /// Writes rows.
    ///
    /// # Panics
    /// Where the store takes them not.
    pub fn register(&self, registrations: Vec<Registration>) {
        let commit = Commit { registrations, ..Commit::default() };
        at_once(self.center.store.commit(commit)).expect("rows of a world go together");
    }

    /// Imports a profile of this text.
    ///
    /// # Panics
    /// Where it is refused.
    pub fn import_profile(&self, text: &str) {
        let (store, now) = (&*self.center.store, self.center.now());
        at_once(document::import_profile(store, now, &self.admin, text)).expect("a right profile");
    }

    /// Imports a card product and `count` blanks of it; they come back as they left the maker.
    ///
    /// # Panics
    /// Where one is refused.
    #[must_use]
    pub fn import_cards(&self, product: &str, count: usize) -> Vec<CardState> {
        let text = file(&format!("products/{product}.toml"));
        at_once(document::import_product(&*self.center.store, self.center.now(), &self.admin, &text))
            .expect("the project's own products");
        let product = CardProduct::from_toml(&text).expect("the project's own products");
        let master: Vec<u8> = (0..product.key_length).map(|place| 0x1B ^ (place as u8 * 7)).collect();
        let kind = match (product.scp, product.key_length) {
            (2, _) => KeyKind::Tdes2,
            (_, 24) => KeyKind::Aes192,
            (_, 32) => KeyKind::Aes256,
            _ => KeyKind::Aes128,
        };
        let (key_use, published) = (KeyUse::CardKeys, PublishedKeys::Refused);
        let new = NewMaster { name: &product.name, kind, key_use, value: &master, expected: None, published };
        at_once(key::import(&self.center, &self.admin, &new)).expect("a key of the product's kind");
        let master = Secret::new(master);
        let blanks: Vec<CardState> = (0..count).map(|place| made(&product, &master, place)).collect();
        let rows: String = blanks.iter().map(shipped).collect();
        let shipment = format!("product,iin,cin,cplc,kdd,kvn,kcvs\n{rows}");
        at_once(stock::import(&self.center, &self.admin, shipment.as_bytes(), &product.name)).expect("the same keys");
        blanks
    }

    /// Enters an order and approves it: it is prepared.
    ///
    /// # Panics
    /// Where it is refused.
    pub fn order(&self, order: &Wanted<'_>) -> Order {
        let text = |text: &str| Zeroizing::new(text.to_owned());
        let new = NewOrder {
            row: 1,
            reference: order.reference.to_owned(),
            base: BASES[0].to_owned(),
            profile: order.profile.to_owned(),
            kind: order.kind.to_owned(),
            card: order.card.to_owned(),
            argument: order.argument.to_owned(),
            customer: text("Town"),
            taken_by: text("Tom"),
            date: None,
            fields: order.fields.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect(),
            photo: None,
        };
        let received = at_once(intake::receive(&self.center, &self.entry, &[new]));
        let received = received.unwrap_or_else(|refused| panic!("{}: {refused:?}", order.reference));
        at_once(self.center.store.commit(received.commit)).expect("a new order");
        let approved = at_once(intake::approve(&self.center, &self.approver, &[order.reference.to_owned()]));
        approved.unwrap_or_else(|refused| panic!("{}: {refused:?}", order.reference)).remove(0)
    }
}

/// An order as somebody writes it.
pub struct Wanted<'a> {
    /// its name
    pub reference: &'a str,
    /// the kind's name
    pub kind: &'a str,
    /// the profile's name; empty where the kind needs none
    pub profile: &'a str,
    /// the reference of the order that the card was issued for; empty for a new card
    pub card: &'a str,
    /// what the kind needs to know
    pub argument: &'a str,
    /// the profile's fields
    pub fields: &'a [(&'a str, &'a str)],
}

fn made(product: &CardProduct, master: &Secret, place: usize) -> CardState {
    let number = (place as u64 + 1).to_be_bytes();
    let key_diversification_data: Vec<u8> = [&[0xCA, 0xFE], &number[..]].concat();
    let identity = CardIdentity {
        issuer_identification_number: vec![0x62],
        card_image_number: number.to_vec(),
        production_life_cycle: number.iter().copied().cycle().take(42).collect(),
        key_diversification_data: key_diversification_data.clone(),
    };
    let data = key_diversification_data.try_into().expect("ten bytes");
    let keys = diversification::card_keys(product.diversification, master, &data).expect("a key of the right kind");
    blank::blank(product.clone(), identity, keys).expect("keys of the product's length")
}

fn shipped(card: &CardState) -> String {
    let identity = &card.identity;
    let hexadecimal = [
        &identity.issuer_identification_number,
        &identity.card_image_number,
        &identity.production_life_cycle,
        &identity.key_diversification_data,
    ]
    .map(hex::encode);
    let set = &card.key_sets[0];
    let values: Vec<String> = set.keys.iter().map(|key| hex::encode(key.check_value())).collect();
    format!("{},{},{:02X},{}\n", card.product.name, hexadecimal.join(","), set.version, values.join("/"))
}
