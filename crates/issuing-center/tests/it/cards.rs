//! Cards that did not come back, and what two people decide about one.

use cardwright_globalplatform::Protocol;
use cardwright_issuance::Id;
use cardwright_issuance::basis::Basis;
use cardwright_issuance::change::Change;
use cardwright_issuance::content::Content;
use cardwright_issuance::entry::{Entry, Event};
use cardwright_issuance::row::{Card, Issuance, KeySet, Order, Outbox, Reader};
use cardwright_issuance::state::{CardState, IssuanceState, KeySetState, OrderState};
use cardwright_issuing_center::card::{self, Decided, NEVER_CAME_BACK};
use cardwright_issuing_center::host::{self, Told};
use cardwright_issuing_center::store::{Commit, DecisionKind, Registration, Store};
use cardwright_relay::Code;

use crate::commands::Desk;
use crate::stock::{check_value, shipment};
use crate::world::World;

/// A world with two orders and cards in stock, 0x20 and on.
struct Shelf {
    world: World,
    orders: Vec<Order>,
}

fn id(byte: u8) -> Id {
    Id::from([byte; 16])
}

fn key_set(byte: u8, generation: u32, state: KeySetState) -> KeySet {
    KeySet {
        card: id(byte),
        version: 0x30,
        generation,
        state,
        protocol: Protocol::from_bytes([3, 0x70, 16]).unwrap(),
        wrapped: [vec![1], vec![2], vec![3]],
        check_values: [[1, 2, 3]; 3],
    }
}

impl Shelf {
    async fn new() -> Self {
        let world = World::new().await;
        let orders = world.two_prepared().await;
        world.enter_terminal("counter 1").await;
        let reader = Reader {
            id: id(8),
            name: "reader".into(),
            base: "north".into(),
            tier: 0,
            card_slot: "*".into(),
            sam_slot: String::new(),
            sam_key: Vec::new(),
            revoked: None,
        };
        let mut registrations = vec![Registration::Reader(reader)];
        for byte in 0x20..0x23 {
            let card = Card {
                id: id(byte),
                product: "scp03-i70".into(),
                cplc: vec![byte; 42],
                kdd: [byte; 10],
                state: CardState::Stock,
                order: None,
                open_tries: 0,
                masked_number: None,
                content: Content::default(),
            };
            let sets = [key_set(byte, 0, KeySetState::Transport), key_set(byte, 1, KeySetState::Derived)];
            let [transport, issuer] = sets;
            registrations.push(Registration::Stock(card, transport, issuer));
        }
        world.center.store.commit(Commit { registrations, ..Commit::default() }).await.unwrap();
        Self { world, orders }
    }

    async fn card(&self, byte: u8) -> Card {
        self.world.center.store.card(id(byte)).await.unwrap().unwrap()
    }

    async fn order(&self, place: usize) -> Order {
        self.world.center.store.order(self.orders[place].id).await.unwrap().unwrap()
    }

    /// The card is written for an order, and the outcome is unknown; the attempt began at `opened`.
    async fn left_unknown(&self, byte: u8, place: usize, opened: i64) {
        let order = self.orders[place].id;
        let moved = |from, to, open_tries| Change::MoveCard {
            card: id(byte),
            from,
            to,
            order: Some(order),
            open_tries,
            masked_number: Some("492900******1234".into()),
        };
        let step = |from, to| Change::MoveOrder { order, from, to, card: Some(id(byte)) };
        let issuance = Issuance {
            id: id(byte + 0x40),
            order,
            card: id(byte),
            terminal: id(7),
            reader: id(8),
            operator: id(9),
            state: IssuanceState::Writing,
            epoch: 1,
            step: 1,
            opened,
            deadline: opened + 1,
            open_message: Vec::new(),
            second_challenge: id(1),
            basis: Basis::default(),
        };
        let ended = Change::MoveIssuance {
            issuance: issuance.id,
            epoch: 1,
            from: (IssuanceState::Writing, 1),
            to: (IssuanceState::Unknown, 1),
            deadline: opened + 1,
        };
        let changes = vec![
            step(OrderState::Prepared, OrderState::Issuing),
            moved(CardState::Stock, CardState::Dirty, 2),
            Change::OpenIssuance(Box::new(issuance)),
            ended,
            step(OrderState::Issuing, OrderState::Blocked),
            moved(CardState::Dirty, CardState::Unknown, 2),
        ];
        self.world.center.store.commit(Commit { changes, ..Commit::default() }).await.unwrap();
    }

    async fn decide(&self, by_admin: bool, byte: u8, kind: DecisionKind) -> Result<Decided, Code> {
        let person = if by_admin { &self.world.admin } else { &self.world.approver };
        let card = self.card(byte).await;
        card::decide(&self.world.center, person, &card, kind).await.map_err(|refused| refused.code)
    }
}

