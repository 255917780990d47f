//! The page of orders has an example of each kind: each is taken and approved on a card that is as it wants it.

use cardwright_issuance::change::Change;
use cardwright_issuance::content::Installed;
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::state::{CardState, OrderState};
use cardwright_issuing_center::registry::document;
use cardwright_issuing_center::store::{Commit, Store};

use crate::world::{PROFILE, World};

const PAGE: &str = include_str!("../../../../docs/orders.md");
const OTHER: &str = "F0434152445749440009";

/// The header of the example, and its rows.
fn example() -> (String, Vec<String>) {
    let mut lines = PAGE.lines().skip_while(|line| !line.contains("kind,card,argument")).map(str::trim);
    let header = lines.next().unwrap().to_owned();
    (header, lines.take_while(|line| !line.is_empty()).map(str::to_owned).collect())
}

/// A live card of the order N-1, with what the examples find on it or at the center.
async fn world(kind: OrderKind) -> World {
    let world = World::new().await;
    world.import("N-1,north,identity,new,ACME,Tom,Zoë Example,4929000000001234,92389,\n").await.unwrap();
    let order = world.approve(&["N-1"]).await.unwrap().remove(0);
    let card = world.issue(&order, PROFILE).await;
    world.second_version(true).await;
    let loyalty = PROFILE.replace("name = \"identity\"", "name = \"loyalty\"");
    let loyalty = loyalty.replace("instance = \"F0434152445749440001\"", &format!("instance = \"{OTHER}\""));
    let store = &*world.center.store;
    document::import_profile(store, world.center.now(), &world.admin, &loyalty).await.unwrap();
    match kind {
        OrderKind::Unblock => world.card_goes(card, CardState::Locked).await,
        OrderKind::RemoveApplication => {
            let mut content = store.card(card).await.unwrap().unwrap().content;
            let package = "F04341524457494400".parse().unwrap();
            content.applications.push(Installed::new(&OTHER.parse().unwrap(), &package, "loyalty", 0x07));
            let changes = vec![Change::SetContent { card, content: Box::new(content) }];
            store.commit(Commit { changes, ..Commit::default() }).await.unwrap();
        }
        _ => {}
    }
    world
}

#[tokio::test]
async fn every_example_of_the_page_is_taken_and_approved() {
    let (header, rows) = example();
    let kinds: Vec<_> = rows.iter().map(|row| OrderKind::named(row.split(',').nth(3).unwrap()).unwrap()).collect();
    assert_eq!(kinds, OrderKind::NAMES.map(|(kind, _)| kind), "one of each");
    for (row, kind) in rows.iter().zip(kinds) {
        let world = world(kind).await;
        let row = if kind == OrderKind::New { row.replacen("N-1", "N-0", 1) } else { row.clone() };
        let order = world.import_file(format!("{header}\n{row}\n").as_bytes()).await.expect(&row).remove(0);
        assert_eq!(order.kind, kind);
        world.approve(&[&order.reference]).await.expect(&row);
        let approved = world.order(&order.reference).await;
        assert_eq!(approved.state, OrderState::Prepared, "{row}");
        let data = world.center.store.prepared(order.id).await.unwrap();
        assert_eq!(data.is_some(), kind.has_data(), "{row}");
        assert_eq!(
            (approved.card.is_some(), approved.replaces.is_some()),
            match kind {
                OrderKind::New => (false, false),
                OrderKind::Replace | OrderKind::Renew => (false, true),
                _ => (true, false),
            }
        );
    }
}
