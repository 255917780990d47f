//! Campaigns: one order a card, made and approved in pieces, whatever dies in between; and their numbers.

use cardwright_issuance::Id;
use cardwright_issuance::row::Order;
use cardwright_issuance::state::{CardState, OrderState};
use cardwright_issuing_center::campaign::{self, NewCampaign, Numbers};
use cardwright_issuing_center::refused::Refused;
use cardwright_issuing_center::store::{CampaignState, CampaignStore};
use cardwright_relay::Code;

use crate::world::{PROFILE, World};

fn upgrade() -> NewCampaign {
    NewCampaign {
        name: "to-version-2".into(),
        kind: "upgrade-application".into(),
        profile: Some("identity-2".into()),
        argument: None,
        selection: "profile=identity".into(),
    }
}

impl World {
    /// Live identity cards, of the orders M-0, M-1, …
    async fn many_issued(&self, count: usize) -> Vec<Id> {
        let rows: String = (0..count)
            .map(|one| format!("M-{one},north,identity,new,ACME,Tom,Max {one},49290000{one:08},1234,\n"))
            .collect();
        let orders: Vec<Order> = self.import(&rows).await.unwrap();
        let names: Vec<_> = orders.iter().map(|order| order.reference.as_str()).collect();
        self.approve(&names).await.unwrap();
        let mut cards = Vec::new();
        for order in &orders {
            cards.push(self.issue(order, PROFILE).await);
        }
        cards
    }

    async fn create(&self, new: &NewCampaign) -> Result<CampaignState, Refused> {
        campaign::create(&self.center, &self.entry, new).await.map(|campaign| campaign.state)
    }

    async fn numbers(&self, name: &str) -> Numbers {
        campaign::show(&*self.center.store, name).await.unwrap().all
    }
}

#[tokio::test]
async fn a_campaign_makes_one_order_a_card_and_another_person_approves_all_at_once() {
    let world = World::new().await;
    let cards = world.many_issued(30).await;
    world.second_version(true).await;
    let bases = campaign::dry_run(&world.center, &upgrade()).await.unwrap();
    assert_eq!(bases.into_iter().collect::<Vec<_>>(), [("north".to_owned(), 30)]);
    assert_eq!(world.center.store.campaigns().await.unwrap(), [], "a dry run keeps nothing");
    assert_eq!(world.create(&upgrade()).await.unwrap(), CampaignState::Entered);
    assert_eq!(world.numbers("to-version-2").await, Numbers { selected: 30, waiting: 30, ..Numbers::default() });
    let same = campaign::approve(&world.center, &world.entry, "to-version-2").await.unwrap_err();
    assert_eq!(same.code, Code::SAME_PERSON);
    assert_eq!(world.waiting(cards[0]).await, [""; 0]);
    campaign::approve(&world.center, &world.approver, "to-version-2").await.unwrap();
    for card in &cards {
        assert_eq!(world.waiting(*card).await.len(), 1);
    }
    let name = world.waiting(cards[0]).await.remove(0);
    assert_eq!(name, format!("to-version-2/{}", hex::encode(&cards[0][..8])));
    let order = world.order(&name).await;
    assert_eq!(
        (order.base.as_str(), order.profile.as_str(), order.state),
        ("north", "identity-2", OrderState::Prepared)
    );
    assert_eq!((order.entered_by, order.approved_by), (world.entry.id, Some(world.approver.id)));
    world.carry_out(&order, cards[0]).await;
    let expected = Numbers { selected: 30, waiting: 29, done: 1, ..Numbers::default() };
    assert_eq!(world.numbers("to-version-2").await, expected);
    let done = campaign::approve(&world.center, &world.approver, "to-version-2").await.unwrap_err();
    assert_eq!(done.code, Code::CAMPAIGN_NOT_SO, "there is nothing left to approve");
}

#[tokio::test]
async fn a_campaign_that_broke_off_goes_on_and_no_card_gets_two_orders() {
    let world = World::new().await;
    let cards = world.many_issued(4).await;
    world.second_version(true).await;
    world.create(&upgrade()).await.unwrap();
    // As a center left it that died when it had kept the first of four cards.
    let broken = format!("card > x'{}'", hex::encode(*cards.iter().min().copied().unwrap()));
    assert_eq!(world.tamper(&format!("DELETE FROM campaign_cards WHERE {broken}")).await, 3);
    assert_eq!(world.tamper("UPDATE campaigns SET state = 'selecting'").await, 1);
    let too_early = campaign::approve(&world.center, &world.approver, "to-version-2").await.unwrap_err();
    assert_eq!(too_early.code, Code::CAMPAIGN_NOT_SO);
    let other = NewCampaign { selection: "profile=identity,base=north".into(), ..upgrade() };
    assert_eq!(world.create(&other).await.unwrap_err().code, Code::NAME_TAKEN, "another campaign of its name");
    world.create(&upgrade()).await.unwrap();
    assert_eq!(world.numbers("to-version-2").await.selected, 4);
    assert_eq!(world.create(&upgrade()).await.unwrap_err().code, Code::NAME_TAKEN);
    campaign::approve(&world.center, &world.approver, "to-version-2").await.unwrap();
    // As a center left it that died with two orders made and not approved, and two not made.
    let orders = "DELETE FROM prepared WHERE order_id IN (SELECT id FROM orders WHERE campaign IS NOT NULL);
        UPDATE orders SET state = 'received', approved_by = NULL WHERE campaign IS NOT NULL;
        UPDATE campaign_cards SET outcome = 'selected', order_id = NULL
            WHERE card IN (SELECT card FROM campaign_cards ORDER BY card LIMIT 2);
        DELETE FROM sealed_orders WHERE order_id IN (SELECT id FROM orders WHERE campaign IS NOT NULL
            AND id NOT IN (SELECT order_id FROM campaign_cards WHERE order_id IS NOT NULL));
        DELETE FROM orders WHERE campaign IS NOT NULL
            AND id NOT IN (SELECT order_id FROM campaign_cards WHERE order_id IS NOT NULL)";
    world.tamper(orders).await;
    campaign::approve(&world.center, &world.approver, "to-version-2").await.unwrap();
    for card in &cards {
        assert_eq!(world.waiting(*card).await.len(), 1);
    }
    assert_eq!(world.numbers("to-version-2").await, Numbers { selected: 4, waiting: 4, ..Numbers::default() });
}