#[tokio::test]
async fn a_lost_card_takes_its_blocked_order_with_it_and_the_host_is_told() {
    let shelf = Shelf::new().await;
    shelf.left_unknown(0x20, 0, 5).await;
    assert_eq!(shelf.decide(true, 0x20, DecisionKind::Lost).await, Ok(Decided::Proposed));
    assert_eq!(shelf.card(0x20).await.state, CardState::Unknown, "one person decides nothing");
    assert_eq!(shelf.decide(true, 0x20, DecisionKind::Lost).await, Err(Code::SAME_PERSON));
    let Ok(Decided::Confirmed { state, cancelled }) = shelf.decide(false, 0x20, DecisionKind::Lost).await else {
        panic!("a second person confirms it");
    };
    assert_eq!((state, cancelled.len()), (CardState::Lost, 1));
    assert_eq!((shelf.card(0x20).await.state, shelf.order(0).await.state), (CardState::Lost, OrderState::Cancelled));
    assert_eq!(shelf.order(1).await.state, OrderState::Prepared, "no other order");
    let store = &shelf.world.center.store;
    let waiting = store.events_waiting(10).await.unwrap();
    assert_eq!(waiting.iter().map(|event| event.event.kind.as_str()).collect::<Vec<_>>(), ["lost"]);
    assert!(host::is_told(&shelf.world.center, id(0x20), "lost").await.unwrap(), "without a host nothing is gated");
    host::set(&shelf.world.center, &shelf.world.admin, "http://127.0.0.1:1/", None).await.unwrap();
    assert!(!host::is_told(&shelf.world.center, id(0x20), "lost").await.unwrap());
    assert!(host::is_told(&shelf.world.center, id(0x20), "blocked").await.unwrap(), "there is no such event");
    assert!(host::is_told(&shelf.world.center, id(0x21), "lost").await.unwrap());
    let commit = Commit { registrations: vec![Registration::EventTaken(waiting[0].event.id, 9)], ..Commit::default() };
    store.commit(commit).await.unwrap();
    assert!(host::is_told(&shelf.world.center, id(0x20), "lost").await.unwrap());
    assert_eq!(shelf.decide(true, 0x20, DecisionKind::Lost).await, Err(Code::DECISION_REFUSED));
}

#[tokio::test]
async fn a_quarantine_is_lifted_to_what_must_be_found_out_with_one_opening_more() {
    let shelf = Shelf::new().await;
    shelf.left_unknown(0x20, 0, 5).await;
    assert_eq!(shelf.decide(true, 0x20, DecisionKind::LiftQuarantine).await, Err(Code::DECISION_REFUSED));
    for byte in [0x20, 0x21] {
        shelf.decide(true, byte, DecisionKind::Quarantine).await.unwrap();
        shelf.decide(false, byte, DecisionKind::Quarantine).await.unwrap();
        assert_eq!(shelf.card(byte).await.state, CardState::Quarantined);
    }
    for byte in [0x20, 0x21] {
        shelf.decide(false, byte, DecisionKind::LiftQuarantine).await.unwrap();
        shelf.decide(true, byte, DecisionKind::LiftQuarantine).await.unwrap();
    }
    let (written, blank) = (shelf.card(0x20).await, shelf.card(0x21).await);
    assert_eq!((written.state, written.open_tries, blank.state), (CardState::Unknown, 1, CardState::Stock));
    assert_eq!(shelf.order(0).await.state, OrderState::Blocked, "its order waits for the card");
}

#[tokio::test]
async fn what_was_proposed_about_another_state_or_for_something_else_is_not_confirmed() {
    let shelf = Shelf::new().await;
    shelf.decide(true, 0x20, DecisionKind::Lost).await.unwrap();
    shelf.left_unknown(0x20, 0, 5).await;
    assert_eq!(shelf.decide(false, 0x20, DecisionKind::Lost).await, Ok(Decided::Proposed), "it was blank then");
    assert_eq!(shelf.decide(true, 0x20, DecisionKind::Quarantine).await, Ok(Decided::Proposed));
    assert_eq!(shelf.card(0x20).await.state, CardState::Unknown);
    assert_eq!(shelf.decide(true, 0x20, DecisionKind::Lost).await, Ok(Decided::Proposed), "the newest one counts");
}

