//! What changes between preparation and writing, and what a card is when it was left between two commit points.

use cardwright_issuance::entry::Event;
use cardwright_issuance::state::{CardState, IssuanceState, OrderState};
use cardwright_issuing_center::journal::story;
use cardwright_lab::simulation::at_once;
use cardwright_relay::Code;
use cardwright_relay::message::{Outcome, StopReason};

use crate::world::{World, file, script, stopped, verdict};

fn newer() -> String {
    let text = file("profiles/identity.toml");
    text.replacen("version = 1", "version = 2", 1).replacen("days = 30", "days = 31", 1)
}

#[test]
fn an_order_prepared_by_an_older_text_of_its_profile_is_not_written_and_spends_no_try() {
    let mut world = World::new();
    world.import_profile(2, &newer());
    let open = world.open(0, 0);
    let told = verdict(&world.post_open(&open).unwrap());
    let refusal = told.refusal.unwrap();
    assert_eq!((told.outcome, refusal.code), (Outcome::Refused, Code::PROFILE_CHANGED));
    assert_eq!(refusal.parameters, ["order-0", "identity"]);
    let card = world.card_row(0);
    assert_eq!((card.state, card.open_tries, world.order(0).state), (CardState::Stock, 0, OrderState::Prepared));
}

#[test]
fn an_issuance_under_way_goes_on_by_the_text_it_began_with() {
    let mut world = World::new();
    let open = world.open(0, 0);
    let first = script(&world.post_open(&open).unwrap());
    world.import_profile(2, &newer());
    assert_eq!(script(&world.post_open(&open).unwrap()), first, "the script again, computed from the rows");
    let written = world.run(0, &first);
    let second = script(&world.post_result(&written).unwrap());
    let activated = world.run(0, &second);
    assert_eq!(verdict(&world.post_result(&activated).unwrap()).outcome, Outcome::Issued);
}

/// The identity profile with a second application under another AID.
fn two_applications() -> String {
    let profile = file("profiles/identity.toml");
    let (_, application) = profile.split_once("[[application]]").unwrap();
    let other = application.replacen("instance = \"F0434152445749440001\"", "instance = \"F0434152445749440002\"", 1);
    format!("{profile}\n[[application]]{other}")
}

fn events(world: &World) -> Vec<Event> {
    let told = at_once(story::all(&*world.center.store)).unwrap();
    told.into_iter().map(|told| told.entry.event).collect()
}

#[test]
fn a_card_left_between_two_commit_points_is_partly_activated_and_never_live() {
    let mut world = World::with_profile(&two_applications());
    let open = world.open(0, 0);
    let first = script(&world.post_open(&open).unwrap());
    let written = world.run(0, &first);
    let second = script(&world.post_result(&written).unwrap());
    let mut left = stopped(world.run(0, &second), 1, StopReason::CardGone);
    left.answers.truncate(1);
    let told = verdict(&world.post_result(&left).unwrap());
    assert_eq!((told.outcome, told.refusal.unwrap().code), (Outcome::Unknown, Code::CARD_LEFT));
    assert_eq!((world.card_row(0).state, world.order(0).state), (CardState::PartlyActivated, OrderState::Blocked));
    assert_eq!(world.issuance(open.session).unwrap().state, IssuanceState::Interrupted);
    let activated = Event::PartlyActivated { step: 2, applications: vec!["F0434152445749440001".to_owned()] };
    assert!(events(&world).contains(&activated), "{:?}", events(&world));
}

#[test]
fn a_forged_answer_makes_no_commit_point() {
    let mut world = World::with_profile(&two_applications());
    let open = world.open(0, 0);
    let first = script(&world.post_open(&open).unwrap());
    let written = world.run(0, &first);
    let second = script(&world.post_result(&written).unwrap());
    let mut left = stopped(world.run(0, &second), 1, StopReason::CardGone);
    left.answers = vec![vec![0x90, 0x00].into()];
    assert_eq!(verdict(&world.post_result(&left).unwrap()).outcome, Outcome::Unknown);
    assert_eq!(world.card_row(0).state, CardState::Unknown);
    assert!(!events(&world).iter().any(|event| matches!(event, Event::PartlyActivated { .. })));
}
