//! A change of every card, with faults at random.

use cardwright_lab::life::campaign::{Asked, run};

#[test]
fn a_campaign_ends_with_every_card_done_once_nothing_goes_wrong_any_more() {
    let cards = std::env::var("CARDWRIGHT_LIFE_CARDS").ok().and_then(|text| text.parse().ok()).unwrap_or(100);
    let begun = std::time::Instant::now();
    let (product, kind, argument) = ("scp03-i70-life", "change-keys", Some("16"));
    let asked = Asked { product, cards, kind, profile: None, argument, faults: 5, rounds: 2 };
    let outcome = run(&asked, 1).unwrap();
    println!("{outcome:?} {:?}", begun.elapsed());
    assert_eq!(outcome.at_the_end.done as usize, cards);
}