#[tokio::test]
async fn a_card_ages_into_the_list_from_its_last_issuance_on() {
    let shelf = Shelf::new().await;
    let store = &*shelf.world.center.store;
    assert_eq!(card::aging(store, &NEVER_CAME_BACK, None).await.unwrap(), []);
    shelf.left_unknown(0x21, 0, 200).await;
    shelf.left_unknown(0x20, 1, 100).await;
    let all = card::aging(store, &NEVER_CAME_BACK, None).await.unwrap();
    let seen: Vec<_> = all.iter().map(|aged| (aged.card.id, aged.since, aged.order.as_deref())).collect();
    assert_eq!(seen, [(id(0x20), Some(100), Some("R-2")), (id(0x21), Some(200), Some("R-1"))]);
    assert_eq!(card::aging(store, &NEVER_CAME_BACK, Some(200)).await.unwrap().len(), 1);
    assert_eq!(card::aging(store, &[CardState::Stock], Some(i64::MAX)).await.unwrap(), []);
    assert_eq!(card::aging(store, &[CardState::Stock], None).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_host_is_told_of_the_card_that_is_blocked_and_not_of_the_one_that_takes_its_place() {
    let shelf = Shelf::new().await;
    let (center, admin) = (&shelf.world.center, &shelf.world.admin);
    shelf.left_unknown(0x20, 0, 5).await;
    shelf.left_unknown(0x21, 1, 6).await;
    let proven = |card, grade: &str| Entry {
        order: Some(shelf.orders[1].id),
        card: Some(id(card)),
        ..Entry::new(7, Event::Proven { step: 1, grade: grade.into() })
    };
    // Both by the order of the second card: the first one's end, and the second one's issue.
    let about = |byte, card, kind: &str| {
        let (card, created) = (Some(id(card)), 8);
        Change::AddOutbox(Outbox { id: id(byte), kind: kind.into(), order: shelf.orders[1].id, card, created })
    };
    let registrations = vec![
        Registration::CardExpiry(shelf.orders[0].id, 21_000),
        Registration::CardExpiry(shelf.orders[1].id, 22_000),
    ];
    let changes = vec![about(1, 0x20, "blocked"), about(2, 0x21, "issued")];
    let entries = vec![proven(0x21, "A")];
    center.store.commit(Commit { changes, registrations, entries }).await.unwrap();
    let mut told = Vec::new();
    for event in center.store.events_waiting(10).await.unwrap() {
        told.push(serde_json::to_value(Told::of(center, &event).await.unwrap()).unwrap());
    }
    assert_eq!((&told[0]["expiry"], &told[0]["grade"]), (&"2027-07-01".into(), &serde_json::Value::Null));
    assert_eq!((&told[1]["expiry"], &told[1]["grade"]), (&"2030-03-27".into(), &"A".into()));
    assert_eq!(told[0]["masked_number"], "492900******1234");
    assert!(!told[0].to_string().contains(&admin.name) && !told[0].to_string().contains("Needleworth"));
}

#[test]
fn two_people_decide_on_the_command_line_and_the_log_tells_who() {
    let master = *b"\x1F\x02\xA3\x04\xB5\x06\xC7\x08\xD9\x0A\xEB\x0C\xFD\x0E\x1F\x10";
    let desk = Desk::new();
    desk.set_up();
    let key = desk.file("batch.key", &hex::encode_upper(master));
    let (file, kcv) = (key.to_str().unwrap(), check_value(&master).to_string());
    desk.done(&["key", "import", "batch", "--file", file, "--kind", "aes128", "--kcv", &kcv, "--as", "Ada"]);
    let cards = desk.file("box-1.csv", &shipment(&master, 2));
    desk.done(&["stock", "import", cards.to_str().unwrap(), "--key", "batch", "--as", "Ada"]);
    let card = "54455354000000000001";
    assert_eq!(desk.refused(&["card", "declare-lost", card, "--as", "Eve"]), (1, "CW-1003".into()));
    assert_eq!(desk.done(&["card", "declare-lost", card, "--as", "Ada"])["confirmed"], false);
    assert_eq!(desk.done(&["card", "show", card])["proposed"]["by"], "Ada");
    assert_eq!(desk.refused(&["card", "declare-lost", card, "--as", "Ada"]), (1, "CW-1004".into()));
    let lost = desk.done(&["card", "declare-lost", card, "--as", "Ben"]);
    assert_eq!((lost["confirmed"].as_bool(), lost["state"].as_str()), (Some(true), Some("lost")));
    assert_eq!(desk.done(&["card", "list", "--in", "lost"])["cards"].as_array().unwrap().len(), 1);
    assert_eq!(desk.done(&["card", "list"])["cards"].as_array().unwrap().len(), 0);
    assert_eq!(desk.refused(&["card", "list", "--in", "gone"]).0, 2);
    assert_eq!(desk.refused(&["card", "lift-quarantine", card, "--as", "Ada"]), (1, "CW-4041".into()));
    assert_eq!(desk.refused(&["card", "show", "--order", "R-9"]), (1, "CW-1020".into()));
    let log = desk.done(&["log", "show"]).to_string();
    assert!(log.contains("Proposed about the card, for another person to confirm: lost."), "{log}");
    assert!(log.contains("Confirmed about the card, by a second person: lost."), "{log}");
}
