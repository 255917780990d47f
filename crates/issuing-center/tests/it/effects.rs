//! What an approval does at once, and what a cancellation undoes: the card's state, the issuer's host, what waits.

use cardwright_issuance::entry::Event;
use cardwright_issuance::state::{CardState, OrderState};
use cardwright_issuing_center::intake;
use cardwright_issuing_center::registry::person::{self, Role};
use cardwright_issuing_center::store::Store;
use cardwright_relay::Code;

use crate::world::{SECRET, World};

fn bare(name: &str, kind: &str) -> String {
    format!("{name},north,,{kind},R-1,,ACME,Tom,,,,\n")
}

fn replace(name: &str, reason: &str) -> String {
    format!("{name},north,identity,replace,R-1,{reason},ACME,Tom,Zoë Needleworth,4929000000009999,92389,\n")
}

async fn cancel(world: &World, by: &cardwright_issuing_center::store::Person, name: &str) -> Result<(), Code> {
    let (store, now) = (&*world.center.store, world.center.now());
    intake::cancel(store, now, by, name).await.map(drop).map_err(|refused| refused.code)
}

#[tokio::test]
async fn a_blocked_card_is_locked_and_told_at_approval_although_nobody_has_seen_it() {
    let world = World::new().await;
    let [card, _] = world.two_issued().await;
    world.change("P-1,north,,pin,R-1,,ACME,Tom,,,4711,\n").await.unwrap();
    world.change(&bare("B-1", "block")).await.unwrap();
    assert_eq!((world.card_state(card).await, world.told().await.len()), (CardState::Live, 0), "not before");
    world.approve(&["P-1", "B-1"]).await.unwrap();
    assert_eq!(world.card_state(card).await, CardState::Locked);
    assert_eq!(world.told().await, [("blocked".to_owned(), Some(card))]);
    assert_eq!(world.waiting(card).await, ["B-1"], "no PIN is changed on a locked card");
    // Cancelling the order does not undo what its approval did.
    cancel(&world, &world.approver, "B-1").await.unwrap();
    assert_eq!((world.card_state(card).await, world.told().await.len()), (CardState::Locked, 1));
    world.change(&bare("UB-1", "unblock")).await.unwrap();
    world.approve(&["UB-1"]).await.unwrap();
    assert_eq!(world.waiting(card).await, ["UB-1"]);
    assert_eq!(world.card_state(card).await, CardState::Locked, "until the card is seen");
    world.card_goes(card, CardState::Live).await;
    assert_eq!(world.waiting(card).await, ["P-1"], "a card in use needs no unblocking");
}

#[tokio::test]
async fn who_entered_a_block_does_not_approve_it_and_nothing_is_locked_or_told() {
    let world = World::new().await;
    let [card, _] = world.two_issued().await;
    world.change(&bare("B-1", "block")).await.unwrap();
    let refused = intake::approve(&world.center, &world.entry, &["B-1".into()]).await.unwrap_err();
    assert_eq!(refused.code, Code::SAME_PERSON);
    assert_eq!((world.card_state(card).await, world.told().await.len()), (CardState::Live, 0));
}

#[tokio::test]
async fn a_terminated_card_waits_for_nothing_else() {
    let world = World::new().await;
    let [card, _] = world.two_issued().await;
    world.change("P-1,north,,pin,R-1,,ACME,Tom,,,4711,\nP-2,north,,pin,R-1,,ACME,Tom,,,4712,\n").await.unwrap();
    world.approve(&["P-1"]).await.unwrap();
    world.change(&bare("T-1", "terminate")).await.unwrap();
    world.approve(&["T-1"]).await.unwrap();
    assert_eq!(world.card_state(card).await, CardState::Terminated);
    assert_eq!(world.told().await, [("terminated".to_owned(), Some(card))]);
    assert_eq!(world.waiting(card).await, ["T-1"]);
    for name in ["P-1", "P-2"] {
        let order = world.order(name).await;
        assert_eq!(order.state, OrderState::Cancelled, "{name}");
        assert_eq!(world.center.store.prepared(order.id).await.unwrap(), None);
    }
    assert!(world.change(&bare("B-1", "block")).await.is_err());
}

#[tokio::test]
async fn a_replaced_card_is_lost_or_locked_before_its_replacement_is_prepared() {
    for (reason, state) in [("lost", CardState::Lost), ("stolen", CardState::Lost), ("damaged", CardState::Locked)] {
        let world = World::new().await;
        let [card, _] = world.two_issued().await;
        let order = world.change(&replace("N-1", reason)).await.unwrap().remove(0);
        assert_eq!((order.card, order.replaces), (None, Some(card)), "a blank gets it");
        assert!(world.change(&replace("N-2", "lost")).await.is_err(), "one card in its place");
        world.approve(&["N-1"]).await.unwrap();
        assert_eq!(world.card_state(card).await, state, "{reason}");
        assert_eq!(world.told().await, [("blocked".to_owned(), Some(card))]);
        assert_eq!(world.order("N-1").await.state, OrderState::Prepared);
        assert_eq!(world.waiting(card).await, [""; 0]);
    }
}

