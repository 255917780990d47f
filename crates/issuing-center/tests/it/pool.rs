//! The pool of cards' keys: made ahead, opened in their own row alone, each taken once.

use cardwright_issuing_center::pool::worker;
use cardwright_issuing_center::pool::{self, Levels, Taking};
use cardwright_issuing_center::stop::Stop;
use cardwright_issuing_center::store::{Commit, Store};
use cardwright_keystore::{RsaExponent, RsaSize};
use cardwright_relay::Code;

use crate::world::World;

fn size() -> RsaSize {
    RsaSize::new(512, RsaExponent::Three).unwrap()
}

async fn keys(world: &World) -> Vec<cardwright_issuing_center::store::PoolKey> {
    world.center.store.pool_keys(512, 3, 99).await.unwrap()
}

#[tokio::test]
async fn a_key_opens_in_its_own_row_and_in_no_other() {
    let world = World::new().await;
    for _ in 0..2 {
        pool::add(&world.center, size()).await.unwrap();
    }
    let keys = keys(&world).await;
    let keystore = &*world.center.keystore;
    let opened = pool::open(keystore, &keys[0]).unwrap();
    assert_eq!((opened.n.as_slice(), opened.e.as_slice()), (keys[0].modulus.as_slice(), &[3][..]));
    let mut moved = keys[0].clone();
    moved.sealed = keys[1].sealed.clone();
    assert!(pool::open(keystore, &moved).is_err(), "another row's");
    let mut resized = keys[0].clone();
    resized.exponent = 65_537;
    assert!(pool::open(keystore, &resized).is_err(), "as another size");
    let mut renamed = keys[0].clone();
    renamed.modulus = keys[1].modulus.clone();
    assert!(pool::open(keystore, &renamed).is_err(), "under another modulus");
}

#[tokio::test]
async fn two_who_take_at_the_same_time_never_get_the_same_key() {
    let world = World::new().await;
    for _ in 0..2 {
        pool::add(&world.center, size()).await.unwrap();
    }
    let (mut first, mut second) = (Taking::default(), Taking::default());
    let (one, take_one) = first.take(&world.center, size()).await.unwrap();
    let (other, take_other) = second.take(&world.center, size()).await.unwrap();
    assert_eq!(one.n, other.n, "both saw the oldest");
    let commit = |row| world.center.store.commit(Commit { registrations: vec![row], ..Commit::default() });
    commit(take_one).await.unwrap();
    assert!(commit(take_other).await.is_err(), "the second one is refused, and begins anew");
    let (again, take_again) = Taking::default().take(&world.center, size()).await.unwrap();
    assert_ne!(again.n, one.n);
    commit(take_again).await.unwrap();
    let empty = Taking::default().take(&world.center, size()).await.err().unwrap();
    assert_eq!((empty.code, empty.parameters), (Code::POOL_EMPTY, vec!["512 bits, e = 3".to_owned()]));
}

#[tokio::test]
async fn one_commit_takes_two_different_keys() {
    let world = World::new().await;
    for _ in 0..2 {
        pool::add(&world.center, size()).await.unwrap();
    }
    let mut taking = Taking::default();
    let (one, _) = taking.take(&world.center, size()).await.unwrap();
    let (other, _) = taking.take(&world.center, size()).await.unwrap();
    assert_ne!(one.n, other.n);
    assert_eq!(taking.take(&world.center, size()).await.err().unwrap().code, Code::POOL_EMPTY);
}

#[tokio::test]
async fn the_worker_makes_nothing_that_no_profile_asks_for_and_stops_when_it_is_told() {
    let world = World::new().await;
    let (stop, stopping) = Stop::new();
    let worker = tokio::spawn(worker::run(world.center.clone(), Levels { full: 3, low: 1 }, stopping));
    assert!(stop.stop(std::time::Duration::from_secs(10)).await);
    worker.await.unwrap();
    assert_eq!(world.center.store.pool_levels().await.unwrap(), []);
}
