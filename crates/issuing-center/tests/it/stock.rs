//! Stock: a shipment is what the batch key says, or nothing of it is imported.

use aes::Aes128;
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit};
use cardwright_issuance::row::Card;
use cardwright_issuance::state::KeySetState;
use cardwright_issuing_center::file_fault::FileRefused;
use cardwright_issuing_center::registry::document;
use cardwright_issuing_center::registry::key::{self, KeyUse, NewMaster};
use cardwright_issuing_center::registry::stock;
use cardwright_issuing_center::store::Store;
use cardwright_keystore::{Kcv, KeyKind, PublishedKeys};
use cardwright_relay::Code;
use cmac::{Cmac, Mac};

use crate::world::{PRODUCT, World};

const MASTER: [u8; 16] = *b"\x1F\x02\xA3\x04\xB5\x06\xC7\x08\xD9\x0A\xEB\x0C\xFD\x0E\x1F\x10";
const PUBLISHED: [u8; 16] =
    [0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4A, 0x4B, 0x4C, 0x4D, 0x4E, 0x4F];

/// The check value of an AES key (GPCS §B.6), computed here and not by the center.
pub(crate) fn check_value(key: &[u8; 16]) -> Kcv {
    let mut block = Array::from([1; 16]);
    Aes128::new(&Array::from(*key)).encrypt_block(&mut block);
    Kcv([block[0], block[1], block[2]])
}

/// KDF3 of a card's key, computed here: counter 1, label, separator, KDD.
fn card_key(master: &[u8; 16], number: u8, kdd: &[u8; 10]) -> [u8; 16] {
    let mut mac = <Cmac<Aes128> as KeyInit>::new(&Array::from(*master));
    mac.update(&[1, 0, 0, 0, number, 0]);
    mac.update(kdd);
    mac.finalize().into_bytes().into()
}

fn kdd(card: u8) -> [u8; 10] {
    [b'T', b'E', b'S', b'T', 0, 0, 0, 0, 0, card]
}

/// A shipment of so many cards under `master`.
pub(crate) fn shipment(master: &[u8; 16], cards: u8) -> String {
    let mut text = "product,iin,cin,cplc,kdd,kvn,kcvs\n".to_owned();
    for card in 1..=cards {
        let kdd = kdd(card);
        let values = [1, 2, 3].map(|number| check_value(&card_key(master, number, &kdd)).to_string()).join("/");
        text += &format!("scp03-i70,999999,{card:04X},{},{},30,{values}\n", "5A".repeat(42), hex::encode_upper(kdd));
    }
    text
}

pub(crate) async fn import_key(world: &World, value: &[u8; 16], published: PublishedKeys) -> Result<(), Code> {
    let new = NewMaster {
        name: "batch",
        kind: KeyKind::Aes128,
        key_use: KeyUse::CardKeys,
        value,
        expected: Some(check_value(value)),
        published,
    };
    key::import(&world.center, &world.admin, &new).await.map(drop).map_err(|refused| refused.code)
}

async fn import(world: &World, text: &str) -> Result<usize, FileRefused> {
    stock::import(&world.center, &world.admin, text.as_bytes(), "batch").await
}

/// So many cards in stock.
pub(crate) async fn in_stock(world: &World, cards: u8) -> Vec<Card> {
    import_key(world, &MASTER, PublishedKeys::Refused).await.unwrap();
    import(world, &shipment(&MASTER, cards)).await.unwrap();
    let mut found = Vec::new();
    for card in 1..=cards {
        found.extend(world.center.store.cards_by_kdd(kdd(card)).await.unwrap());
    }
    found
}

