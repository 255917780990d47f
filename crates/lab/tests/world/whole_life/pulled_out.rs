//! Cards that are pulled out in the middle of a change come to another base's terminal and are finished there; the
//! operators are told so at both.

use std::path::Path;

use cardwright_lab::world::card_host::Mischief;
use cardwright_lab::world::{ChangeOrder, World, read_card};

use super::{
    CAPITALS, HARBOR, SELECT, STATION, assert_name, identity_world, issued, key_sets, last_status, leave, moved, read,
    says, served, verified,
};

/// One change, on a card that is left alone and on one that is pulled out at these parts of its commands.
struct Pulled {
    kind: &'static str,
    change: fn(&str, u32) -> ChangeOrder,
    is_done: fn(&World, &Path, u32),
}

const CHANGES: [Pulled; 6] = [
    Pulled {
        kind: "personal-data",
        change: |reference, card| moved(reference, card, "Noor de Vries"),
        is_done: |world, _, _| assert_name(world, HARBOR, "Noor de Vries"),
    },
    Pulled {
        kind: "pin",
        change: |reference, card| ChangeOrder::new("pin", reference, &format!("A-{card}")).fields(&[("pin", "112233")]),
        is_done: |world, _, _| assert_eq!(verified(world, HARBOR, "112233"), "9000"),
    },
    Pulled {
        kind: "upgrade-application",
        change: |reference, card| {
            ChangeOrder::new("upgrade-application", reference, &format!("A-{card}")).profile("identity-2")
        },
        is_done: |world, _, _| {
            let capitals = read(world, HARBOR, &[SELECT, CAPITALS]);
            assert!(says(&capitals, "NOOR DE VRIES"), "{capitals}");
            assert_eq!(verified(world, HARBOR, "112233"), "9000");
        },
    },
    Pulled {
        kind: "change-keys",
        change: |reference, card| ChangeOrder::new("change-keys", reference, &format!("A-{card}")).argument("16"),
        is_done: |world, card, number| {
            let sets = key_sets(world, &format!("A-{number}"));
            let on_card: Vec<_> =
                sets.iter().filter(|(_, state)| state == "on-card").map(|(version, _)| *version).collect();
            let held: Vec<_> = read_card(card).unwrap().key_sets.iter().map(|set| u64::from(set.version)).collect();
            assert_eq!(on_card, held, "{sets:?}");
        },
    },
    Pulled {
        kind: "block",
        change: |reference, card| ChangeOrder::new("block", reference, &format!("A-{card}")),
        is_done: |world, card, _| {
            assert_eq!(world.card_state(card).unwrap(), "locked");
            assert_ne!(last_status(&read(world, HARBOR, &[SELECT])), "9000");
        },
    },
    Pulled {
        kind: "unblock",
        change: |reference, card| ChangeOrder::new("unblock", reference, &format!("A-{card}")),
        is_done: |world, _, _| assert_name(world, HARBOR, "Noor de Vries"),
    },
];

#[test]
fn a_change_that_was_cut_is_finished_at_another_terminal_on_a_card_with_a_spare_slot_for_keys() {
    every_change_is_cut("scp03-i70-life");
}

#[test]
fn a_change_that_was_cut_is_finished_at_another_terminal_on_a_card_whose_challenges_nobody_can_foresee() {
    every_change_is_cut("scp03-i60");
}

fn every_change_is_cut(product: &str) {
    let mut world = identity_world(product, 3);
    let cards: Vec<_> = (1..=3).map(|card| issued(&world, &format!("A-{card}"), card - 1)).collect();
    for pulled in CHANGES {
        let orders: Vec<_> = (1..=3).map(|card| (pulled.change)(&format!("{}-{card}", pulled.kind), card)).collect();
        world.order_changes(&orders).unwrap();
        let before = world.dialogue(&cards[0]).unwrap();
        served(&world, HARBOR, &cards[0], 1);
        let commands: Vec<_> = world.dialogue(&cards[0]).unwrap().split_off(before.len());
        (pulled.is_done)(&world, &cards[0], 1);
        // one that never comes, in the middle; and the answer to the one that does it, or follows it, is lost
        let first = commands.iter().position(|(command, _)| command.starts_with(crate::EXTERNAL_AUTHENTICATE)).unwrap();
        let last = commands.len() - 1;
        for (number, mischief) in
            (2..).zip([Mischief::CutBefore(first + (last - first).div_ceil(2)), Mischief::CutAfter(last)])
        {
            cut_and_finished(&world, &pulled, &cards[number - 1], number as u32, mischief);
        }
    }
}

fn cut_and_finished(world: &World, pulled: &Pulled, card: &Path, number: u32, mischief: Mischief) {
    let what = format!("{} {mischief:?}", pulled.kind);
    let reference = format!("{}-{number}", pulled.kind);
    leave(world);
    world.open_desk(STATION, false).unwrap();
    let cut = world.base(STATION).serve_with(card, mischief, &mut |_| Ok(())).unwrap();
    assert_eq!((cut.outcome.as_str(), cut.code.as_str(), cut.exit), ("unknown", "CW-3008", 4), "{what}: {cut:?}");
    let told = cut.events.last().unwrap()["next"].as_str().unwrap();
    assert!(told.contains("here or at another terminal: it will be finished"), "{what}: {told}");
    assert_eq!(world.order_state(&reference).unwrap(), "blocked", "{what}");
    assert_eq!(world.card_state(card).unwrap(), "unknown", "{what}");
    leave(world);
    world.open_desk(HARBOR, false).unwrap();
    let finished = world.base(HARBOR).serve(card).unwrap();
    assert!(finished.is_issued() && finished.changes() == 1, "{what}: {finished:?}");
    let notices = finished.notices();
    assert!(
        notices.len() == 1 && notices[0].contains("CW-3021") && notices[0].contains(&reference),
        "{what}: {notices:?}"
    );
    assert_eq!(world.order_state(&reference).unwrap(), "issued", "{what}");
    crate::assert_not_locked(card);
    (pulled.is_done)(world, card, number);
}
