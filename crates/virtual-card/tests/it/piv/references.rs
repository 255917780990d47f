//! PIN and PUK over resets: what the dialogue `piv.txt` does not show.

use cardwright_virtual_card::CardState;

use super::issue::{P_256, issued};
use super::{SELECT, status};
use crate::world::card_with;

#[test]
fn a_card_that_is_taken_out_and_put_in_again_remembers_the_tries() {
    let (mut card, _) = issued(P_256);
    for left in [2, 1, 0] {
        status(&mut card, SELECT);
        assert_eq!(status(&mut card, "0020008008393939393939FFFF"), 0x63C0 | left);
        card = card_with(CardState::from_json(&card.state().to_json()).unwrap());
    }
    status(&mut card, SELECT);
    assert_eq!(status(&mut card, "0020008008313233343536FFFF"), 0x6983, "blocked for the right one too");
    assert_eq!(status(&mut card, "002C0080103837363534333231363534333231FFFF"), 0x9000);
    assert_eq!(status(&mut card, "0020008008363534333231FFFF"), 0x9000);
}

#[test]
fn a_wrong_puk_takes_the_pin_verification_back_and_spends_a_try_of_the_puk_alone() {
    let (mut card, _) = issued(P_256);
    status(&mut card, SELECT);
    assert_eq!(status(&mut card, "0020008008313233343536FFFF"), 0x9000);
    assert_eq!(status(&mut card, "002C0080103037363534333231363534333231FFFF"), 0x63C2);
    assert_eq!(status(&mut card, "00200080"), 0x63C3);
}

#[test]
fn unblocking_changes_nothing_about_a_verification() {
    let (mut card, _) = issued(P_256);
    status(&mut card, SELECT);
    assert_eq!(status(&mut card, "0020008008313233343536FFFF"), 0x9000);
    assert_eq!(status(&mut card, "002C0080103837363534333231363534333231FFFF"), 0x9000);
    assert_eq!(status(&mut card, "00200080"), 0x9000);
}
