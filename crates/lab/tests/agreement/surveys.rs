//! Surveys of cards that were left in the middle, and somebody between issuer and card who keeps parts of them back.

use cardwright_issuance::kind::OrderKind;
use cardwright_virtual_card::{Card, PowerCut};

use crate::changes::{Bureau, select};
use crate::file;
use crate::life::{Became, Life, Wanted};

const HOLDER: [(&str, &str); 3] = [("name", "Ada Example"), ("card_number", "6200001234567894"), ("pin", "4711")];
const INSTANCE: &str = "F0434152445749440001";

fn instance(number: usize) -> String {
    format!("{}{number:02X}", &INSTANCE[..INSTANCE.len() - 2])
}

fn bureau(number: usize) -> Bureau {
    let (one, other) = (format!("instance = \"{INSTANCE}\""), format!("instance = \"{}\"", instance(number)));
    Bureau::of(&file("profiles/identity.toml").replace(&one, &other), "")
}

/// A card with so many instances that they are told by two pages.
fn crowded() -> Life {
    let mut life = Life::issued("scp03-i70-life", bureau(1).whole(&HOLDER, None), None);
    for number in 2..=6 {
        let added = Wanted::with(OrderKind::AddApplication, bureau(number).whole(&HOLDER, None));
        let became = life.carry_out(&added);
        assert!(matches!(became, Became::Done(_)), "{number}: {became:?}");
    }
    life
}

fn is_there(card: &mut Card, number: usize) -> bool {
    select(card, &hex::decode(instance(number)).unwrap()).ends_with(&[0x90, 0x00])
}

/// An error has no MAC: who keeps the first page back and tells one, and passes the last page on, proves nothing.
#[test]
fn the_last_page_of_a_list_proves_nothing_without_the_first() {
    let mut life = crowded();
    let removal = Wanted::about(OrderKind::RemoveApplication, &instance(1));
    life.carry_out_until(&removal, Some((1, PowerCut::Before)));
    assert!(is_there(&mut life.card, 1));
    let mut twin = life.twin();
    let mut pages = 0;
    life.carrier = Some(Box::new(move |card, command| {
        let answer = card.transmit(command);
        let is_page = command[1] == 0xF2 && command[2] == 0x40;
        pages += usize::from(is_page);
        if is_page && pages == 1 {
            assert!(answer.ends_with(&[0x63, 0x10]), "there is a second page");
            return vec![0x6A, 0x88];
        }
        answer
    }));
    let became = life.carry_out(&removal);
    assert!(!matches!(became, Became::Done(_)) || !is_there(&mut life.card, 1), "{became:?}");
    assert!(matches!(twin.carry_out(&removal), Became::Done(_)), "the control");
    assert!(!is_there(&mut twin.card, 1) && is_there(&mut twin.card, 2));
}

/// Who keeps back which key sets there are gets none of them forgotten.
#[test]
fn a_key_set_that_nobody_told_of_is_not_forgotten() {
    let mut life = Life::issued("scp03-i70-life", bureau(1).whole(&HOLDER, None), None);
    let change = Wanted::about(OrderKind::ChangeKeys, "16");
    // behind PUT KEY, before the old key set is deleted
    let put = (0..8).find(|command| {
        let mut twin = life.twin();
        twin.carry_out_until(&change, Some((*command, PowerCut::BeforeAnswer)));
        twin.card.state().key_sets.len() == 2
    });
    life.carry_out_until(&change, Some((put.unwrap(), PowerCut::BeforeAnswer)));
    let mut twin = life.twin();
    life.carrier = Some(Box::new(|card, command| {
        let answer = card.transmit(command);
        if command[1] == 0xCA && command[2..4] == [0x00, 0xE0] { vec![0x6A, 0x88] } else { answer }
    }));
    let became = life.carry_out(&change);
    let left = life.card.state().key_sets.len();
    assert!(!matches!(became, Became::Done(_)) || left == 1, "{became:?}, {left} key sets");
    life.carrier = None;
    if !matches!(became, Became::Done(_)) {
        assert!(matches!(life.carry_out(&change), Became::Done(_)), "an honest terminal ends it");
    }
    assert!(matches!(twin.carry_out(&change), Became::Done(_)), "the control");
    assert_eq!((life.card.state().key_sets.len(), twin.card.state().key_sets.len()), (1, 1));
}
