//! Changes of cards in use over the API.

use cardwright_globalplatform::Protocol;
use cardwright_issuance::Id;
use cardwright_issuance::change::Change;
use cardwright_issuance::content::Content;
use cardwright_issuance::row::{Card, KeySet};
use cardwright_issuance::state::{CardState, KeySetState, OrderState};
use cardwright_issuing_center::registry::document;
use cardwright_issuing_center::store::{Commit, Registration, Store};
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use crate::api::{Office, code, order};

const PRODUCT: &str = include_str!("../../../../products/scp03-i70.toml");

/// The order R-1 on a live card, as a session would leave it.
async fn issued(office: &Office) {
    office.create("Eve", "k1", &order("R-1")).await;
    office.as_person("Ben", Method::POST, "/api/v1/orders/R-1/approve").await;
    let store = &*office.center.store;
    let admin = store.person("Ada").await.unwrap().unwrap();
    document::import_product(store, 0, &admin, PRODUCT).await.unwrap();
    let order = store.order_by_reference("R-1").await.unwrap().unwrap().id;
    let card = Id::from([7; 16]);
    let row = Card {
        id: card,
        product: "scp03-i70".into(),
        cplc: vec![7; 42],
        kdd: [7; 10],
        state: CardState::Stock,
        order: None,
        open_tries: 0,
        masked_number: None,
        content: Content::default(),
    };
    let keys = |version, generation, state| KeySet {
        card,
        version,
        generation,
        state,
        protocol: Protocol::from_bytes([3, 0x70, 16]).unwrap(),
        wrapped: [vec![1], vec![2], vec![3]],
        check_values: [[1; 3], [2; 3], [3; 3]],
    };
    let stock = Registration::Stock(row, keys(0x30, 0, KeySetState::Transport), keys(0x31, 1, KeySetState::Derived));
    store.commit(Commit { registrations: vec![stock], ..Commit::default() }).await.unwrap();
    let moved = |from, to| Change::MoveCard {
        card,
        from,
        to,
        order: Some(order),
        open_tries: 0,
        masked_number: Some("492900******1234".into()),
    };
    let changes = vec![
        Change::MoveOrder { order, from: OrderState::Prepared, to: OrderState::Issuing, card: Some(card) },
        moved(CardState::Stock, CardState::Dirty),
        moved(CardState::Dirty, CardState::Verified),
        moved(CardState::Verified, CardState::Live),
        Change::MoveOrder { order, from: OrderState::Issuing, to: OrderState::Issued, card: Some(card) },
    ];
    store.commit(Commit { changes, ..Commit::default() }).await.unwrap();
}

fn change(reference: &str, kind: &str, fields: Value) -> Value {
    json!({
        "reference": reference, "base": "north", "kind": kind, "card": "R-1",
        "customer": "ACME", "taken_by": "Tom", "fields": fields,
    })
}

#[tokio::test]
async fn a_change_is_ordered_once_a_key_and_waits_for_the_card_once_it_is_approved() {
    let office = Office::open().await;
    issued(&office).await;
    let pin = change("P-1", "pin", json!({ "pin": "4711" }));
    let (status, created) = office.create("Eve", "k2", &pin).await;
    assert_eq!(
        (status, &created["kind"], &created["profile"]),
        (StatusCode::CREATED, &json!("pin"), &json!("identity"))
    );
    assert_eq!(office.create("Eve", "k2", &pin).await, (status, created), "the same key and body");
    assert_eq!(office.orders().await, 2);
    office.as_person("Ben", Method::POST, "/api/v1/orders/P-1/approve").await;
    let (status, listed) = office.as_person("Ben", Method::GET, "/api/v1/orders?card=R-1").await;
    assert_eq!((status, &listed["card_state"], &listed["waiting"]), (StatusCode::OK, &json!("live"), &json!(["P-1"])));
    // The clock stands still here: of the same time, orders are listed by reference.
    let references: Vec<_> = listed["orders"].as_array().unwrap().iter().map(|one| &one["reference"]).collect();
    assert_eq!(references, ["P-1", "R-1"]);
    let (_, read) = office.as_person("Ben", Method::GET, "/api/v1/orders/R-1").await;
    assert_eq!((&read["card"], &read["waiting"]), (&json!("492900******1234"), &json!(["P-1"])));
    let (status, cancelled) = office.as_person("Eve", Method::POST, "/api/v1/orders/P-1/cancel").await;
    assert_eq!((status, &cancelled["state"]), (StatusCode::OK, &json!("cancelled")));
    let again = office.as_person("Eve", Method::POST, "/api/v1/orders/P-1/cancel").await;
    assert_eq!((again.0, code(&again)), (StatusCode::CONFLICT, "CW-4014"));
    let (_, listed) = office.as_person("Ben", Method::GET, "/api/v1/orders?card=R-1").await;
    assert_eq!(listed["waiting"], json!([]));
}

#[tokio::test]
async fn a_change_that_makes_no_sense_says_which_member_and_what_to_do() {
    let office = Office::open().await;
    issued(&office).await;
    let mut keys = change("K-1", "change-keys", json!({}));
    for (argument, part) in [("", "must be 16, 24 or 32"), ("32", "key_lengths")] {
        keys["argument"] = json!(argument);
        let refused = office.create("Eve", "k2", &keys).await;
        assert_eq!((refused.0, code(&refused)), (StatusCode::UNPROCESSABLE_ENTITY, "CW-4008"));
        assert_eq!(refused.1["faults"][0]["field"], "argument");
        assert!(refused.1["faults"][0]["reason"].as_str().unwrap().contains(part), "{}", refused.1);
    }
    keys["argument"] = json!("16");
    let (status, created) = office.create("Eve", "k2", &keys).await;
    assert_eq!((status, &created["argument"]), (StatusCode::CREATED, &json!("16")));
    let unblock = office.create("Eve", "k3", &change("U-1", "unblock", json!({}))).await;
    assert_eq!(unblock.1["faults"][0]["field"], "card");
    for path in ["/api/v1/orders", "/api/v1/orders?colour=red", "/api/v1/orders?card=R-1&x=1"] {
        assert_eq!(office.as_person("Ben", Method::GET, path).await.0, StatusCode::BAD_REQUEST, "{path}");
    }
    let none = office.as_person("Ben", Method::GET, "/api/v1/orders?card=R-9").await;
    assert_eq!((none.0, code(&none)), (StatusCode::NOT_FOUND, "CW-4001"));
}
