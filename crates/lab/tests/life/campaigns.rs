//! A change of every card, with faults at random.

use cardwright_lab::life::campaign::{Asked, run};

/// So many cards; a thousand where there is time.
fn cards() -> usize {
    if crate::cuts::is_long() { 1_000 } else { 100 }
}

#[test]
fn a_campaign_ends_with_every_card_done_once_nothing_goes_wrong_any_more() {
    let (product, kind, argument) = ("scp03-i70-life", "change-keys", Some("16"));
    let asked = Asked { product, cards: cards(), kind, profile: None, argument, faults: 5, rounds: 2 };
    let outcome = run(&asked, 1).unwrap();
    println!("{outcome:?}");
    assert_eq!((outcome.at_the_end.selected as usize, outcome.at_the_end.done as usize), (cards(), cards()));
    // the control: faults there were
    assert!(outcome.with_faults.done < outcome.with_faults.selected && outcome.insertions > cards(), "{outcome:?}");
    assert!(outcome.let_again * 50 < cards(), "two people are needed for few: {outcome:?}");
}
