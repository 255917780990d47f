//! What the issuing side does when the card, or who carries its answers, is not what it should be: nothing is sent.

use cardwright_issuance::product::CardProduct;
use cardwright_relay::Code;
use cardwright_virtual_card::Card;

use crate::new_card::{Issuer, KDD, PROVING, RIGHT, WRONG, accept, blank_card, run};

/// The bytes that say which card this is: no key is on record for another.
const WHO: std::ops::Range<usize> = 0..10;

fn tries(card: &Card) -> Vec<u8> {
    card.state().key_sets.iter().map(|set| set.failures).collect()
}

/// Issues `card` in the ordinary way: whatever was tried before has not harmed it.
fn assert_can_be_issued(issuer: &Issuer, card: &mut Card) {
    let preamble = issuer.preamble(card);
    let mut stage = issuer.open(&preamble[2]).ok();
    assert!(stage.is_some(), "the card is let in");
    while let Some(script) = stage {
        let answers = run(card, &script.commands());
        stage = accept(issuer, script, &answers);
    }
}

/// Whether the issuing side would send this card a command.
fn is_let_in(issuer: &Issuer, preamble: &[Vec<u8>], update: &[u8]) -> bool {
    let answers = [&preamble[0][..], &preamble[1], update];
    let known = issuer.product.identify(&answers).is_ok_and(|identity| identity.kdd == KDD);
    known && issuer.open(update).is_ok()
}

#[test]
fn every_changed_byte_of_the_initialize_update_answer_is_refused_before_external_authenticate() {
    for product in PROVING {
        let issuer = Issuer::new(product);
        let mut card = blank_card(product, RIGHT);
        let preamble = issuer.preamble(&mut card);
        let update = &preamble[2];
        assert!(is_let_in(&issuer, &preamble, update), "the control: unchanged it is let in");
        for place in 0..update.len() {
            // every bit of what says how the channel is to be, of the rest the lowest, the highest and all
            let described = (WHO.end..13).contains(&place) || place + 2 >= update.len();
            let changes: Vec<u8> =
                if described { (0..8).map(|bit| 1 << bit).collect() } else { vec![0x01, 0x80, 0xFF] };
            for change in changes {
                let mut altered = update.clone();
                altered[place] ^= change;
                assert!(!is_let_in(&issuer, &preamble, &altered), "{product}: byte {place} ^ {change:02X}");
            }
        }
        assert_eq!(tries(&card), [0], "{product}: no try was spent");
        assert_can_be_issued(&issuer, &mut card);
    }
}

#[test]
fn an_initialize_update_answer_of_any_other_length_is_refused() {
    for product in PROVING {
        let issuer = Issuer::new(product);
        let mut card = blank_card(product, RIGHT);
        let preamble = issuer.preamble(&mut card);
        let (data, status) = preamble[2].split_last_chunk::<2>().unwrap();
        for length in (0..80).filter(|length| *length != data.len()) {
            let mut other: Vec<u8> = data.iter().copied().chain([0; 80]).take(length).collect();
            other.extend_from_slice(status);
            assert!(!is_let_in(&issuer, &preamble, &other), "{product}: {length} bytes");
        }
        assert!(!is_let_in(&issuer, &preamble, &[]) && !is_let_in(&issuer, &preamble, &[0x90]), "{product}");
    }
}

#[test]
fn a_card_with_other_keys_gets_nothing_and_loses_no_try() {
    for product in PROVING {
        let issuer = Issuer::new(product);
        let mut card = blank_card(product, WRONG);
        for _ in 0..20 {
            let preamble = issuer.preamble(&mut card);
            let refusal = issuer.open(&preamble[2]).err();
            assert_eq!(refusal.map(|refusal| refusal.code), Some(Code::CARD_CRYPTOGRAM_WRONG), "{product}");
        }
        assert_eq!(tries(&card), [0], "{product}");
        assert!(card.state().applications.is_empty() && card.state().data_objects.is_empty(), "{product}");
    }
}

#[test]
fn an_answer_recorded_from_an_earlier_insertion_is_refused_by_the_card_at_external_authenticate_once() {
    for product in PROVING {
        let issuer = Issuer::new(product);
        let mut card = blank_card(product, RIGHT);
        let old = issuer.preamble(&mut card).remove(2);
        issuer.preamble(&mut card);
        let script = issuer.open(&old).unwrap_or_else(|refusal| panic!("{refusal:?}"));
        let commands = script.commands();
        let answer = card.transmit(&commands[0].apdu);
        assert_eq!(answer, [0x63, 0x00], "{product}");
        assert_eq!(tries(&card), [1], "{product}: this one cannot be known beforehand");
        let flaw = script.answers(&[&answer]).err().unwrap();
        assert_eq!(flaw.index(), Some(0), "{product}");
        assert_can_be_issued(&issuer, &mut card);
        assert!(tries(&card).iter().all(|failures| *failures == 0), "{product}");
    }
}

#[test]
fn a_card_product_that_proves_nothing_is_refused_before_its_answer_is_looked_at() {
    for product in ["scp03-i10", "scp02-i15", "scp02-i55"] {
        let text = crate::file(&format!("products/{product}.toml"));
        assert_eq!(text.matches("proof = \"cryptogram\"").count(), 1);
        let mut issuer = Issuer::new(product);
        issuer.product = CardProduct::from_toml(&text.replace("\"cryptogram\"", "\"none\"")).unwrap();
        let refusal = issuer.open(&[]).err();
        assert_eq!(refusal.map(|refusal| refusal.code), Some(Code::PRODUCT_REFUSED), "{product}");
    }
}
