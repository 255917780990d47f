//! The whole flow of a new card, on every card product that proves what it writes.

use cardwright_apdu::Aid;
use cardwright_issuance::flow::StageKind;

use crate::grouping::read;
use crate::new_card::{KDD, Recording};

fn assert_issued(recording: &mut Recording) {
    let instance = Aid::new(&[0xF0, 0x43, 0x41, 0x52, 0x44, 0x57, 0x49, 0x44, 0x00, 0x01]).unwrap();
    assert_eq!(read(&mut recording.card, &instance, 0x0101), b"Ada Example");
    assert_eq!(read(&mut recording.card, &instance, 0x0102), b"6200001234567894");
}

fn kinds(recording: &Recording) -> Vec<StageKind> {
    recording.scripts.iter().map(|(kind, _)| *kind).collect()
}

#[test]
fn a_card_with_foreseeable_challenges_is_written_in_one_script_and_activated_in_another() {
    for product in ["scp03-i70", "scp03-i71"] {
        let mut recording = Recording::of(product);
        assert_eq!(kinds(&recording), [StageKind::Write, StageKind::Activate], "{product}");
        assert_issued(&mut recording);
    }
}

#[test]
fn a_card_with_random_challenges_takes_one_script_more() {
    let mut recording = Recording::of("scp03-i60");
    assert_eq!(kinds(&recording), [StageKind::ChangeKeys, StageKind::Write, StageKind::Activate]);
    assert_issued(&mut recording);
}

#[test]
fn a_card_says_before_its_opening_who_it_is() {
    let recording = Recording::of("scp03-i70");
    let answers: Vec<&[u8]> = recording.preamble.iter().map(Vec::as_slice).collect();
    let identity = recording.issuer.product.identify(&answers).unwrap();
    assert_eq!((identity.kdd, identity.cplc), (KDD, vec![0x47; 42]));
}
