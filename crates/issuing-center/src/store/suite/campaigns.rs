//! Campaigns, cancelled orders, and what is read of orders and cards for changes of cards in use.

use cardwright_issuance::Id;
use cardwright_issuance::change::Change;
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::row::Order;
use cardwright_issuance::state::{CardState, OrderState};

use super::world::{
    NOW, assert_conflict, card, change, id, order, place, prepared_order, register, sealed_order, stock,
};
use crate::store::{
    Campaign, CampaignCard, CampaignChange, CampaignState, CardNumber, Count, Freed, Novelty, Outcome, PinMailer,
    Registration, Store,
};

const FIRST: [u8; 16] = [0; 16];

fn campaign(byte: u8, name: &str) -> Campaign {
    Campaign {
        id: id(byte),
        name: name.into(),
        kind: OrderKind::UpgradeApplication,
        profile: Some("identity-2".into()),
        argument: None,
        selection: "profile=identity".into(),
        state: CampaignState::Entered,
        entered_by: id(0xE0),
        entered: NOW + i64::from(byte),
        approved_by: None,
    }
}

fn of_card(byte: u8, outcome: Outcome) -> CampaignCard {
    let base = if byte < 0x22 { "north" } else { "south" };
    CampaignCard { campaign: id(1), card: id(byte), base: base.into(), outcome }
}

fn moved(from: CampaignState, to: CampaignState, approved_by: Option<Id>) -> Vec<Registration> {
    vec![Registration::Campaign(CampaignChange::Moved { campaign: id(1), from, to, approved_by })]
}

pub(super) async fn a_campaign_is_approved_by_another_person_and_moves_from_the_state_it_is_in<S: Store>(store: &S) {
    let rows = [campaign(1, "one"), campaign(2, "two")].map(|row| Registration::Campaign(CampaignChange::New(row)));
    register(store, rows.into()).await.unwrap();
    assert_conflict(register(store, vec![Registration::Campaign(CampaignChange::New(campaign(3, "one")))]).await);
    assert_eq!(store.campaign("two").await.unwrap(), Some(campaign(2, "two")));
    assert_eq!(store.campaign("three").await.unwrap(), None);
    assert_eq!(store.campaigns().await.unwrap(), [campaign(2, "two"), campaign(1, "one")], "newest first");
    let (entered, approved) = (CampaignState::Entered, CampaignState::Approved);
    assert_conflict(register(store, moved(entered, approved, Some(id(0xE0)))).await);
    assert_conflict(register(store, moved(entered, approved, None)).await);
    register(store, moved(entered, approved, Some(id(0xE1)))).await.unwrap();
    assert_conflict(register(store, moved(entered, approved, Some(id(0xE1)))).await);
    register(store, moved(approved, approved, None)).await.expect("it is still so");
    register(store, moved(approved, CampaignState::Paused, None)).await.unwrap();
    assert_conflict(register(store, moved(approved, approved, None)).await);
    let row = store.campaign_by_id(id(1)).await.unwrap().unwrap();
    assert_eq!((row.state, row.approved_by), (CampaignState::Paused, Some(id(0xE1))));
}

