//! The check of payment cards: samples that read back, and everything that a terminal would refuse.

use cardwright_data_preparation::{CheckFault, EmvFault};

use crate::emv_sample::{Card, Draft};

fn fault(card: &Card) -> Option<CheckFault> {
    card.read_back().err()
}

fn emv(card: &Card) -> EmvFault {
    match fault(card) {
        Some(CheckFault::Emv { fault, .. }) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_samples_read_back() {
    assert_eq!(fault(&Draft::credit().card()), None);
    assert_eq!(fault(&Draft::debit().card()), None);
}
