//! Bases, people, documents, settings, kept answers.

use super::world::{NOW, assert_conflict, base, document, id, person, register};
use crate::store::{Idempotency, Registration, Store};

pub(super) async fn what_was_registered_reads_back<S: Store>(store: &S) {
    assert_eq!(store.base("north").await.unwrap(), None);
    register(store, vec![Registration::Base(base("north")), Registration::Person(person(1, "Ada"))]).await.unwrap();
    assert_eq!(store.base("north").await.unwrap(), Some(base("north")));
    assert_eq!(store.person("Ada").await.unwrap(), Some(person(1, "Ada")));
    assert_eq!(store.person_by_id(id(1)).await.unwrap(), Some(person(1, "Ada")));
    assert_eq!(store.person("ada").await.unwrap(), None);
    register(store, vec![Registration::DestructionKey { day: 20_001, key: "day/20001.1".into() }]).await.unwrap();
    assert_eq!(store.destruction_key(20_001).await.unwrap().as_deref(), Some("day/20001.1"));
    assert_eq!(store.destruction_key(20_002).await.unwrap(), None);
}

pub(super) async fn a_name_is_taken_once<S: Store>(store: &S) {
    register(store, vec![Registration::Base(base("north")), Registration::Person(person(1, "Ada"))]).await.unwrap();
    assert_conflict(register(store, vec![Registration::Base(base("north"))]).await);
    assert_conflict(register(store, vec![Registration::Person(person(2, "Ada"))]).await);
    assert_conflict(register(store, vec![Registration::Person(person(1, "Bea"))]).await);
    let again = Registration::DestructionKey { day: 1, key: "day/1.1".into() };
    register(store, vec![again]).await.unwrap();
    assert_conflict(register(store, vec![Registration::DestructionKey { day: 1, key: "day/1.2".into() }]).await);
}

pub(super) async fn the_newest_text_of_a_document_is_found<S: Store>(store: &S) {
    let texts = vec![
        Registration::Profile(document("identity", 1, "one")),
        Registration::Profile(document("identity", 10, "ten")),
        Registration::Profile(document("identity", 2, "two")),
        Registration::Product(document("identity", 1, "a product")),
        Registration::Profile(document("badge", 1, "b")),
    ];
    register(store, texts).await.unwrap();
    assert_eq!(store.profile("identity").await.unwrap(), Some(document("identity", 10, "ten")));
    assert_eq!(store.product("identity").await.unwrap(), Some(document("identity", 1, "a product")));
    assert_eq!(store.product("badge").await.unwrap(), None);
    assert_eq!(store.profiles().await.unwrap(), [document("badge", 1, "b"), document("identity", 10, "ten")]);
    assert_eq!(store.products().await.unwrap(), [document("identity", 1, "a product")]);
    assert_conflict(register(store, vec![Registration::Profile(document("identity", 2, "other"))]).await);
}

pub(super) async fn a_setting_is_written_once<S: Store>(store: &S) {
    let setting = |value: u8| Registration::Setting { name: "authority".into(), value: vec![value] };
    assert_eq!(store.setting("authority").await.unwrap(), None);
    register(store, vec![setting(1)]).await.unwrap();
    assert_conflict(register(store, vec![setting(2)]).await);
    assert_eq!(store.setting("authority").await.unwrap(), Some(vec![1]));
}

pub(super) async fn an_idempotency_key_is_kept_once<S: Store>(store: &S) {
    let answer = Idempotency { key: "Ada/1".into(), request: [1; 32], status: 201, body: b"{}".to_vec(), created: NOW };
    register(store, vec![Registration::Idempotency(answer.clone())]).await.unwrap();
    assert_eq!(store.idempotency("Ada/1").await.unwrap(), Some(answer.clone()));
    assert_conflict(register(store, vec![Registration::Idempotency(answer)]).await);
    assert_eq!(store.idempotency("Ada/2").await.unwrap(), None);
}