pub(super) async fn a_card_is_in_a_campaign_once_and_gets_one_order_of_it<S: Store>(store: &S) {
    place(store).await;
    let mut rows = vec![stock(0x20), stock(0x21), stock(0x22)];
    rows.push(Registration::Campaign(CampaignChange::New(campaign(1, "one"))));
    rows.extend([0x20, 0x21, 0x22].map(|byte| {
        let card = of_card(byte, Outcome::Selected);
        Registration::Campaign(CampaignChange::Card(card))
    }));
    register(store, rows).await.unwrap();
    let again = of_card(0x20, Outcome::Selected);
    assert_conflict(register(store, vec![Registration::Campaign(CampaignChange::Card(again))]).await);
    let made = || {
        let order = Order { campaign: Some(id(1)), card: Some(id(0x20)), ..order(1, "one/20") };
        let settled = of_card(0x20, Outcome::Ordered(id(1)));
        vec![Registration::Order(order, sealed_order(1)), Registration::Campaign(CampaignChange::Settled(settled))]
    };
    register(store, made()).await.unwrap();
    assert_conflict(register(store, made()).await);
    let gone = of_card(0x22, Outcome::NeedsData);
    register(store, vec![Registration::Campaign(CampaignChange::Settled(gone.clone()))]).await.unwrap();
    assert_conflict(register(store, vec![Registration::Campaign(CampaignChange::Settled(gone))]).await);
    let selected = store.campaign_cards(id(1), true, Id::from(FIRST), 10).await.unwrap();
    assert_eq!(selected, [of_card(0x21, Outcome::Selected)]);
    let after = store.campaign_cards(id(1), false, id(0x20), 1).await.unwrap();
    assert_eq!(after, [of_card(0x21, Outcome::Selected)]);
    let count = |base: &str, what: &str| Count { base: base.into(), what: what.into(), cards: 1 };
    let counts = store.campaign_counts(id(1)).await.unwrap();
    assert_eq!(counts, [count("north", "received"), count("north", "selected"), count("south", "needs-data")]);
    assert_eq!(store.campaign_orders(id(1), OrderState::Received, 10).await.unwrap().len(), 1);
    assert_eq!(store.campaign_orders(id(1), OrderState::Prepared, 10).await.unwrap(), []);
}

pub(super) async fn cards_are_listed_by_id_and_their_replacements_by_age<S: Store>(store: &S) {
    place(store).await;
    register(store, vec![stock(0x22), stock(0x20), stock(0x21)]).await.unwrap();
    let found = store.cards_after(CardState::Stock, Id::from(FIRST), 2).await.unwrap();
    assert_eq!(found, [card(0x20), card(0x21)]);
    assert_eq!(store.cards_after(CardState::Stock, id(0x21), 2).await.unwrap(), [card(0x22)]);
    assert_eq!(store.cards_after(CardState::Live, Id::from(FIRST), 2).await.unwrap(), []);
    let replaces = |byte| Order { replaces: Some(id(0x20)), ..order(byte, &format!("R-{byte}")) };
    let rows = [replaces(2), replaces(1)].map(|row| Registration::Order(row.clone(), sealed_order(row.id[0])));
    register(store, rows.into()).await.unwrap();
    assert_eq!(store.replacements_of(id(0x20)).await.unwrap(), [replaces(1), replaces(2)]);
    assert_eq!(store.replacements_of(id(0x21)).await.unwrap(), []);
}

pub(super) async fn what_a_cancelled_order_had_ready_is_freed<S: Store>(store: &S) {
    place(store).await;
    prepared_order(store, 1).await;
    prepared_order(store, 2).await;
    let number = |byte, sequence| CardNumber {
        order: id(byte),
        hash: [7; 32],
        sequence,
        masked: "492900******1234".into(),
        sealed: vec![byte; 60],
    };
    let mailer = |byte| PinMailer {
        order: id(byte),
        zone_key: "zone/mailer.1".into(),
        masked: "492900******1234".into(),
        block_format: 1,
        sealed: vec![byte; 60],
        prepared: NOW,
        exported: None,
    };
    let mut rows = Vec::from([1, 2].map(|byte| Registration::CardNumber(number(byte, byte), Novelty::Sequence)));
    rows.extend([1, 2].map(|byte| Registration::PinMailer(mailer(byte))));
    rows.push(Registration::PinMailerExported(id(2), NOW));
    register(store, rows).await.unwrap();
    let free = |byte, number| vec![Registration::Free(Freed { order: id(byte), number })];
    assert_conflict(register(store, free(1, true)).await);
    assert!(store.prepared(id(1)).await.unwrap().is_some());
    for byte in [1, 2] {
        let (from, to) = (OrderState::Prepared, OrderState::Cancelled);
        change(store, Change::MoveOrder { order: id(byte), from, to, card: None }).await.unwrap();
    }
    register(store, free(1, true)).await.unwrap();
    register(store, free(2, false)).await.unwrap();
    assert_eq!(store.prepared(id(1)).await.unwrap(), None);
    assert_eq!(store.pin_mailer(id(1)).await.unwrap(), None);
    assert!(store.pin_mailer(id(2)).await.unwrap().is_some(), "its letter was handed out");
    assert_eq!(store.sequences_of([7; 32]).await.unwrap(), [2]);
}
