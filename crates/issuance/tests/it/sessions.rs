//! What a card product lets us do, and what a card that was ended says.

use cardwright_globalplatform::{KeySize, Protocol};
use cardwright_issuance::admission::{is_ended, within_scp02_sessions};
use cardwright_issuance::basis::Basis;
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::product::CardProduct;
use cardwright_issuance::row::Issuance;
use cardwright_issuance::state::{CardState, IssuanceState, OrderState};
use cardwright_relay::Code;

use crate::admission::{card, change, id};

const SCP02: &str = include_str!("../../../../products/scp02-i55.toml");
const SCP03: &str = include_str!("../../../../products/scp03-i70.toml");

fn product(text: &str) -> CardProduct {
    CardProduct::from_toml(text).unwrap()
}

fn refused(product: &CardProduct, kind: OrderKind, sessions: u32) -> Option<Code> {
    within_scp02_sessions(product, product.protocol(), kind, sessions).err().map(|refusal| refusal.code)
}

#[test]
fn a_product_that_does_not_say_how_often_is_not_opened_by_scp02_at_all() {
    let silent = product(&SCP02.replace("scp02_sessions = 32\n", ""));
    for kind in [OrderKind::New, OrderKind::ChangeKeys, OrderKind::Block] {
        assert_eq!(refused(&silent, kind, 0), Some(Code::PRODUCT_REFUSED), "{kind:?}");
        assert_eq!(refused(&product(SCP02), kind, 0), None, "{kind:?}: the control");
        assert_eq!(refused(&product(SCP03), kind, 1_000_000), None, "{kind:?}: nor is another protocol bounded so");
    }
    // the keys of the newer protocol on the same card
    let newer = Protocol::scp03(0x70, KeySize::Aes128).unwrap();
    assert!(within_scp02_sessions(&silent, newer, OrderKind::Pin, 99).is_ok());
}

#[test]
fn a_key_set_that_was_used_often_enough_is_changed_and_carries_no_other_secret() {
    let product = product(SCP02);
    assert_eq!(
        (refused(&product, OrderKind::Pin, 31), refused(&product, OrderKind::Pin, 32)),
        (None, Some(Code::PRODUCT_REFUSED))
    );
    assert_eq!(refused(&product, OrderKind::ChangeKeys, 35), None, "the way out");
    assert_eq!(refused(&product, OrderKind::ChangeKeys, 36), Some(Code::PRODUCT_REFUSED));
    assert_eq!(refused(&product, OrderKind::Block, 1_000), None, "it carries no secret");
}

#[test]
fn a_card_that_was_ended_says_who_it_is_and_nothing_else() {
    let product = product(SCP03);
    let cplc = [&[0x9F, 0x7F, 42][..], &[0x47; 42], &[0x90, 0x00]].concat();
    let refuses: &[u8] = &[0x6A, 0x81];
    assert_eq!(product.identify_ended(&[refuses, &cplc]), Some(vec![0x47; 42]));
    assert_eq!(product.identify_ended(&[refuses, &cplc, &[0x69, 0x85]]), Some(vec![0x47; 42]));
    let opens = [&[0; 29][..], &[0x90, 0x00]].concat();
    for other in [&[&[0x90, 0x00][..], &cplc][..], &[&[0x62, 0x83], &cplc], &[refuses, &[0x6A, 0x88]], &[refuses]] {
        assert_eq!(product.identify_ended(other), None, "{other:02X?}");
    }
    assert_eq!(product.identify_ended(&[refuses, &cplc, &opens]), None, "it still opens channels");
}

fn issuance(state: IssuanceState) -> Issuance {
    Issuance {
        id: id(20),
        order: id(70),
        card: card(CardState::Unknown).id,
        terminal: id(1),
        reader: id(3),
        operator: id(8),
        state,
        epoch: 0,
        step: 1,
        opened: 0,
        deadline: 0,
        open_message: Vec::new(),
        second_challenge: id(21),
        basis: Basis::default(),
    }
}

#[test]
fn silence_ends_a_card_only_where_it_was_proven_to_be_locked_and_told_to_end() {
    let order = change(70, OrderKind::Terminate, OrderState::Blocked);
    let unknown = card(CardState::Unknown);
    assert!(is_ended(&unknown, &order, &issuance(IssuanceState::Interrupted)));
    assert!(!is_ended(&unknown, &order, &issuance(IssuanceState::Unknown)), "nothing was proven");
    let looked = Basis { verified: true, survey: true, ..Basis::default() };
    let looked = Issuance { basis: looked, ..issuance(IssuanceState::Unknown) };
    assert!(is_ended(&unknown, &order, &looked), "the second attempt only looked");
    assert!(!is_ended(&unknown, &order, &Issuance { step: 2, ..looked }));
    for kind in [OrderKind::Block, OrderKind::New] {
        let order = change(70, kind, OrderState::Blocked);
        assert!(!is_ended(&unknown, &order, &issuance(IssuanceState::Interrupted)), "{kind:?}");
    }
    let other = change(71, OrderKind::Terminate, OrderState::Blocked);
    assert!(!is_ended(&unknown, &other, &issuance(IssuanceState::Interrupted)));
    let waiting = change(70, OrderKind::Terminate, OrderState::Prepared);
    assert!(!is_ended(&unknown, &waiting, &issuance(IssuanceState::Interrupted)));
}
