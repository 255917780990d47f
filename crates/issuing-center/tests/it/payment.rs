//! Payment cards: everything that their data is made of is the center's, is used once, and nothing is half-prepared.

use std::collections::BTreeSet;

use cardwright_data_preparation::Profile;
use cardwright_data_preparation::emv::Pan;
use cardwright_data_preparation::emv::pin_block::{Pin, PinBlockFormat};
use cardwright_issuance::row::Order;
use cardwright_issuance::state::OrderState;
use cardwright_issuing_center::calendar::month;
use cardwright_issuing_center::issuers::{self, NewIssuer, NewRoot};
use cardwright_issuing_center::presence::register::Register;
use cardwright_issuing_center::refused::Refused;
use cardwright_issuing_center::registry::key::{self, KeyUse};
use cardwright_issuing_center::registry::person::{self, Role};
use cardwright_issuing_center::store::{Commit, Document, Registration, Store};
use cardwright_issuing_center::{intake, pool, sealing};
use cardwright_keystore::{BlockMechanism, Enciphering, KeyId, KeyKind, KeyRef, RsaExponent, RsaSize};
use cardwright_relay::Code;

use crate::world::{SECRET, World};

pub(crate) const CREDIT: &str = include_str!("../../../../profiles/emv-credit.toml");
pub(crate) const NUMBERS: [&str; 3] = ["4761739001010119", "4761739001010127", "4761739001010135"];
const HEADER: &str = "reference,base,profile,kind,customer,taken_by,name,card_number,sequence,pin_block\n";

/// The keys that the profile names: name, kind, use.
const KEYS: [(&str, KeyKind, KeyUse); 7] = [
    ("zone/host", KeyKind::Tdes2, KeyUse::Zone),
    ("zone/mailer", KeyKind::Tdes2, KeyUse::Zone),
    ("cvk", KeyKind::Tdes2, KeyUse::Verification),
    ("pvk", KeyKind::Tdes2, KeyUse::Verification),
    ("imk-ac", KeyKind::Tdes2, KeyUse::Application),
    ("imk-smi", KeyKind::Tdes2, KeyUse::Application),
    ("imk-smc", KeyKind::Tdes2, KeyUse::Application),
];

