//! Cards that are pulled out, that are others than they should be, and answers that somebody changes on their way.

use std::path::PathBuf;

use cardwright_lab::world::card_host::Mischief;
use cardwright_lab::world::programs::source;
use cardwright_lab::world::{World, read_card};

use crate::{
    EXTERNAL_AUTHENTICATE, assert_issued, assert_not_locked, assert_refused_clean, assert_unknown, content, has_got,
    world,
};

/// Commands before EXTERNAL AUTHENTICATE: the preamble.
fn preamble(world: &World, card: u32) -> usize {
    let dialogue = world.dialogue(&world.card(card)).unwrap();
    dialogue.iter().position(|(command, _)| command.starts_with(EXTERNAL_AUTHENTICATE)).unwrap()
}

#[test]
fn a_card_that_is_pulled_out_in_the_middle_is_unknown_and_blocks_its_order() {
    let world = world(&["A-1", "A-2", "A-3", "A-4"]);
    let base = world.base(0);
    world.release("A-1", 0).unwrap();
    let attempt = base.issue("A-1", &world.card(0)).unwrap();
    assert_issued(&world, "A-1", &world.card(0), &attempt);
    let (first, all) = (preamble(&world, 0), world.dialogue(&world.card(0)).unwrap().len());
    assert!(all > first + 8, "{all} commands");
    // the answer to EXTERNAL AUTHENTICATE is lost; a command in the middle never comes; the commit point's answer is lost
    let cuts = [Mischief::CutAfter(first), Mischief::CutBefore((first + all) / 2), Mischief::CutAfter(all - 2)];
    for (card, mischief) in (1..).zip(cuts) {
        let order = format!("A-{}", card + 1);
        world.release(&order, 0).unwrap();
        let attempt = base.issue_with(&order, &world.card(card), mischief, None, &mut |_| Ok(())).unwrap();
        assert_unknown(&world, &order, &world.card(card), &attempt);
        assert_eq!(attempt.code, "CW-3008", "{attempt:?}");
    }
    assert_eq!(content(&world.card(1)), "", "nothing was installed yet");
    let verified = world.center.must(&["log", "verify"]).unwrap();
    assert!(verified.out.contains("whole"), "{}", verified.out);
}

#[test]
fn a_card_that_is_pulled_out_before_anything_was_written_does_no_harm() {
    let world = world(&["A-1"]);
    let base = world.base(0);
    world.release("A-1", 0).unwrap();
    let pulled = base.issue_with("A-1", &world.card(0), Mischief::CutBefore(1), None, &mut |_| Ok(())).unwrap();
    // to the daemon, a virtual card that goes in the middle of a command is a reader that goes
    assert!(["CW-3010", "CW-5007"].contains(&pulled.code.as_str()), "{pulled:?}");
    assert_eq!((pulled.outcome.as_str(), world.order_state("A-1").unwrap().as_str()), ("failed-clean", "prepared"));
    let attempt = base.issue("A-1", &world.card(0)).unwrap();
    assert_issued(&world, "A-1", &world.card(0), &attempt);
}

#[test]
fn an_answer_that_was_altered_or_stripped_of_its_r_mac_proves_nothing() {
    let world = world(&["A-1", "A-2", "A-3", "A-4"]);
    let base = world.base(0);
    world.release("A-1", 0).unwrap();
    let attempt = base.issue("A-1", &world.card(0)).unwrap();
    assert_issued(&world, "A-1", &world.card(0), &attempt);
    let (first, all) = (preamble(&world, 0), world.dialogue(&world.card(0)).unwrap().len());
    let changes = [Mischief::Alter(first + 1), Mischief::Strip(all - 4), Mischief::Alter(all - 1)];
    for (card, mischief) in (1..).zip(changes) {
        let order = format!("A-{}", card + 1);
        world.release(&order, 0).unwrap();
        let attempt = base.issue_with(&order, &world.card(card), mischief, None, &mut |_| Ok(())).unwrap();
        assert_unknown(&world, &order, &world.card(card), &attempt);
        assert_eq!(attempt.code, "CW-3007", "{mischief:?}: {attempt:?}");
    }
}

#[test]
fn a_changed_answer_to_initialize_update_is_refused_before_a_try_is_spent() {
    let world = world(&["A-1"]);
    let base = world.base(0);
    world.release("A-1", 0).unwrap();
    // SELECT, GET DATA, INITIALIZE UPDATE: the last bytes of its answer are the counter's
    let changed = base.issue_with("A-1", &world.card(0), Mischief::Alter(2), None, &mut |_| Ok(())).unwrap();
    assert!(["CW-3003", "CW-3004"].contains(&changed.code.as_str()), "{changed:?}");
    assert_refused_clean(&world, "A-1", &changed, &changed.code);
    assert!(!has_got(&world, &world.card(0), EXTERNAL_AUTHENTICATE));
    let attempt = base.issue("A-1", &world.card(0)).unwrap();
    assert_issued(&world, "A-1", &world.card(0), &attempt);
}

#[test]
fn a_card_of_another_product_is_refused() {
    let world = world(&["A-1"]);
    let base = world.base(0);
    world.release("A-1", 0).unwrap();
    let strong = world.make_stray_cards(&source().join("products/scp03-i71.toml"), 1, "strong").unwrap();
    let attempt = base.issue("A-1", &strong).unwrap();
    assert_refused_clean(&world, "A-1", &attempt, "CW-3012");
    assert!(world.dialogue(&strong).unwrap().is_empty(), "a card of a product that is not known got a command");
    let attempt = base.issue("A-1", &disguised(&world, &strong)).unwrap();
    assert_refused_clean(&world, "A-1", &attempt, "CW-3003");
    let attempt = base.issue("A-1", &world.card(0)).unwrap();
    assert_issued(&world, "A-1", &world.card(0), &attempt);
}

/// A card of another product with the ATR and the identity of a card in stock.
fn disguised(world: &World, other: &std::path::Path) -> PathBuf {
    let (mut card, stock) = (read_card(other).unwrap(), read_card(&world.card(0)).unwrap());
    card.product.atr = stock.product.atr;
    card.identity = stock.identity;
    let path = world.path("cards/disguised.json");
    std::fs::write(&path, card.to_json()).unwrap();
    path
}

#[test]
fn a_card_is_not_issued_twice_and_an_order_not_either() {
    let world = world(&["A-1", "A-2"]);
    let base = world.base(0);
    // one order released twice, before anything is written: the second release takes the place of the first
    for order in ["A-1", "A-1", "A-2"] {
        world.release(order, 0).unwrap();
    }
    let attempt = base.issue("A-1", &world.card(0)).unwrap();
    assert_issued(&world, "A-1", &world.card(0), &attempt);
    let again = base.issue("A-1", &world.card(1)).unwrap();
    assert_eq!((again.code.as_str(), again.exit), ("CW-5010", 1), "a release is used once: {again:?}");
    assert_eq!(world.card_state(&world.card(1)).unwrap(), "stock");
    assert!(!has_got(&world, &world.card(1), EXTERNAL_AUTHENTICATE));
    let live = base.issue("A-2", &world.card(0)).unwrap();
    // its transport keys are gone: it says so before it says who it is
    assert!(["CW-3003", "CW-3011"].contains(&live.code.as_str()), "{live:?}");
    assert_refused_clean(&world, "A-2", &live, &live.code);
    assert_not_locked(&world.card(0));
    let released =
        world.center.run(&["ticket", "issue", "--order", "A-1", "--terminal", "harbor-counter", "--as", "Kim"]);
    assert!(released.unwrap().err.contains("CW-4003"));
}
