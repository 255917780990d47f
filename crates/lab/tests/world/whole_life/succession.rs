//! Cards in the place of others: lost ones, and ones whose time is over.

use cardwright_lab::world::ChangeOrder;

use super::{HARBOR, HOLDER, STATION, assert_name, identity_world, issued, leave, number};

/// The order for a card in the place of the card `A-{card}`, with that card's number.
fn another(kind: &str, reference: &str, card: u32, argument: &str) -> ChangeOrder {
    let number = number(card);
    let fields = [("name", HOLDER), ("card_number", &number), ("pin", "8642")];
    ChangeOrder::new(kind, reference, &format!("A-{card}")).argument(argument).base("station").fields(&fields)
}

#[test]
fn a_lost_card_is_lost_before_another_is_live_in_its_place_and_is_kept_when_it_is_found() {
    let mut world = identity_world("scp03-i70", 1);
    let lost = issued(&world, "A-1", 0);
    world.order_changes(&[another("replace", "R-1", 1, "lost")]).unwrap();
    assert_eq!(world.card_state(&lost).unwrap(), "lost", "from the approval on");
    world.release("R-1", STATION).unwrap();
    let attempt = world.base(STATION).issue("R-1", &world.card(1)).unwrap();
    crate::assert_issued(&world, "R-1", &world.card(1), &attempt);
    assert_name(&world, STATION, HOLDER);
    // somebody finds the other one
    leave(&world);
    world.open_desk(HARBOR, false).unwrap();
    let found = world.base(HARBOR).serve(&lost).unwrap();
    assert_eq!((found.outcome.as_str(), found.code.as_str(), found.exit), ("refused", "CW-3019", 1), "{found:?}");
    assert_eq!(
        (world.card_state(&lost).unwrap(), world.card_state(&world.card(1)).unwrap()),
        ("lost".into(), "live".into())
    );
}

#[test]
fn a_card_whose_time_is_over_is_used_until_the_one_in_its_place_is_live() {
    let mut world = identity_world("scp03-i71", 1);
    let old = issued(&world, "A-1", 0);
    world.order_changes(&[another("renew", "R-1", 1, "")]).unwrap();
    assert_eq!(world.card_state(&old).unwrap(), "live");
    world.release("R-1", STATION).unwrap();
    let attempt = world.base(STATION).issue("R-1", &world.card(1)).unwrap();
    crate::assert_issued(&world, "R-1", &world.card(1), &attempt);
    assert_eq!(world.card_state(&old).unwrap(), "locked");
    assert_name(&world, STATION, HOLDER);
}