/// The profile with what the center makes itself in the place of what the order brings: number from a range of ten,
/// PIN for a mailer.
pub(crate) fn own() -> String {
    let number =
        "field = \"card_number\"\nbin = \"47617390\"\nlength = 16\ncheck-digit = true\nsequence-field = \"sequence\"";
    let range = "bin = \"47617390123\"\nlength = 13\ncheck-digit = true\nsequence = 1";
    let pin = "source = \"order\"\nfield = \"pin_block\"\nzone-key = \"zone/host.1\"\nformat = \"iso-9564-0\"";
    let mailer = "source = \"generated\"\ndigits = 5\nmailer-key = \"zone/mailer.1\"\nformat = \"iso-9564-1\"";
    let mut text = CREDIT.replace("name = \"emv-credit\"", "name = \"emv-own\"");
    for (from, to) in [(number, range), (pin, mailer)] {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    for field in ["card_number", "sequence", "pin_block"] {
        let start = text.find(&format!("[[field]]\nname = \"{field}\"")).unwrap();
        let end = start + 9 + text[start + 9..].find("\n[").unwrap();
        text.replace_range(start..end + 1, "");
    }
    text
}

/// A center that can prepare cards of the credit profile.
pub(crate) struct Bank {
    pub(crate) world: World,
}

impl Bank {
    pub(crate) async fn new(pool_keys: usize) -> Self {
        let bank = Self { world: World::new().await };
        let (center, admin) = (&bank.world.center, &bank.world.admin);
        for (name, kind, key_use) in KEYS {
            key::generate(center, admin, name, kind, key_use).await.unwrap();
        }
        let size = RsaSize::new(1408, RsaExponent::Three).unwrap();
        let (rid, expires) = ([0xF0, 0x45, 0x4D, 0x56, 0x01], month("2035-12").unwrap());
        issuers::make_root(center, admin, NewRoot { rid, index: 1, size, expires }).await.unwrap();
        let new = NewIssuer { name: "example-issuer", size, identifier: "476173" };
        issuers::make(center, admin, new).await.unwrap();
        issuers::sign(center, admin, "example-issuer", (rid, 1), expires).await.unwrap();
        for text in [CREDIT, &own()] {
            bank.enter_profile(text).await;
        }
        bank.fill(pool_keys).await;
        bank
    }

    /// Enters a profile whether or not this version can write cards by it.
    pub(crate) async fn enter_profile(&self, text: &str) {
        let profile = Profile::parse(text).unwrap();
        let reference = profile.reference();
        let document = Document {
            name: reference.name.clone(),
            version: reference.version,
            text: text.to_owned(),
            digest: reference.digest,
            imported: 0,
        };
        let registrations = vec![Registration::Profile(document)];
        self.world.center.store.commit(Commit { registrations, ..Commit::default() }).await.unwrap();
    }

    pub(crate) async fn fill(&self, keys: usize) {
        for _ in 0..keys {
            pool::add(&self.world.center, RsaSize::new(1024, RsaExponent::Three).unwrap()).await.unwrap();
        }
    }

    async fn left(&self) -> u32 {
        self.world.center.store.pool_levels().await.unwrap().first().map_or(0, |level| level.keys)
    }

    /// The block that the issuer's host sends for a PIN.
    pub(crate) fn block(&self, number: &str) -> String {
        let pan = Pan::new(number.as_bytes()).unwrap();
        let clear = Pin::new(b"1234").unwrap().write(PinBlockFormat::Zero, &pan, None).unwrap();
        let under = KeyRef::Named(KeyId::new("zone/host", 1).unwrap());
        let item = Enciphering { under: &under, mechanism: BlockMechanism::TdesEcb, data: &*clear };
        hex::encode_upper(self.world.center.keystore.encipher(&item).unwrap())
    }

    /// Takes orders of the credit profile: reference, number, sequence number.
    pub(crate) async fn orders(&self, rows: &[(&str, &str, u8)]) -> Vec<Order> {
        let row = |(reference, number, sequence): &(&str, &str, u8)| {
            let block = self.block(number);
            format!("{reference},north,emv-credit,new,ACME,Tom,Zoë Müller,{number},{sequence},{block}\n")
        };
        let rows: String = rows.iter().map(row).collect();
        self.world.import_columns(&[CREDIT], &format!("{HEADER}{rows}")).await
    }

    pub(crate) async fn own_orders(&self, references: &[&str]) -> Vec<Order> {
        let header = "reference,base,profile,kind,customer,taken_by,name\n";
        let row = |reference: &&str| format!("{reference},north,emv-own,new,ACME,Tom,Zoë Müller\n");
        let rows: String = references.iter().map(row).collect();
        self.world.import_columns(&[&own()], &format!("{header}{rows}")).await
    }

    pub(crate) async fn approve(&self, references: &[&str]) -> Result<Vec<Order>, Refused> {
        let references: Vec<_> = references.iter().map(|one| (*one).to_owned()).collect();
        intake::approve(&self.world.center, &self.world.approver, &references).await
    }

    async fn again(&self, reference: &str) -> Result<Vec<Order>, Refused> {
        intake::prepare_again(&self.world.center, &self.world.approver, &[reference.to_owned()]).await
    }

    async fn state(&self, order: &Order) -> OrderState {
        self.world.center.store.order(order.id).await.unwrap().unwrap().state
    }

    async fn assert_untouched(&self, order: &Order, left: u32) {
        assert_eq!(self.state(order).await, OrderState::Received);
        assert_eq!(self.world.center.store.number_of(order.id).await.unwrap(), None);
        assert_eq!(self.world.center.store.prepared(order.id).await.unwrap(), None);
        assert_eq!(self.left().await, left);
    }
}

#[tokio::test]
async fn a_credit_card_is_prepared_from_keys_certificates_pool_and_host() {
    let bank = Bank::new(3).await;
    let orders = bank.orders(&[("C-1", NUMBERS[0], 1)]).await;
    bank.approve(&["C-1"]).await.unwrap();
    assert_eq!(bank.left().await, 1, "one key for dynamic authentication, one for PINs");
    let store = &bank.world.center.store;
    let number = store.number_of(orders[0].id).await.unwrap().unwrap();
    assert_eq!((number.masked.as_str(), number.sequence), ("476173******0119", 1));
    let data = sealing::open_prepared(&bank.world.center, orders[0].id).await.unwrap();
    assert_eq!((data.certification_keys[0].index, data.applications.len()), (1, 3));
    assert_eq!(data.masked_number, number.masked);
}

#[tokio::test]
async fn without_a_key_in_the_pool_nothing_is_half_prepared() {
    let bank = Bank::new(1).await;
    let orders = bank.orders(&[("C-1", NUMBERS[0], 1)]).await;
    let refused = bank.approve(&["C-1"]).await.unwrap_err();
    assert_eq!((refused.code, refused.parameters), (Code::POOL_EMPTY, vec!["1024 bits, e = 3".to_owned()]));
    bank.assert_untouched(&orders[0], 1).await;
    bank.world.assert_refusal_logged(Code::POOL_EMPTY).await;
    bank.fill(1).await;
    bank.approve(&["C-1"]).await.unwrap();
}

#[tokio::test]
async fn a_number_that_another_card_has_is_refused_unless_it_is_the_next_card_of_it() {
    let bank = Bank::new(8).await;
    let orders = bank.orders(&[("C-1", NUMBERS[0], 1), ("C-2", NUMBERS[0], 1), ("C-3", NUMBERS[0], 2)]).await;
    assert_eq!(bank.approve(&["C-1", "C-2"]).await.unwrap_err().code, Code::NUMBER_TAKEN, "within one commit");
    bank.assert_untouched(&orders[0], 8).await;
    bank.approve(&["C-1"]).await.unwrap();
    let refused = bank.approve(&["C-2"]).await.unwrap_err();
    assert_eq!((refused.code, refused.parameters), (Code::NUMBER_TAKEN, vec!["C-2".to_owned()]));
    bank.assert_untouched(&orders[1], 6).await;
    bank.approve(&["C-3"]).await.unwrap();
    bank.orders(&[("C-4", NUMBERS[1], 1), ("C-5", NUMBERS[1], 2)]).await;
    bank.approve(&["C-4", "C-5"]).await.expect("two cards of one number, in one commit");
}

#[tokio::test]
async fn a_key_or_certificate_that_is_not_there_is_named() {
    let bank = Bank::new(2).await;
    let orders = bank.orders(&[("C-1", NUMBERS[0], 1)]).await;
    let (center, admin) = (&bank.world.center, &bank.world.admin);
    center.keystore.destroy(&KeyId::new("imk-smi", 1).unwrap()).unwrap();
    let refused = bank.approve(&["C-1"]).await.unwrap_err();
    assert_eq!((refused.code, refused.parameters), (Code::KEY_UNKNOWN, vec!["imk-smi.1".to_owned()]));
    key::generate(center, admin, "imk-smi", KeyKind::Tdes2, KeyUse::CardKeys).await.unwrap();
    let refused = bank.approve(&["C-1"]).await.unwrap_err();
    assert_eq!(refused.code, Code::KEY_REFUSED);
    assert_eq!(refused.parameters[1], "it is for card-keys, and the profile wants one for application");
    center.keystore.destroy(&KeyId::new("imk-smi", 1).unwrap()).unwrap();
    key::generate(center, admin, "imk-smi", KeyKind::Tdes2, KeyUse::Application).await.unwrap();
    // A certificate that the card would outlive.
    let rid = [0xF0, 0x45, 0x4D, 0x56, 0x01];
    issuers::sign(center, admin, "example-issuer", (rid, 1), month("2027-01").unwrap()).await.unwrap();
    let refused = bank.approve(&["C-1"]).await.unwrap_err();
    assert_eq!((refused.code, refused.parameters[0].as_str()), (Code::DATA_REFUSED, "issuer certificate"));
    assert!(refused.parameters[1].contains("ends on 2027-01-31"), "{refused:?}");
    assert!(refused.parameters[2].starts_with("Import a certificate that outlives the card"), "{refused:?}");
    bank.assert_untouched(&orders[0], 2).await;
    issuers::sign(center, admin, "example-issuer", (rid, 1), month("2035-12").unwrap()).await.unwrap();
    bank.approve(&["C-1"]).await.unwrap();
}

#[tokio::test]
async fn a_pin_block_under_another_key_is_refused_and_shows_nothing() {
    let bank = Bank::new(2).await;
    let block = "0123456789ABCDEF";
    let row = format!("C-1,north,emv-credit,new,ACME,Tom,Zoë Müller,{},1,{block}\n", NUMBERS[0]);
    let orders = bank.world.import_columns(&[CREDIT], &format!("{HEADER}{row}")).await;
    let refused = bank.approve(&["C-1"]).await.unwrap_err();
    assert_eq!((refused.code, refused.parameters[0].as_str()), (Code::DATA_REFUSED, "pin_block"));
    assert!(refused.parameters[2].starts_with("Ask the issuer's host"), "{refused:?}");
    assert!(!refused.parameters.iter().any(|text| text.contains(block)));
    bank.assert_untouched(&orders[0], 2).await;
}

#[tokio::test]
async fn two_approvers_at_a_time_use_no_key_twice_and_lose_none() {
    let bank = Bank::new(6).await;
    let orders = bank.orders(&[("C-1", NUMBERS[0], 1), ("C-2", NUMBERS[1], 1), ("C-3", NUMBERS[2], 1)]).await;
    let (one, two, three) = tokio::join!(bank.approve(&["C-1"]), bank.approve(&["C-2"]), bank.approve(&["C-3"]));
    for approved in [one, two, three] {
        approved.unwrap();
    }
    assert_eq!(bank.left().await, 0);
    let mut moduli = BTreeSet::new();
    for order in &orders {
        let data = sealing::open_prepared(&bank.world.center, order.id).await.unwrap();
        let application = data.applications.last().unwrap();
        for identifier in [0x8103, 0x8104, 0x8201, 0x8301] {
            let found = application.dgis.iter().find(|grouping| grouping.dgi().identifier == identifier);
            moduli.extend(found.map(|grouping| grouping.dgi().data.clone()));
        }
    }
    assert!(moduli.len() >= 6 && moduli.len() % 6 == 0, "{} values of six keys", moduli.len());
}

#[tokio::test]
async fn an_order_prepared_again_keeps_its_number_and_gets_new_keys() {
    let bank = Bank::new(4).await;
    let order = bank.own_orders(&["C-1"]).await.remove(0);
    assert_eq!(bank.again("C-1").await.unwrap_err().code, Code::ORDER_NOT_APPROVED);
    bank.approve(&["C-1"]).await.unwrap();
    let center = &bank.world.center;
    let (number, before) =
        (center.store.number_of(order.id).await.unwrap(), center.store.prepared(order.id).await.unwrap().unwrap());
    let letter = center.store.pin_mailer(order.id).await.unwrap().unwrap();
    let own = intake::prepare_again(center, &bank.world.entry, &["C-1".to_owned()]).await.unwrap_err();
    assert_eq!(own.code, Code::SAME_PERSON);
    bank.again("C-1").await.unwrap();
    assert_eq!(bank.state(&order).await, OrderState::Prepared);
    assert_eq!(center.store.number_of(order.id).await.unwrap(), number);
    assert_eq!(center.store.pin_mailer(order.id).await.unwrap().unwrap(), letter, "the PIN stays");
    assert_ne!(center.store.prepared(order.id).await.unwrap().unwrap().digest, before.digest);
    assert_eq!(bank.left().await, 0, "the keys of before are never used");
    assert_eq!(bank.again("C-1").await.unwrap_err().code, Code::POOL_EMPTY);
    sealing::open_prepared(center, order.id).await.unwrap();
}

#[tokio::test]
async fn an_order_prepared_by_an_older_profile_gets_no_ticket_until_it_is_prepared_again() {
    let bank = Bank::new(4).await;
    bank.orders(&[("C-1", NUMBERS[0], 1)]).await;
    bank.approve(&["C-1"]).await.unwrap();
    let (center, admin) = (&bank.world.center, &bank.world.admin);
    let operator = person::add(&*center.store, center.now(), admin, "Olga", &[Role::Operator], SECRET).await.unwrap();
    bank.world.enter_terminal("counter 1").await;
    let register = Register { store: center.store.clone(), clock: center.clock.clone() };
    register.issue_ticket(&operator, "C-1", "counter 1").await.unwrap();
    let newer = CREDIT.replace("version = 1", "version = 2");
    bank.enter_profile(&newer).await;
    let refused = register.issue_ticket(&operator, "C-1", "counter 1").await.unwrap_err();
    assert_eq!(refused.code, Code::PROFILE_CHANGED);
    assert_eq!(refused.parameters, ["C-1", "emv-credit"]);
    bank.world.assert_refusal_logged(Code::PROFILE_CHANGED).await;
    bank.again("C-1").await.unwrap();
    let terminal = center.store.terminals().await.unwrap().remove(0);
    assert_eq!(center.store.tickets_for(terminal.id, 0).await.unwrap(), [], "the first ticket is gone");
    register.issue_ticket(&operator, "C-1", "counter 1").await.unwrap();
}

#[tokio::test]
async fn a_range_that_is_used_up_refuses_and_a_pin_goes_to_its_mailer_once() {
    let bank = Bank::new(22).await;
    let names: Vec<String> = (0..11).map(|number| format!("C-{number}")).collect();
    let references: Vec<&str> = names.iter().map(String::as_str).collect();
    let orders = bank.own_orders(&references).await;
    let all = bank.approve(&references).await.unwrap_err();
    assert_eq!((all.code, all.parameters), (Code::RANGE_EXHAUSTED, vec!["47617390123/13".to_owned()]));
    bank.assert_untouched(&orders[0], 22).await;
    bank.approve(&references[..10]).await.unwrap();
    assert_eq!(bank.approve(&references[10..]).await.unwrap_err().code, Code::RANGE_EXHAUSTED);
    let center = &bank.world.center;
    let letters = intake::letters(center, &bank.world.admin, "zone/mailer").await.unwrap();
    assert_eq!(letters.count, 10);
    let second = intake::letters(center, &bank.world.admin, "zone/mailer").await.unwrap();
    intake::handed_out(center, letters.commit).await.unwrap();
    assert_eq!(intake::handed_out(center, second.commit).await.unwrap_err().code, Code::CHANGED_MEANWHILE);
    assert_eq!(intake::letters(center, &bank.world.admin, "zone/mailer").await.unwrap().count, 0);
    // The block opens, under the mailer's key, to a PIN: who prints it need not know the card's number.
    let line = letters.text.lines().nth(1).unwrap().split(',').collect::<Vec<_>>();
    assert_eq!((line[0], line[2], line[4]), ("C-0", "1", "zone/mailer.1"));
    let under = KeyRef::Named(KeyId::new("zone/mailer", 1).unwrap());
    let data = hex::decode(line[3]).unwrap();
    let item = Enciphering { under: &under, mechanism: BlockMechanism::TdesEcb, data: &data };
    let clear = center.keystore.decipher(&item).unwrap();
    assert_eq!(clear.expose()[0], 0x15, "format 1, five digits");
}
