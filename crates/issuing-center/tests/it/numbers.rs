//! Card numbers: none is given twice, by whichever way it comes.

use std::collections::BTreeSet;

use cardwright_data_preparation::emv::Pan;
use cardwright_issuing_center::numbers::{For, Giving, Range};
use cardwright_issuing_center::store::{Commit, Registration, SealedOrder, Store};
use cardwright_relay::Code;
use zeroize::Zeroizing;

use crate::world::World;

/// Two digits are free: a hundred numbers.
fn range() -> Range {
    Range { prefix: "4929000000000".into(), length: 16 }
}

struct Orders {
    world: World,
    orders: Vec<(cardwright_issuance::row::Order, SealedOrder)>,
}

impl Orders {
    async fn new(count: usize) -> Self {
        let world = World::new().await;
        let row = |number| format!("R-{number},north,identity,new,ACME,Tom,Zoë Needleworth,4929000000001234,92389,\n");
        let rows: String = (0..count).map(row).collect();
        let mut orders = Vec::new();
        for order in world.import(&rows).await.unwrap() {
            let sealed = world.center.store.sealed_order(order.id).await.unwrap().unwrap();
            orders.push((order, sealed));
        }
        Self { world, orders }
    }

    fn wanted(&self, order: usize, sequence: u8) -> For<'_> {
        let (order, sealed) = &self.orders[order];
        For { order: order.id, reference: &order.reference, sealed, sequence }
    }

    async fn commit(&self, registrations: Vec<Registration>) -> bool {
        self.world.center.store.commit(Commit { registrations, ..Commit::default() }).await.is_ok()
    }

    async fn assigned(&self, giving: &mut Giving, order: usize) -> (Zeroizing<String>, Vec<Registration>) {
        let (digits, rows) = giving.assign(&self.world.center, self.wanted(order, 0), &range()).await.unwrap();
        (digits, rows.into())
    }
}

#[tokio::test]
async fn a_range_gives_each_of_its_numbers_once_and_then_none() {
    let orders = Orders::new(101).await;
    let mut seen = BTreeSet::new();
    for order in 0..100 {
        let (digits, rows) = orders.assigned(&mut Giving::default(), order).await;
        assert!(Pan::new(digits.as_bytes()).is_some() && digits.starts_with("4929000000000"), "{order}");
        assert!(seen.insert(digits.to_string()), "{order}: a number again");
        assert!(orders.commit(rows).await);
    }
    let refused = Giving::default().assign(&orders.world.center, orders.wanted(100, 0), &range()).await;
    let refused = refused.err().unwrap();
    assert_eq!((refused.code, refused.parameters), (Code::RANGE_EXHAUSTED, vec![range().name()]));
    let kept = orders.world.center.store.number_of(orders.orders[7].0.id).await.unwrap().unwrap();
    assert!(seen.iter().all(|digits| !kept.sealed.windows(16).any(|window| window == digits.as_bytes())));
    assert!(kept.masked.starts_with("492900******"));
}

#[tokio::test]
async fn of_two_who_assign_at_the_same_time_one_begins_anew() {
    let orders = Orders::new(2).await;
    let (one, rows) = orders.assigned(&mut Giving::default(), 0).await;
    let (other, late) = orders.assigned(&mut Giving::default(), 1).await;
    assert_eq!(one, other, "both saw the same place");
    assert!(orders.commit(rows).await);
    assert!(!orders.commit(late).await);
    let (again, rows) = orders.assigned(&mut Giving::default(), 1).await;
    assert_ne!(again, one);
    assert!(orders.commit(rows).await);
}

#[tokio::test]
async fn one_commit_assigns_different_numbers() {
    let orders = Orders::new(2).await;
    let mut giving = Giving::default();
    let (one, mut rows) = orders.assigned(&mut giving, 0).await;
    let (other, more) = orders.assigned(&mut giving, 1).await;
    assert_ne!(one, other);
    rows.extend(more);
    assert!(orders.commit(rows).await);
    assert_eq!(orders.world.center.store.numbers_taken(&range().name()).await.unwrap(), Some(2));
}

#[tokio::test]
async fn a_number_that_an_order_brought_is_left_out_of_the_range() {
    let orders = Orders::new(3).await;
    let center = &orders.world.center;
    let (first, _) = orders.assigned(&mut Giving::default(), 0).await;
    let brought = Giving::default().enter(center, orders.wanted(0, 0), &first).await.unwrap();
    assert!(orders.commit(vec![brought]).await);
    let (next, rows) = orders.assigned(&mut Giving::default(), 1).await;
    assert_ne!(first, next, "the range goes on past it");
    assert!(orders.commit(rows).await);
    let again = Giving::default().enter(center, orders.wanted(2, 0), &next).await.err().unwrap();
    assert_eq!((again.code, again.parameters), (Code::NUMBER_TAKEN, vec!["R-2".to_owned()]));
    let another_card = Giving::default().enter(center, orders.wanted(2, 1), &next).await.unwrap();
    assert!(orders.commit(vec![another_card]).await, "another sequence number is another card");
}

#[tokio::test]
async fn a_number_stays_its_orders_and_opens_for_it_alone() {
    let orders = Orders::new(2).await;
    let center = &orders.world.center;
    let (digits, rows) = orders.assigned(&mut Giving::default(), 0).await;
    assert!(orders.commit(rows).await);
    let (row, opened) = Giving::before(center, orders.wanted(0, 0)).await.unwrap().unwrap();
    assert_eq!((opened, row.sequence), (digits, 0));
    assert!(Giving::before(center, orders.wanted(1, 0)).await.unwrap().is_none());
    let (order, _) = &orders.orders[0];
    let other = For { order: order.id, reference: "R-0", sealed: &orders.orders[1].1, sequence: 0 };
    assert!(Giving::before(center, other).await.is_err(), "under another order's key");
}
