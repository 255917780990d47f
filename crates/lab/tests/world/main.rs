//! An issuance's bad days, over the real programs: a center, terminals, PC/SC daemons and virtual cards, and whoever
//! pulls a card, a reader or a plug at the worst moment. No card is locked, no order lost, no second card made; what
//! cannot be known is unknown and blocks its order.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod card_faults;
mod center_faults;
mod demonstration;
mod employee_cards;
mod entry_faults;
mod memory;
mod needles;
mod payment_cards;
mod reader_faults;
mod searched;
mod terminal_faults;
mod test_center;
mod whole_life;
mod wire;

use std::path::Path;

use cardwright_lab::world::{Attempt, NewOrder, Plan, World, read_card};

/// A world with one base and these orders, approved, each for another person.
pub(crate) fn world(references: &[&str]) -> World {
    World::of(plan(references)).unwrap_or_else(|fault| panic!("{fault}"))
}

/// What [`world`] is made from.
pub(crate) fn plan(references: &[&str]) -> Plan {
    let order = |(number, reference): (usize, &&str)| {
        NewOrder::new(reference, "harbor", "Noor Visser", &format!("99990100000000{number:02}"), "4711")
    };
    let orders = references.iter().enumerate().map(order).collect();
    Plan { bases: vec!["harbor"], orders, ..Plan::default() }
}

/// The attempt succeeded; the center and the card both say so.
#[track_caller]
pub(crate) fn assert_issued(world: &World, order: &str, card: &Path, attempt: &Attempt) {
    assert!(attempt.is_issued(), "{attempt:?}");
    assert_eq!(world.order_state(order).unwrap(), "issued");
    assert_eq!(world.card_state(card).unwrap(), "live");
    assert!(content(card).contains("complete"), "{}", content(card));
}

/// The attempt was refused with this code before anything was written: the order waits on, and the card is as new.
#[track_caller]
pub(crate) fn assert_refused_clean(world: &World, order: &str, attempt: &Attempt, code: &str) {
    assert_eq!((attempt.code.as_str(), attempt.exit), (code, 1), "{attempt:?}");
    assert_eq!(world.order_state(order).unwrap(), "prepared");
}

/// The outcome is unknown: the order is blocked, nobody may release it again, and no key of the card is near its lock.
#[track_caller]
pub(crate) fn assert_unknown(world: &World, order: &str, card: &Path, attempt: &Attempt) {
    assert_eq!((attempt.outcome.as_str(), attempt.exit), ("unknown", 4), "{attempt:?}");
    assert_eq!(world.order_state(order).unwrap(), "blocked");
    assert_eq!(world.card_state(card).unwrap(), "unknown");
    assert_not_locked(card);
    let again = world.center.run(&["ticket", "issue", "--order", order, "--terminal", "harbor-counter", "--as", "Kim"]);
    let again = again.unwrap();
    assert!(again.exit == 1 && again.err.contains("CW-4004"), "{}", again.text());
}

/// No key set of the card has failed more than once.
#[track_caller]
pub(crate) fn assert_not_locked(card: &Path) {
    let state = read_card(card).unwrap();
    assert!(state.key_sets.iter().all(|set| set.failures <= 1), "{}", card.display());
}

/// What `cardwright-card show` would say of the identity application: complete or not, or nothing where it is not
/// installed.
pub(crate) fn content(card: &Path) -> String {
    use cardwright_virtual_card::applications::Program;
    let state = read_card(card).unwrap();
    let identity = state.applications.iter().find_map(|application| match &application.program {
        Program::Identity(data) => Some(if data.is_complete() { "complete" } else { "unfinished" }),
        _ => None,
    });
    identity.unwrap_or_default().to_owned()
}

/// Whether a card has got a command whose first two bytes are these, in hexadecimal.
pub(crate) fn has_got(world: &World, card: &Path, begin: &str) -> bool {
    world.dialogue(card).unwrap().iter().any(|(command, _)| command.starts_with(begin))
}

/// EXTERNAL AUTHENTICATE: the first command that may cost a card a try.
pub(crate) const EXTERNAL_AUTHENTICATE: &str = "8482";
