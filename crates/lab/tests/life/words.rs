//! What an operator's word is good for, and what it is not.

use cardwright_issuance::state::{CardState, OrderState};
use cardwright_issuing_center::campaign::{self, NewCampaign};
use cardwright_issuing_center::store::Store;
use cardwright_lab::life::bench::Word;
use cardwright_lab::life::fault::Fault;
use cardwright_lab::life::picture::Picture;
use cardwright_lab::simulation::at_once;
use cardwright_relay::Code;
use cardwright_relay::message::Outcome;

use crate::two_cards::{HOLDER, Pair};

/// A campaign that is held back is held back, also where somebody names one of its orders.
#[test]
fn an_order_of_a_campaign_that_is_paused_is_not_carried_out_by_its_name() {
    let mut pair = Pair::issued();
    let [one, other] = pair.bench.people.clone();
    let new = NewCampaign {
        name: "keys".to_owned(),
        kind: "change-keys".to_owned(),
        profile: None,
        argument: Some("16".to_owned()),
        selection: "profile=identity".to_owned(),
    };
    let center = pair.bench.center.clone();
    at_once(campaign::create(&center, &one, &new)).unwrap();
    at_once(campaign::approve(&center, &other, "keys")).unwrap();
    let card = pair.row(&pair.old).id;
    let orders = at_once(center.store.orders_of_card(card)).unwrap();
    let order = orders.into_iter().find(|order| order.campaign.is_some()).unwrap();
    at_once(campaign::pause(&center, &one, "keys")).unwrap();
    let done = pair.bench.insert(0, Word::Order(&order), &mut pair.old, Fault::Nothing);
    let code = done.end.refusal.map(|refusal| refusal.code);
    assert_eq!((done.end.outcome, code), (Outcome::Refused, Some(Code::CAMPAIGN_NOT_SO)));
    assert_eq!((pair.states()[0], pair.state_of(&order)), (CardState::Live, OrderState::Prepared));
    at_once(campaign::resume(&center, &one, "keys")).unwrap();
    assert_eq!(pair.old(0, Word::Order(&order), Fault::Nothing), Outcome::Issued);
}

/// Who confirms a deletion for one order confirms none for another that is finished first.
#[test]
fn a_confirmation_for_one_order_deletes_nothing_for_another() {
    let mut pair = Pair::issued_on("scp03-i70-small");
    let upgrade = pair.order("upgrade", "upgrade-application", "identity-2", HOLDER);
    let other = pair.order("other", "pin", "identity", &[("pin", "990099")]);
    let before = Picture::of(&mut pair.old);
    let torn = pair.torn_at_its_opening();
    pair.old(0, Word::Desk, torn);
    assert_eq!((pair.states()[0], pair.state_of(&upgrade)), (CardState::Unknown, OrderState::Blocked));
    let looked = pair.bench.insert(1, Word::Confirmed(&other), &mut pair.old, Fault::Nothing);
    assert_eq!(looked.end.refusal.map(|refusal| refusal.code), Some(Code::MEMORY_TOO_SMALL));
    assert_eq!(Picture::of(&mut pair.old), before);
    let done = pair.bench.insert(0, Word::DeletionConfirmed, &mut pair.old, Fault::Nothing);
    assert_eq!(done.end.outcome, Outcome::Issued, "{:?}", done.end.refusal);
}
