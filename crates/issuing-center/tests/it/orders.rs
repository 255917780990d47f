//! Orders: who may approve them, and what approval makes of them.

use cardwright_issuance::state::OrderState;
use cardwright_issuing_center::intake;
use cardwright_issuing_center::sealing;
use cardwright_issuing_center::store::Store;
use cardwright_relay::Code;

use crate::world::World;

const ROW: &str = "R-1,north,identity,new,ACME,Tom,Zoë Needleworth,4929000000001234,92389,\n";

#[tokio::test]
async fn approval_prepares_the_data_of_the_card() {
    let world = World::new().await;
    let orders = world.two_prepared().await;
    for (order, masked) in orders.iter().zip(["492900******1234", "492900******5678"]) {
        let row = world.center.store.order(order.id).await.unwrap().unwrap();
        assert_eq!((row.state, row.approved_by), (OrderState::Prepared, Some(world.approver.id)));
        let data = sealing::open_prepared(&world.center, order.id).await.unwrap();
        assert_eq!(data.masked_number, masked);
    }
}

#[tokio::test]
async fn who_entered_an_order_does_not_approve_it() {
    let world = World::new().await;
    world.import(ROW).await.unwrap();
    let refused = intake::approve(&world.center, &world.entry, &["R-1".into()]).await.unwrap_err();
    assert_eq!(refused.code, Code::SAME_PERSON);
    world.assert_refusal_logged(Code::SAME_PERSON).await;
    let row = world.center.store.order_by_reference("R-1").await.unwrap().unwrap();
    assert_eq!(row.state, OrderState::Received);
}

#[tokio::test]
async fn an_order_is_approved_once_and_an_unknown_one_never() {
    let world = World::new().await;
    world.two_prepared().await;
    for (reference, code) in [("R-1", Code::ORDER_APPROVED), ("R-3", Code::ORDER_UNKNOWN)] {
        let refused = intake::approve(&world.center, &world.approver, &[reference.to_owned()]).await.unwrap_err();
        assert_eq!(refused.code, code);
    }
}

#[tokio::test]
async fn of_several_orders_all_are_approved_or_none() {
    let world = World::new().await;
    world.import(ROW).await.unwrap();
    let references = ["R-1".to_owned(), "R-3".to_owned()];
    assert!(intake::approve(&world.center, &world.approver, &references).await.is_err());
    let row = world.center.store.order_by_reference("R-1").await.unwrap().unwrap();
    assert_eq!(row.state, OrderState::Received);
    assert_eq!(world.center.store.prepared(row.id).await.unwrap(), None);
}

#[tokio::test]
async fn an_order_that_is_not_prepared_has_no_data() {
    let world = World::new().await;
    let orders = world.import(ROW).await.unwrap();
    let refused = sealing::open_prepared(&world.center, orders[0].id).await;
    assert_eq!(refused.err().map(|refused| refused.code), Some(Code::ORDER_NOT_PREPARED));
}

#[tokio::test]
async fn a_rejected_order_is_closed_for_good() {
    let world = World::new().await;
    world.import(ROW).await.unwrap();
    let (store, now) = (&*world.center.store, world.center.now());
    let by_who_entered = intake::reject(store, now, &world.entry, "R-1").await.unwrap_err();
    assert_eq!(by_who_entered.code, Code::SAME_PERSON);
    world.assert_refusal_logged(Code::SAME_PERSON).await;
    assert_eq!(intake::reject(store, now, &world.approver, "R-1").await.unwrap().state, OrderState::Rejected);
    assert_eq!(intake::reject(store, now, &world.approver, "R-1").await.unwrap_err().code, Code::ORDER_CLOSED);
    let approved = intake::approve(&world.center, &world.approver, &["R-1".into()]).await;
    assert_eq!(approved.unwrap_err().code, Code::ORDER_CLOSED);
}
