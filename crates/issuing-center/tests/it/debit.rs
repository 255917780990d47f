//! Debit cards in use: number and sequence number come from the record, the PIN stays where it is not changed, and one
//! that is changed gets a letter.

use std::collections::BTreeSet;

use cardwright_data_preparation::{Profile, Scope};
use cardwright_issuance::row::Order;
use cardwright_issuing_center::calendar::month;
use cardwright_issuing_center::center::Center;
use cardwright_issuing_center::intake::{self, Columns};
use cardwright_issuing_center::issuers::{self, NewIssuer, NewRoot};
use cardwright_issuing_center::registry::document;
use cardwright_issuing_center::registry::key::{self, KeyUse};
use cardwright_issuing_center::store::Store;
use cardwright_issuing_center::{pool, sealing};
use cardwright_keystore::{KeyKind, RsaExponent, RsaSize};
use cardwright_relay::Code;

use crate::world::World;

const DEBIT: &str = include_str!("../../../../profiles/emv-debit.toml");
const KEYS: [(&str, KeyUse); 6] = [
    ("zone/mailer", KeyUse::Zone),
    ("debit-cvk", KeyUse::Verification),
    ("debit-pvk", KeyUse::Verification),
    ("debit-imk-ac", KeyUse::Application),
    ("debit-imk-smi", KeyUse::Application),
    ("debit-imk-smc", KeyUse::Application),
];

/// A center with one live debit card, of the order K-1.
async fn issued() -> (World, Order) {
    let world = World::new().await;
    let (center, admin) = (&world.center, &world.admin);
    for (name, key_use) in KEYS {
        key::generate(center, admin, name, KeyKind::Tdes2, key_use).await.unwrap();
    }
    let (rid, expires) = ([0xF0, 0x45, 0x4D, 0x56, 0x01], month("2035-12").unwrap());
    let size = |bits, exponent| RsaSize::new(bits, exponent).unwrap();
    let root = NewRoot { rid, index: 2, size: size(1152, RsaExponent::F4), expires };
    issuers::make_root(center, admin, root).await.unwrap();
    let new = NewIssuer { name: "example-debit-issuer", size: size(1024, RsaExponent::F4), identifier: "476174" };
    issuers::make(center, admin, new).await.unwrap();
    issuers::sign(center, admin, "example-debit-issuer", (rid, 2), expires).await.unwrap();
    document::import_profile(&*center.store, center.now(), admin, DEBIT).await.unwrap();
    for _ in 0..3 {
        pool::add(center, size(896, RsaExponent::F4)).await.unwrap();
    }
    let order = taken(&world, "K-1,north,emv-debit,new,,,ACME,Tom,Zoë Müller").await;
    world.approve(&["K-1"]).await.unwrap();
    world.issue(&order, DEBIT).await;
    (world, order)
}

async fn taken(world: &World, row: &str) -> Order {
    let profile = Profile::parse(DEBIT).unwrap();
    let fields = profile.fields().iter().map(|field| field.name.clone()).collect();
    let columns = Columns { fields, photos: BTreeSet::new() };
    let text = format!("reference,base,profile,kind,card,argument,customer,taken_by,name\n{row}\n");
    let none = |_: &str| Err("there is no such photo");
    let received = intake::receive_file(&world.center, &world.entry, text.as_bytes(), &columns, &none).await.unwrap();
    world.center.store.commit(received.commit).await.unwrap();
    received.orders.into_iter().next().unwrap()
}

/// Whether the change is made under the keys of cryptograms and scripts that the card was issued with.
async fn is_under_the_cards_keys(world: &World, issued: &Order, change: &Order) -> bool {
    let issued = sealing::open_prepared(&world.center, issued.id).await.unwrap();
    let change = sealing::open_prepared(&world.center, change.id).await.unwrap();
    assert!(change.applications.last().unwrap().script.is_some());
    let application = issued.applications.last().unwrap();
    let keys = application.dgis.iter().map(|one| one.dgi()).find(|dgi| dgi.identifier == 0x8000).unwrap();
    let bytes = change.to_bytes();
    bytes.windows(keys.data.len()).any(|window| window == keys.data.as_slice())
}

#[tokio::test]
async fn personal_data_by_script_is_prepared_under_the_keys_that_the_card_has() {
    let (world, order) = issued().await;
    let change = taken(&world, "D-1,north,,personal-data,K-1,,ACME,Tom,Zoë Newname").await;
    world.approve(&["D-1"]).await.unwrap();
    let data = sealing::open_prepared(&world.center, change.id).await.unwrap();
    assert_eq!(data.scope, Scope::PersonalData);
    assert!(is_under_the_cards_keys(&world, &order, &change).await);
    let store = &world.center.store;
    assert_eq!(store.number_of(change.id).await.unwrap(), None, "the number is still the first order's");
    assert_eq!(store.pin_mailer(change.id).await.unwrap(), None);
}

#[tokio::test]
async fn another_pin_has_a_letter_of_its_own() {
    let (world, order) = issued().await;
    let change = taken(&world, "P-1,north,,pin,K-1,,ACME,Tom,").await;
    world.approve(&["P-1"]).await.unwrap();
    let data = sealing::open_prepared(&world.center, change.id).await.unwrap();
    assert_eq!(data.scope, Scope::Pin);
    assert!(is_under_the_cards_keys(&world, &order, &change).await);
    let letters = intake::letters(&world.center, &world.admin, "zone/mailer").await.unwrap();
    assert_eq!(letters.count, 2, "of the first PIN and of the other");
    let lines: Vec<Vec<&str>> = letters.text.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!((lines[1][0], lines[2][0]), ("K-1", "P-1"));
    assert_ne!(lines[1][3], lines[2][3]);
}

#[tokio::test]
async fn a_number_that_was_destroyed_is_told_as_such_and_one_that_is_damaged_is_not() {
    let (world, order) = issued().await;
    // Three days later, so that the change's own data is destroyed on another day.
    let clock = std::sync::Arc::new(|| 1_795_000_000_000_000 + 3 * 86_400 * 1_000_000);
    let center = Center { clock, ..world.center.clone() };
    let world = World { center, ..world };
    let change = taken(&world, "D-1,north,,personal-data,K-1,,ACME,Tom,Zoë Newname").await;
    let number = world.center.store.number_of(order.id).await.unwrap().unwrap();
    assert_eq!(world.tamper("UPDATE card_numbers SET sealed = x'00'").await, 1);
    assert_eq!(world.approve(&["D-1"]).await.unwrap_err().code, Code::KEYSTORE_UNAVAILABLE);
    let statement = format!("UPDATE card_numbers SET sealed = x'{}'", hex::encode(number.sealed));
    assert_eq!(world.tamper(&statement).await, 1);
    let first = world.center.store.sealed_order(order.id).await.unwrap().unwrap();
    let key = world.center.store.destruction_key(first.destruction_day).await.unwrap().unwrap();
    world.center.keystore.destroy(&key.parse().unwrap()).unwrap();
    let refused = world.approve(&["D-1"]).await.unwrap_err();
    assert_eq!((refused.code, refused.parameters[0].as_str()), (Code::DATA_REFUSED, "card-number"));
    assert_eq!(world.center.store.prepared(change.id).await.unwrap(), None);
}
