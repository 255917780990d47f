//! The log.

use cardwright_issuance::entry::Entry;

use super::world::{assert_conflict, base, entry, id, register};
use crate::store::tree;
use crate::store::{Commit, Registration, Store};

pub(super) async fn the_log_grows_by_rfc_6962<S: Store>(store: &S) {
    assert_eq!(store.log_head().await.unwrap(), tree::empty());
    let mut expected = tree::empty();
    let mut leaves = Vec::new();
    for count in 0..9_u8 {
        let entries: Vec<Entry> = (0..count).map(|number| entry(Some(number))).collect();
        for entry in &entries {
            leaves.push(tree::append(&mut expected, entry).unwrap());
        }
        store.commit(Commit { entries, ..Commit::default() }).await.unwrap();
        assert_eq!(store.log_head().await.unwrap(), expected);
    }
    assert_eq!(store.leaves(0, 1_000).await.unwrap(), leaves);
    assert_eq!(store.leaves(5, 3).await.unwrap(), leaves[5..8]);
    assert_eq!(store.leaves(36, 3).await.unwrap(), []);
    let read: Entry = minicbor::decode(&leaves[7].entry).unwrap();
    assert_eq!(minicbor::to_vec(&read).unwrap(), leaves[7].entry);
    assert_eq!(leaves[7].order, read.order);
}

pub(super) async fn leaves_of_an_order_are_its_own<S: Store>(store: &S) {
    let entries = [Some(1), None, Some(2), Some(1)].map(entry).into();
    store.commit(Commit { entries, ..Commit::default() }).await.unwrap();
    let of = |leaves: Vec<crate::store::Leaf>| leaves.iter().map(|leaf| leaf.index).collect::<Vec<_>>();
    assert_eq!(of(store.leaves_of(id(1)).await.unwrap()), [0, 3]);
    assert_eq!(of(store.leaves_of(id(2)).await.unwrap()), [2]);
    assert_eq!(of(store.leaves_of(id(3)).await.unwrap()), Vec::<i64>::new());
}

pub(super) async fn entries_of_a_refused_commit_are_not_in_the_log<S: Store>(store: &S) {
    register(store, vec![Registration::Base(base("north"))]).await.unwrap();
    let registrations = vec![Registration::Base(base("north"))];
    assert_conflict(store.commit(Commit { registrations, entries: vec![entry(None)], ..Commit::default() }).await);
    assert_eq!(store.log_head().await.unwrap(), tree::empty());
    assert_eq!(store.leaves(0, 10).await.unwrap(), []);
}

/// Twenty commits at once, each with two entries that must stand side by side.
pub(super) async fn commits_at_the_same_time_leave_no_gap<S: Store>(store: &S) {
    let commit = |byte: u8| async move {
        let registrations = vec![Registration::Base(base(&format!("base-{byte}")))];
        let entries = vec![entry(Some(byte)), entry(Some(byte))];
        store.commit(Commit { registrations, entries, ..Commit::default() }).await.unwrap();
    };
    let (first, second) = (futures(0..10, &commit), futures(10..20, &commit));
    tokio::join!(first, second);
    let leaves = store.leaves(0, 100).await.unwrap();
    assert_eq!(leaves.iter().map(|leaf| leaf.index).collect::<Vec<_>>(), (0..40).collect::<Vec<_>>());
    assert!(leaves.chunks(2).all(|pair| pair[0].order == pair[1].order));
    let mut head = tree::empty();
    for leaf in &leaves {
        tree::push(&mut head, leaf.hash).unwrap();
    }
    assert_eq!(store.log_head().await.unwrap(), head);
}

/// Runs them all, five at a time.
async fn futures<F: Future<Output = ()>>(bytes: std::ops::Range<u8>, commit: &impl Fn(u8) -> F) {
    for chunk in bytes.collect::<Vec<_>>().chunks(5) {
        let &[a, b, c, d, e] = chunk else { panic!("not five") };
        tokio::join!(commit(a), commit(b), commit(c), commit(d), commit(e));
    }
}
