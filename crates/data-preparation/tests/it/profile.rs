//! Profiles: the example loads; each way of being wrong is found at its line.

use cardwright_data_preparation::profile::Validity;

use crate::sample::identity;

#[test]
fn the_identity_profile_loads() {
    let profile = identity();
    assert_eq!((profile.reference().name.as_str(), profile.reference().version), ("identity", 1));
    assert_eq!(profile.fields().len(), 4);
    assert_eq!(profile.validity(), Validity::Months(60));
    assert_eq!(profile.retention_days(), 30);
    assert_eq!(profile.card_face(), ["name", "card_number", "photo"]);
}
