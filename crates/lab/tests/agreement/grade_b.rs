//! Cards whose answers carry no MAC: a payment card is proven by its cryptogram, and by nothing else.

use cardwright_issuance::new_card::StageKind;
use cardwright_virtual_card::ApplicationState;

use crate::new_card::Recording;
use crate::specimens::debit;

/// The card products without a MAC on answers.
pub(crate) const BELIEVED: [&str; 3] = ["scp02-i55", "scp02-i15", "scp03-i10"];

#[test]
fn a_debit_card_is_issued_without_r_mac_in_three_scripts() {
    let data = debit().data;
    for product in BELIEVED {
        let recording = Recording::with(product, &data);
        let kinds: Vec<_> = recording.scripts.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, [StageKind::ChangeKeys, StageKind::Write, StageKind::Write], "{product}");
        let states: Vec<_> = recording.card.state().applications.iter().map(|application| application.state).collect();
        assert!(states.contains(&ApplicationState::Personalized), "{product}: {states:?}");
    }
}