#[tokio::test]
async fn a_card_whose_content_is_not_known_may_be_replaced_and_is_lost_then() {
    let world = World::new().await;
    let [card, _] = world.two_issued().await;
    world.card_goes(card, CardState::Unknown).await;
    world.change(&replace("N-1", "damaged")).await.unwrap();
    world.approve(&["N-1"]).await.unwrap();
    assert_eq!(world.card_state(card).await, CardState::Lost);
}

#[tokio::test]
async fn a_block_of_a_card_that_is_being_written_is_told_at_once_and_carried_out_first() {
    let world = World::new().await;
    let [card, _] = world.two_issued().await;
    world.change("P-1,north,,pin,R-1,,ACME,Tom,,,4711,\n").await.unwrap();
    world.card_goes(card, CardState::Dirty).await;
    world.change(&bare("B-1", "block")).await.unwrap();
    world.approve(&["P-1", "B-1"]).await.unwrap();
    assert_eq!(world.card_state(card).await, CardState::Dirty, "whoever writes it goes on");
    assert_eq!(world.told().await, [("blocked".to_owned(), Some(card))]);
    assert_eq!(world.waiting(card).await, ["B-1", "P-1"]);
}

#[tokio::test]
async fn a_renewed_card_stays_as_it_is() {
    let world = World::new().await;
    let [card, _] = world.two_issued().await;
    let row = "N-1,north,identity,renew,R-1,,ACME,Tom,Zoë Needleworth,4929000000001234,92389,\n";
    let order = world.change(row).await.unwrap().remove(0);
    assert_eq!(order.replaces, Some(card));
    world.approve(&["N-1"]).await.unwrap();
    assert_eq!((world.card_state(card).await, world.told().await.len()), (CardState::Live, 0));
}

#[tokio::test]
async fn an_order_whose_card_is_gone_meanwhile_is_not_approved_and_the_log_says_so() {
    let world = World::new().await;
    let [card, _] = world.two_issued().await;
    world.change("P-1,north,,pin,R-1,,ACME,Tom,,,4711,\n").await.unwrap();
    world.card_goes(card, CardState::Lost).await;
    let refused = world.approve(&["P-1"]).await.unwrap_err();
    assert_eq!((refused.code, refused.parameters[0].as_str()), (Code::CHANGE_REFUSED, "P-1"));
    world.assert_refusal_logged(Code::CHANGE_REFUSED).await;
    assert_eq!(world.order("P-1").await.state, OrderState::Received);
}

#[tokio::test]
async fn who_entered_an_order_or_an_approver_cancels_it_once_and_nobody_else() {
    let world = World::new().await;
    let orders = world.two_prepared().await;
    let (center, admin) = (&world.center, &world.admin);
    let other = person::add(&*center.store, center.now(), admin, "Eva", &[Role::OrderEntry], SECRET).await.unwrap();
    assert_eq!(cancel(&world, &other, "R-1").await, Err(Code::ROLE_MISSING));
    world.assert_refusal_logged(Code::ROLE_MISSING).await;
    assert_eq!(cancel(&world, &world.entry, "R-9").await, Err(Code::ORDER_UNKNOWN));
    cancel(&world, &world.entry, "R-1").await.unwrap();
    let entry = world.newest_entry().await;
    assert_eq!(entry.event, Event::OrderMoved { state: "cancelled".into() });
    assert_eq!((entry.order, entry.person), (Some(orders[0].id), Some(world.entry.id)));
    assert_eq!(center.store.prepared(orders[0].id).await.unwrap(), None);
    assert_eq!(cancel(&world, &world.approver, "R-1").await, Err(Code::ORDER_CLOSED));
    cancel(&world, &world.approver, "R-2").await.unwrap();
    assert_eq!(world.approve(&["R-2"]).await.unwrap_err().code, Code::ORDER_CLOSED);
}

#[tokio::test]
async fn an_order_that_is_issued_or_blocked_is_not_cancelled() {
    let world = World::new().await;
    let [_, card] = world.two_issued().await;
    assert_eq!(cancel(&world, &world.approver, "R-1").await, Err(Code::ORDER_ISSUED));
    world.change("P-1,north,,pin,R-2,,ACME,Tom,,,4711,\n").await.unwrap();
    world.approve(&["P-1"]).await.unwrap();
    let statement = "UPDATE orders SET state = 'blocked' WHERE reference = 'P-1'";
    assert_eq!(world.tamper(statement).await, 1);
    assert_eq!(cancel(&world, &world.approver, "P-1").await, Err(Code::ORDER_BLOCKED));
    assert_eq!(world.waiting(card).await, [""; 0]);
}
