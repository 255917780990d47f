//! What people registered: every row has its entry, every entry its row.

use cardwright_issuance::entry::{Entry, Event};
use cardwright_issuing_center::store::Store;

use super::Account;
use crate::card::HeldCard;

/// The names under which things may have been registered.
pub(crate) struct Names {
    pub(crate) bases: Vec<&'static str>,
    pub(crate) people: Vec<&'static str>,
    pub(crate) products: Vec<&'static str>,
    pub(crate) profiles: Vec<&'static str>,
}

/// Whether `entry` tells that a thing of this kind was registered, or withdrawn.
fn tells(entry: &Entry, kind: &str, named: &str, expected: bool) -> bool {
    let Event::Registered { what, name, present } = &entry.event else { return false };
    // a digest follows the names of products and profiles
    what == kind && name.split(' ').next() == Some(named) && *present == expected
}

pub(super) async fn check(account: &mut Account<'_>, names: &Names, cards: &[HeldCard]) {
    let store = account.store;
    let mut rows = Vec::new();
    for name in &names.bases {
        rows.push(("base", *name, usize::from(store.base(name).await.unwrap().is_some())));
    }
    for name in &names.people {
        rows.push(("person", name, usize::from(store.person(name).await.unwrap().is_some())));
    }
    for name in &names.products {
        rows.push(("product", name, store.product(name).await.unwrap().map_or(0, |text| text.version as usize)));
    }
    for name in &names.profiles {
        rows.push(("profile", name, usize::from(store.profile(name).await.unwrap().is_some())));
    }
    for (kind, name, there) in rows {
        let told = account.count(|entry| tells(entry, kind, name, true));
        account.expect(told == there, || format!("{kind} {name} is there {there} times and told {told} times"));
    }
    stock(account, cards).await;
    terminals(account).await;
    readers(account).await;
    received(account).await;
}

async fn stock(account: &mut Account<'_>, cards: &[HeldCard]) {
    let mut there = 0;
    for card in cards {
        there += account.store.cards_by_kdd(card.kdd).await.unwrap().len();
    }
    let told = account.entries.iter().filter_map(|entry| match &entry.event {
        Event::Registered { what, name, .. } if what == "stock" => name.split(' ').next()?.parse::<usize>().ok(),
        _ => None,
    });
    let told: usize = told.sum();
    account.expect(told == there, || format!("{there} cards are in the database and {told} are told"));
}

async fn terminals(account: &mut Account<'_>) {
    for row in account.store.terminals().await.unwrap() {
        let about =
            |entry: &Entry, present| entry.terminal == Some(row.id) && tells(entry, "terminal", &row.name, present);
        let told = [true, false].map(|present| account.count(|entry| about(entry, present)));
        let expected = [1, usize::from(row.revoked.is_some())];
        account.expect(told == expected, || format!("terminal {row:?} is told {told:?} times"));
    }
    let rows = account.store.terminals().await.unwrap().len();
    let told = account
        .count(|entry| matches!(&entry.event, Event::Registered { what, present: true, .. } if what == "terminal"));
    account.expect(told == rows, || format!("{rows} terminals are there and {told} are told"));
}

async fn readers(account: &mut Account<'_>) {
    let rows = account.store.readers().await.unwrap();
    for row in &rows {
        let told = [true, false].map(|present| account.count(|entry| tells(entry, "reader", &row.name, present)));
        let expected = [1, usize::from(row.revoked.is_some())];
        account.expect(told == expected, || format!("reader {row:?} is told {told:?} times"));
    }
    let told = account
        .count(|entry| matches!(&entry.event, Event::Registered { what, present: true, .. } if what == "reader"));
    account.expect(told == rows.len(), || format!("{} readers are there and {told} are told", rows.len()));
}

/// No order is told that is not there.
async fn received(account: &mut Account<'_>) {
    let orders = account.store.orders(10_000).await.unwrap().len();
    let told = account.count(|entry| entry.event == Event::OrderReceived);
    account.expect(told == orders, || format!("{orders} orders are there and {told} are told"));
}