#[tokio::test]
async fn a_shipment_gives_cards_with_transport_and_issuer_keys() {
    let world = World::new().await;
    let cards = in_stock(&world, 3).await;
    assert_eq!(cards.len(), 3);
    let mut values = Vec::new();
    for card in &cards {
        let sets = world.center.store.key_sets(card.id).await.unwrap();
        let [transport, issuer] = <[_; 2]>::try_from(sets).unwrap();
        assert_eq!((transport.version, transport.generation, transport.state), (0x30, 0, KeySetState::Transport));
        assert_eq!((issuer.version, issuer.generation, issuer.state), (0x31, 1, KeySetState::Derived));
        assert_eq!(Kcv(transport.check_values[0]), check_value(&card_key(&MASTER, 1, &card.kdd)));
        values.extend(transport.check_values.into_iter().chain(issuer.check_values));
    }
    values.sort();
    values.dedup();
    assert_eq!(values.len(), 3 * 6, "no two keys are the same");
}

fn fault(refused: FileRefused) -> (u64, String) {
    match refused {
        FileRefused::Faults(Code::STOCK_FILE_REFUSED, faults) => (faults[0].row, faults[0].column.clone()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn one_wrong_card_keeps_the_whole_shipment_out() {
    let world = World::new().await;
    import_key(&world, &MASTER, PublishedKeys::Refused).await.unwrap();
    let right = shipment(&MASTER, 3);
    let last_kcv = right.trim_end().rfind('/').unwrap() + 1;
    let mut wrong = right.clone();
    wrong.replace_range(last_kcv..last_kcv + 6, "000000");
    assert_eq!(fault(import(&world, &wrong).await.unwrap_err()), (4, "kcvs".into()));
    assert_eq!(fault(import(&world, &right.replace(",30,", ",20,")).await.unwrap_err()), (2, "kvn".into()));
    assert_eq!(fault(import(&world, &shipment(&[7; 16], 1)).await.unwrap_err()), (2, "kcvs".into()));
    assert_eq!(world.center.store.cards_by_kdd(kdd(1)).await.unwrap(), []);
    assert_eq!(import(&world, &right).await.unwrap(), 3);
    assert_eq!(fault(import(&world, &right).await.unwrap_err()), (2, "kdd".into()), "in stock already");
}

#[tokio::test]
async fn a_batch_key_with_another_check_value_or_length_is_refused() {
    let world = World::new().await;
    let refused = |kind, value: &'static [u8], expected| {
        let new = NewMaster {
            name: "batch",
            kind,
            key_use: KeyUse::CardKeys,
            value,
            expected: Some(expected),
            published: PublishedKeys::Refused,
        };
        let world = &world;
        async move { key::import(&world.center, &world.admin, &new).await.unwrap_err().code }
    };
    assert_eq!(refused(KeyKind::Aes128, &MASTER, Kcv([1, 2, 3])).await, Code::KEY_REFUSED);
    assert_eq!(refused(KeyKind::Aes192, &MASTER, check_value(&MASTER)).await, Code::KEY_REFUSED);
    assert!(key::find(&world.center, "batch").is_err());
}

#[tokio::test]
async fn a_published_key_is_refused() {
    let world = World::new().await;
    let refused = import_key(&world, &PUBLISHED, PublishedKeys::Refused).await;
    assert_eq!(refused, Err(Code::PUBLISHED_KEY));
    assert!(key::find(&world.center, "batch").is_err(), "it was not kept");
}

#[tokio::test]
async fn a_published_key_serves_only_a_product_that_says_so() {
    let world = World::new().await;
    import_key(&world, &PUBLISHED, PublishedKeys::AllowedForTransport).await.unwrap();
    let text = shipment(&PUBLISHED, 1);
    let refused = import(&world, &text).await.unwrap_err().first();
    assert_eq!(refused.code, Code::PUBLISHED_KEY);
    let allowing = format!("{PRODUCT}\npublished_transport_keys = true\n");
    document::import_product(&*world.center.store, world.center.now(), &world.admin, &allowing).await.unwrap();
    assert_eq!(import(&world, &text).await.unwrap(), 1);
}

#[tokio::test]
async fn a_key_whose_entry_cannot_be_written_is_not_kept() {
    let world = World::new().await;
    world.tamper("DROP TABLE log_head").await;
    assert!(import_key(&world, &MASTER, PublishedKeys::Refused).await.is_err());
    assert!(key::find(&world.center, "batch").is_err());
}
