//! The center is killed before, within and after each of its commits, and started again: every entry is there or the
//! outcome is unknown, no order is lost, and there are never two cards.
//!
//! The failpoints are those that the program itself lists, one for each place in each kind of commit. Cards are held
//! in process and the readers are of tier R0; everything else is real: the programs, TLS, the database, the people's
//! commands.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod account;
#[path = "../../../globalplatform/tests/it/cap_builder.rs"]
mod cap_builder;
mod card;
mod center;
mod changes;
mod control;
mod counter;
mod desk;
mod founding;
mod postgres;
mod program;
mod receiver;
mod world;

use std::collections::BTreeSet;

use world::{PLACES, Story, World};

/// What happens at the counter in each kind of commit that the serving center makes there.
const STORIES: [(&str, Story); 9] = [
    ("issuance-opened", Story::Issue),
    ("issuance-writing", Story::Issue),
    ("issuance-activating", Story::Issue),
    ("issuance-issued", Story::Issue),
    ("issuance-unknown", Story::PulledOut),
    ("issuance-interrupted", Story::BeforeActivation),
    ("issuance-interrupted", Story::AfterActivation),
    ("rows", Story::Late),
    ("entries", Story::Refused),
];

/// Cards that are left in the middle once more, so that there is one for each commit of their finishing.
const MORE_LEFT: [(&str, Story); 1] = [("issuance-writing", Story::PulledOut)];

/// Kinds of commits that nothing makes, and why.
const NEVER_MADE: [(&str, &str); 21] = [
    ("issuance-leased", "an issuance is opened with its first script, in one commit"),
    ("issuance-authenticated", "the card's cryptogram is checked before the issuance is opened"),
    ("issuance-written", "a RESULT is received and proven in one commit"),
    ("issuance-verified", "the proof and the intent to activate are one commit, named after the second"),
    ("issuance-wiped", "a card that is finished is wiped by the order's own issuance where it must be"),
    ("issuance-quarantined", "a card is put aside by two people, not by an issuance"),
    ("terminal", "a terminal is entered in the commit that uses its code up"),
    ("prepared", "an order is prepared in the commit that approves it"),
    ("prepared-bare", "an order without data is prepared in the commit that approves it"),
    ("idempotency", "an answer is kept in the commit of its order"),
    ("pool-key-taken", "a key is taken in the commit that prepares an order"),
    ("card-number", "a number is given in the commit that prepares an order"),
    ("number-range", "a range steps in the commit that prepares an order"),
    ("pin-mailer", "a PIN is generated in the commit that prepares an order"),
    ("card-certificate", "a serial number is given in the commit that prepares an order"),
    ("pin-mailer-exported", "no order of this world has a generated PIN; the center's own tests let it die there"),
    ("card-expiry", "the card's last day is entered in the commit that prepares an order"),
    ("freed", "what an order had ready is freed in the commit that cancels it"),
    ("campaign-card", "a campaign is entered with its first 200 cards; those after them would be commits of their own"),
    ("campaign-card-settled", "a card is settled in the commit that holds its campaign to be approved"),
    ("card-decision-confirmed", "a decision moves its card in the same commit"),
];

/// A world whose counter is open, with orders for so many stories.
fn open(database: Option<String>, commands_die: bool, stories: usize) -> World {
    let mut world = World::new(database, commands_die);
    world.found();
    world.certify();
    world.take_programs();
    world.take_wallet_profile();
    world.stock(stories + 2);
    world.take_orders(stories);
    world.enrol_terminals();
    world.release();
    world.open_counter();
    world
}

/// A story for each place in each of the kinds.
const EVERY_STORY: usize = (STORIES.len() + MORE_LEFT.len()) * PLACES.len();

/// Issues; gives the orders whose cards can be used.
fn issue_at_every_failpoint(world: &mut World) -> Vec<String> {
    let mut live = Vec::new();
    for (kind, story) in STORIES.into_iter().chain(MORE_LEFT) {
        for place in PLACES {
            let order = world.see_through(&format!("{place}-{kind}"), story);
            match story {
                Story::Issue | Story::Refused => live.push(order),
                _ => world.left.push((story, order)),
            }
        }
    }
    live
}

/// Finishes at the desk what was left, and changes cards in use there.
fn go_on_at_the_desk(world: &mut World, live: &[String]) {
    world.open_desk();
    world.finish_what_was_left();
    world.change_cards_in_use(live);
}

#[test]
fn the_center_dies_at_every_commit_and_nothing_is_lost_or_made_twice() {
    let mut world = open(None, true, EVERY_STORY);
    let live = issue_at_every_failpoint(&mut world);
    let receiver = world.set_host();
    let aside = world.left[0].1.clone();
    world.put_aside(&aside);
    go_on_at_the_desk(&mut world, &live);
    world.offer_too_much(&live[12..15]);
    world.campaign(&live[14]);
    world.host_was_told(&receiver);
    world.revoke();
    let listed = world.center.done(&["failpoints"]);
    let listed: BTreeSet<String> =
        listed["failpoints"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    let never = NEVER_MADE.iter().flat_map(|(kind, _)| PLACES.map(|place| format!("{place}-{kind}")));
    let never: BTreeSet<String> = never.collect();
    let expected: BTreeSet<String> = listed.difference(&never).cloned().collect();
    assert_eq!(world.hits, expected, "every failpoint is met, but those of kinds that are never made");
    assert!(never.is_subset(&listed), "a kind that is never made is no kind any more");
    let (hits, listed, never) = (world.hits.len(), listed.len(), NEVER_MADE.len());
    println!("the center has died at {hits} of {listed} failpoints; {never} kinds of commits are never made:");
    NEVER_MADE.iter().for_each(|(kind, why)| println!("  {kind}: {why}"));
}

/// Without a server the test is skipped; where a skipped test would go unseen (`CI=true`), it fails.
#[test]
fn the_center_dies_at_every_commit_of_an_issuance_on_postgresql() {
    let Some(database) = postgres::Database::create() else { return };
    let mut world = open(Some(database.url.clone()), false, EVERY_STORY);
    let live = issue_at_every_failpoint(&mut world);
    go_on_at_the_desk(&mut world, &live);
    println!("the center has died at {} failpoints on PostgreSQL", world.hits.len());
    let kinds: BTreeSet<_> = STORIES.iter().map(|(kind, _)| *kind).chain(["enrolment-code-used"]).collect();
    assert_eq!(world.hits.len(), kinds.len() * PLACES.len());
}
