//! Changes of cards in use: what is taken, what is refused by row and column, and what waits for the card.

use cardwright_data_preparation::Scope;
use cardwright_issuance::state::{CardState, OrderState};
use cardwright_issuing_center::file_fault::FileRefused;
use cardwright_issuing_center::store::Store;
use cardwright_issuing_center::{intake, sealing};
use cardwright_relay::Code;

use crate::world::World;

fn refused(refused: FileRefused) -> (String, String) {
    match refused {
        FileRefused::Faults(Code::ORDER_FILE_REFUSED, faults) => {
            assert_eq!(faults.len(), 1, "{faults:?}");
            (faults[0].column.clone(), faults[0].reason.clone())
        }
        other => panic!("{other:?}"),
    }
}

/// That a row of changes is refused in `column`, for a reason that says `part`.
async fn is_refused(world: &World, row: &str, column: &str, part: &str) {
    let orders = world.center.store.orders(100).await.unwrap().len();
    let (found, reason) = refused(world.change(row).await.expect_err(row));
    assert_eq!(found, column, "{row}: {reason}");
    assert!(reason.contains(part), "{row}: {reason}");
    assert_eq!(world.center.store.orders(100).await.unwrap().len(), orders);
}

#[tokio::test]
async fn a_change_names_its_card_by_an_order_and_waits_for_it_once_it_is_approved() {
    let world = World::new().await;
    let [card, other] = world.two_issued().await;
    let rows = "D-1,north,,personal-data,R-1,,ACME,Tom,Zoë Newname,4929000000001234,,\n\
                P-1,north,identity,pin,R-1,,ACME,Tom,,,4711,\n\
                K-1,north,,change-keys,R-1,32,ACME,Tom,,,,\n";
    let orders = world.change(rows).await.unwrap();
    assert!(orders.iter().all(|order| order.card == Some(card) && order.profile == "identity"));
    assert_eq!(orders[2].argument.as_deref(), Some("32"));
    assert_eq!(world.waiting(card).await, [""; 0], "not before another person approved them");
    world.approve(&["D-1", "P-1", "K-1"]).await.unwrap();
    assert_eq!(world.waiting(card).await, ["D-1", "P-1", "K-1"], "oldest first");
    assert_eq!(world.waiting(other).await, [""; 0]);
    for (reference, scope) in [("D-1", Scope::PersonalData), ("P-1", Scope::Pin)] {
        let data = sealing::open_prepared(&world.center, world.order(reference).await.id).await.unwrap();
        assert_eq!(data.scope, scope);
    }
    let keys = world.order("K-1").await;
    assert_eq!((keys.state, world.center.store.prepared(keys.id).await.unwrap()), (OrderState::Prepared, None));
    // An order that the card carries is as good a name of it as the one that issued it.
    world.carry_out(&world.order("D-1").await, card).await;
    assert_eq!(world.change("B-1,north,,block,D-1,,ACME,Tom,,,,\n").await.unwrap()[0].card, Some(card));
}

