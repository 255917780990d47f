//! Sealed values open in their own row and column, for their own card and key, and nowhere else.

use cardwright_data_preparation::Profile;
use cardwright_globalplatform::StaticKey;
use cardwright_issuance::row::{KeySet, Order};
use cardwright_issuing_center::sealing;
use cardwright_issuing_center::store::Store;
use cardwright_keystore::{Derivation, KeyId};
use sha2::{Digest, Sha256};

use crate::stock::in_stock;
use crate::world::{PROFILE, World};

async fn opens(world: &World, order: &Order) -> bool {
    sealing::open_prepared(&world.center, order.id).await.is_ok()
}

/// Moves a column's value from.
async fn moved(table: &str, key: &str, column: &str) -> (World, Vec<Order>) {
    let world = World::new().await;
    let orders = world.two_prepared().await;
    assert!(opens(&world, &orders[0]).await && opens(&world, &orders[1]).await);
    let [to, from] = [&orders[0], &orders[1]].map(|order| hex::encode(*order.id));
    let value = format!("(SELECT {column} FROM {table} WHERE {key} = x'{from}')");
    assert_eq!(world.tamper(&format!("UPDATE {table} SET {column} = {value} WHERE {key} = x'{to}'")).await, 1);
    (world, orders)
}

#[tokio::test]
async fn prepared_data_moved_to_another_order_does_not_open() {
    for (table, column) in [("prepared", "sealed"), ("prepared", "digest"), ("sealed_orders", "data_key")] {
        let (world, orders) = moved(table, "order_id", column).await;
        assert!(!opens(&world, &orders[0]).await, "{table}.{column}");
        assert!(opens(&world, &orders[1]).await, "{table}.{column}");
    }
}

#[tokio::test]
async fn prepared_data_moved_with_its_key_does_not_open_either() {
    let (world, orders) = moved("prepared", "order_id", "sealed").await;
    let [to, from] = [&orders[0], &orders[1]].map(|order| hex::encode(*order.id));
    for (table, column) in [("prepared", "digest"), ("sealed_orders", "data_key"), ("sealed_orders", "fields")] {
        let value = format!("(SELECT {column} FROM {table} WHERE order_id = x'{from}')");
        world.tamper(&format!("UPDATE {table} SET {column} = {value} WHERE order_id = x'{to}'")).await;
    }
    assert!(!opens(&world, &orders[0]).await);
}

#[tokio::test]
async fn an_orders_fields_moved_to_another_order_or_column_do_not_open() {
    let world = World::new().await;
    let orders = world.two_prepared().await;
    let profile = Profile::parse(PROFILE).unwrap();
    let keystore = &*world.center.keystore;
    let [first, second] = [
        world.center.store.sealed_order(orders[0].id).await.unwrap().unwrap(),
        world.center.store.sealed_order(orders[1].id).await.unwrap().unwrap(),
    ];
    let content = sealing::open_order(keystore, orders[0].id, &first, &profile).unwrap();
    assert_eq!((content.customer.as_str(), content.taken_by.as_str()), ("ACME", "Tom"));
    assert_eq!(content.fields.value("name"), Some("Zoë Needleworth".as_bytes()));
    assert!(sealing::open_order(keystore, orders[0].id, &second, &profile).is_err());
    let mut other_column = first.clone();
    other_column.fields = world.center.store.prepared(orders[0].id).await.unwrap().unwrap().sealed;
    assert!(sealing::open_order(keystore, orders[0].id, &other_column, &profile).is_err());
    for place in [0, first.fields.len() / 2, first.fields.len() - 1] {
        let mut changed = first.clone();
        changed.fields[place] ^= 1;
        assert!(sealing::open_order(keystore, orders[0].id, &changed, &profile).is_err(), "byte {place}");
    }
}

#[tokio::test]
async fn the_day_key_gone_the_data_is_gone() {
    let world = World::new().await;
    let orders = world.two_prepared().await;
    let sealed = world.center.store.sealed_order(orders[0].id).await.unwrap().unwrap();
    let handle = world.center.store.destruction_key(sealed.destruction_day).await.unwrap().unwrap();
    world.center.keystore.destroy(&handle.parse::<KeyId>().unwrap()).unwrap();
    assert!(!opens(&world, &orders[0]).await && !opens(&world, &orders[1]).await);
}

#[tokio::test]
async fn nobody_without_the_keystore_can_try_values_against_a_digest() {
    let world = World::new().await;
    let orders = world.two_prepared().await;
    let data = sealing::open_prepared(&world.center, orders[0].id).await.unwrap();
    let stored = world.center.store.prepared(orders[0].id).await.unwrap().unwrap().digest;
    let guessed: [u8; 32] = Sha256::digest(&*data.to_bytes()).into();
    assert_eq!(guessed, *data.digest(), "the control: this is the digest of the clear value");
    assert_ne!(stored, guessed);
    assert_ne!(stored, <[u8; 32]>::from(Sha256::digest(guessed)));
}

#[tokio::test]
async fn a_cards_key_works_for_its_card_version_generation_and_role_alone() {
    let world = World::new().await;
    let card = in_stock(&world, 1).await[0].id;
    let sets = world.center.store.key_sets(card).await.unwrap();
    let works = |set: &KeySet, role| {
        let Ok(key) = sealing::card_key(set, role) else { return false };
        let derivation = Derivation::AesCmac { blocks: vec![vec![1]], length: 16 };
        world.center.keystore.session_secrets(&[(&key, &derivation)]).is_ok()
    };
    for set in &sets {
        assert!(StaticKey::ALL.iter().all(|role| works(set, *role)));
        let mut swapped = set.clone();
        swapped.wrapped.swap(0, 1);
        assert!(
            !works(&swapped, StaticKey::Enc) && !works(&swapped, StaticKey::Mac) && works(&swapped, StaticKey::Dek)
        );
        for change in [
            |set: &mut KeySet| set.version ^= 1,
            |set: &mut KeySet| set.generation += 1,
            |set: &mut KeySet| set.card = [9; 16].into(),
            |set: &mut KeySet| set.wrapped[0].truncate(5),
            |set: &mut KeySet| set.wrapped[0].clear(),
        ] {
            let mut other = set.clone();
            change(&mut other);
            assert!(!works(&other, StaticKey::Enc));
        }
    }
}