#[tokio::test]
async fn a_card_whose_data_is_gone_or_that_is_lost_gets_no_order_and_is_counted() {
    let world = World::new().await;
    let cards = world.many_issued(3).await;
    world.second_version(true).await;
    world.create(&upgrade()).await.unwrap();
    world.card_goes(cards[0], CardState::Lost).await;
    let statement =
        format!("DELETE FROM sealed_orders WHERE order_id IN (SELECT id FROM orders WHERE reference = '{}')", "M-1");
    assert_eq!(world.tamper(&statement).await, 1);
    world.card_goes(cards[2], CardState::Unknown).await;
    campaign::approve(&world.center, &world.approver, "to-version-2").await.unwrap();
    let expected = Numbers { selected: 3, waiting: 1, needs_data: 1, left_out: 1, ..Numbers::default() };
    assert_eq!(world.numbers("to-version-2").await, expected, "a card that is to be settled keeps its order");
}

#[tokio::test]
async fn a_campaign_that_is_cancelled_closes_what_is_not_carried_out_and_leaves_the_rest() {
    let world = World::new().await;
    let cards = world.many_issued(3).await;
    let keys = NewCampaign {
        name: "keys".into(),
        kind: "change-keys".into(),
        profile: None,
        argument: Some("32".into()),
        selection: "profile=identity,product=scp03-i70-life,base=north".into(),
    };
    world.create(&keys).await.unwrap();
    let (center, approver) = (&world.center, &world.approver);
    campaign::approve(center, approver, "keys").await.unwrap();
    world.carry_out(&world.order(&world.waiting(cards[0]).await[0]).await, cards[0]).await;
    assert_eq!(campaign::resume(center, approver, "keys").await.unwrap_err().code, Code::CAMPAIGN_NOT_SO);
    campaign::pause(center, approver, "keys").await.unwrap();
    campaign::cancel(center, approver, "keys").await.unwrap();
    let expected = Numbers { selected: 3, done: 1, cancelled: 2, ..Numbers::default() };
    assert_eq!(world.numbers("keys").await, expected);
    campaign::cancel(center, approver, "keys").await.expect("again changes nothing");
    assert_eq!(campaign::pause(center, approver, "keys").await.unwrap_err().code, Code::CAMPAIGN_NOT_SO);
    assert_eq!(campaign::pause(center, approver, "other").await.unwrap_err().code, Code::CAMPAIGN_UNKNOWN);
    world.create(&NewCampaign { name: "keys-2".into(), ..keys }).await.expect("the cards are free for another");
    assert_eq!(world.numbers("keys-2").await.selected, 3);
}

#[tokio::test]
async fn a_campaign_of_blocks_locks_its_cards_and_tells_of_each() {
    let world = World::new().await;
    let cards = world.many_issued(3).await;
    let block = NewCampaign {
        name: "recall".into(),
        kind: "block".into(),
        profile: None,
        argument: None,
        selection: "profile=identity".into(),
    };
    world.create(&block).await.unwrap();
    campaign::approve(&world.center, &world.approver, "recall").await.unwrap();
    assert_eq!(world.told().await.len(), 3);
    assert_eq!(world.card_state(cards[2]).await, CardState::Locked);
}

/// What the refusal says, and how the campaign is made wrong.
type Wrong = (&'static str, fn(&mut NewCampaign));

#[tokio::test]
async fn a_campaign_that_cannot_be_is_refused_with_the_reason() {
    let world = World::new().await;
    world.many_issued(1).await;
    world.second_version(true).await;
    let wrong: [Wrong; 8] = [
        ("name must be", |new| new.name = "a/b".into()),
        ("kind must be", |new| new.kind = "pin".into()),
        ("kind must be", |new| new.kind = "replace".into()),
        ("name the profile", |new| new.profile = None),
        ("argument", |new| new.argument = Some("16".into())),
        ("profile=NAME", |new| new.selection = "base=north".into()),
        ("no live card", |new| new.selection = "profile=identity,base=south".into()),
        ("names no profile", |new| new.kind = "block".into()),
    ];
    for (part, change) in wrong {
        let mut new = upgrade();
        change(&mut new);
        let refused = world.create(&new).await.unwrap_err();
        assert_eq!(refused.code, Code::CAMPAIGN_REFUSED);
        assert!(refused.parameters[1].contains(part), "{refused:?}");
    }
    assert_eq!(world.center.store.campaigns().await.unwrap(), []);
    world.assert_refusal_logged(Code::CAMPAIGN_REFUSED).await;
}