#[tokio::test]
async fn a_change_does_not_lengthen_the_validity_of_its_card() {
    let world = World::new().await;
    world.two_issued().await;
    let issued = sealing::open_prepared(&world.center, world.order("R-1").await.id).await.unwrap();
    world.change("D-1,north,,personal-data,R-1,,ACME,Tom,Zoë Newname,4929000000001234,,\n").await.unwrap();
    // The clock of this center goes on by a day.
    let later = cardwright_issuing_center::center::Center {
        clock: std::sync::Arc::new(|| 1_795_000_000_000_000 + 86_400 * 1_000_000),
        ..world.center.clone()
    };
    intake::approve(&later, &world.approver, &["D-1".into()]).await.unwrap();
    let changed = sealing::open_prepared(&world.center, world.order("D-1").await.id).await.unwrap();
    let validity = |data: &cardwright_data_preparation::PersonalizationData| {
        let dgis = &data.applications[0].dgis;
        dgis.iter().map(|grouping| grouping.dgi()).find(|dgi| dgi.identifier == 0x0103).unwrap().data.clone()
    };
    assert_eq!(validity(&issued), validity(&changed));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_its_column_with_what_to_do() {
    let world = World::new().await;
    world.two_issued().await;
    world.import("R-3,north,identity,new,ACME,Tom,Max Muster,4929000000005678,1234,\n").await.unwrap();
    for (row, column, part) in [
        ("X-1,north,,elsewhere,R-1,,ACME,Tom,,,,\n", "kind", "upgrade-application"),
        ("X-1,north,,block,,,ACME,Tom,,,,\n", "card", "names a card"),
        ("X-1,north,,block,R-9,,ACME,Tom,,,,\n", "card", "no such order"),
        ("X-1,north,,block,R-3,,ACME,Tom,,,,\n", "card", "not issued"),
        ("X-1,north,identity,new,R-1,,ACME,Tom,A,4929000000009999,1234,\n", "card", "order replace"),
        ("X-1,north,,block,R-1,lost,ACME,Tom,,,,\n", "argument", "leave it empty"),
        ("X-1,north,identity,replace,R-1,,ACME,Tom,A,4929000000009999,1234,\n", "argument", "stolen"),
        ("X-1,north,,change-keys,R-1,8,ACME,Tom,,,,\n", "argument", "16, 24 or 32"),
        ("X-1,north,,remove-application,R-1,nothing,ACME,Tom,,,,\n", "argument", "hexadecimal"),
        ("X-1,north,,remove-application,R-1,F0434152445749440009,ACME,Tom,,,,\n", "argument", "no such instance"),
        ("X-1,north,,remove-application,R-1,F0434152445749440001,ACME,Tom,,,,\n", "argument", "only application"),
        ("X-1,north,,unblock,R-1,,ACME,Tom,,,,\n", "card", "not locked"),
        ("X-1,north,,block,R-1,,ACME,Tom,Zoë,,,\n", "name", "brings no data"),
        ("X-1,north,,pin,R-1,,ACME,Tom,,,1,\n", "pin", "digits"),
        ("X-1,north,,pin,R-1,,ACME,Tom,Zoë,,1234,\n", "name", "does not write it"),
        ("X-1,north,identity,upgrade-application,R-1,,ACME,Tom,,,,\n", "profile", "programs already"),
        ("X-1,north,identity,add-application,R-1,,ACME,Tom,,,,\n", "profile", "order upgrade-application"),
        ("X-1,north,,add-application,R-1,,ACME,Tom,,,,\n", "profile", "no such profile"),
    ] {
        is_refused(&world, row, column, part).await;
    }
}

#[tokio::test]
async fn a_profile_that_the_card_does_not_hold_or_cannot_hold_is_refused() {
    let world = World::new().await;
    world.two_issued().await;
    world.second_version(false).await;
    let row = "X-1,north,identity-2,personal-data,R-1,,ACME,Tom,A,4929000000001234,,\n";
    is_refused(&world, row, "profile", "holds no application").await;
    let row = "X-1,north,identity-2,upgrade-application,R-1,,ACME,Tom,,,,\n";
    is_refused(&world, row, "profile", "import and approve its CAP file").await;
}

#[tokio::test]
async fn keys_that_the_card_product_cannot_hold_are_refused() {
    let world = World::new().await;
    world.two_issued().await;
    assert_eq!(world.tamper("UPDATE cards SET product = 'scp03-i70'").await, 2);
    let row = |argument: &str| format!("K-1,north,,change-keys,R-1,{argument},ACME,Tom,,,,\n");
    is_refused(&world, &row("32"), "argument", "key_lengths").await;
    world.change(&row("16")).await.expect("keys of the length that they have");
}

#[tokio::test]
async fn a_card_that_is_not_live_takes_no_change_of_what_it_holds() {
    let world = World::new().await;
    let [card, _] = world.two_issued().await;
    let pin = "P-1,north,,pin,R-1,,ACME,Tom,,,4711,\n";
    for (state, part) in [
        (CardState::Dirty, "being written"),
        (CardState::Unknown, "settled first"),
        (CardState::Lost, "order a card in its place"),
        (CardState::Scrapped, "ended for good"),
    ] {
        world.card_goes(card, state).await;
        is_refused(&world, pin, "card", part).await;
    }
}

#[tokio::test]
async fn the_same_change_is_ordered_once_and_other_personal_data_as_often_as_it_changes() {
    let world = World::new().await;
    world.two_issued().await;
    let keys = |name: &str, argument: &str| format!("{name},north,,change-keys,R-1,{argument},ACME,Tom,,,,\n");
    let twice = format!("{}{}", keys("K-1", "16"), keys("K-2", "16"));
    is_refused(&world, &twice, "card", "K-1 asks for the same").await;
    world.change(&keys("K-1", "16")).await.unwrap();
    is_refused(&world, &keys("K-2", "16"), "card", "K-1 asks for the same").await;
    world.change(&keys("K-2", "32")).await.expect("other keys");
    let pin = |name: &str| format!("{name},north,,pin,R-1,,ACME,Tom,,,4711,\n");
    world.change(&format!("{}{}", pin("P-1"), pin("P-2"))).await.expect("a PIN may change twice");
    let (store, now) = (&*world.center.store, world.center.now());
    intake::cancel(store, now, &world.entry, "K-1").await.unwrap();
    world.change(&keys("K-3", "16")).await.expect("the first one is closed");
}

#[tokio::test]
async fn data_is_carried_over_to_the_new_program_or_must_be_brought() {
    let world = World::new().await;
    let [card, _] = world.two_issued().await;
    world.second_version(true).await;
    world.change("D-1,north,,personal-data,R-1,,ACME,Tom,Zoë Newname,4929000000001234,,\n").await.unwrap();
    world.approve(&["D-1"]).await.unwrap();
    world.carry_out(&world.order("D-1").await, card).await;
    let upgrade =
        |name: &str, card: &str| format!("{name},north,identity-2,upgrade-application,{card},,ACME,Tom,,,,\n");
    world.change(&upgrade("U-1", "R-1")).await.unwrap();
    world.approve(&["U-1"]).await.unwrap();
    let data = sealing::open_prepared(&world.center, world.order("U-1").await.id).await.unwrap();
    let value = |identifier| {
        let dgis = &data.applications[0].dgis;
        dgis.iter().map(|one| one.dgi()).find(|dgi| dgi.identifier == identifier).unwrap().data.clone()
    };
    assert_eq!(value(0x0101), "Zoë Newname".as_bytes(), "the name of the newest order that the card carries");
    assert_eq!(value(0x0301), [0x25, 0x92, 0x38, 0x9F, 0xFF, 0xFF, 0xFF, 0xFF], "the PIN of its first");
    // The day on which the data of is destroyed.
    let sealed = world.center.store.sealed_order(world.order("R-2").await.id).await.unwrap().unwrap();
    let key = world.center.store.destruction_key(sealed.destruction_day).await.unwrap().unwrap();
    world.center.keystore.destroy(&key.parse().unwrap()).unwrap();
    is_refused(&world, &upgrade("U-2", "R-2"), "profile", "not kept any more").await;
    let prepared_again = intake::prepare_again(&world.center, &world.approver, &["U-1".into()]).await;
    assert_eq!(prepared_again.unwrap_err().code, Code::KEYSTORE_UNAVAILABLE);
}

#[tokio::test]
async fn orders_of_paused_and_cancelled_campaigns_are_not_offered_and_others_are() {
    use cardwright_issuing_center::campaign::{self, NewCampaign};
    let world = World::new().await;
    let [card, _] = world.two_issued().await;
    world.change("K-1,north,,change-keys,R-1,32,ACME,Tom,,,,\n").await.unwrap();
    world.approve(&["K-1"]).await.unwrap();
    let new = NewCampaign {
        name: "keys".into(),
        kind: "change-keys".into(),
        profile: None,
        argument: Some("24".into()),
        selection: "profile=identity".into(),
    };
    let (center, entry, approver) = (&world.center, &world.entry, &world.approver);
    campaign::create(center, entry, &new).await.unwrap();
    assert_eq!(world.waiting(card).await, ["K-1"]);
    campaign::approve(center, approver, "keys").await.unwrap();
    assert_eq!(world.waiting(card).await.len(), 2);
    campaign::pause(center, approver, "keys").await.unwrap();
    assert_eq!(world.waiting(card).await, ["K-1"]);
    campaign::resume(center, approver, "keys").await.unwrap();
    assert_eq!(world.waiting(card).await.len(), 2);
    campaign::cancel(center, approver, "keys").await.unwrap();
    assert_eq!(world.waiting(card).await, ["K-1"]);
}
