//! Preparation and its check: known answers, the encoding, and changed data that must be found.

use cardwright_data_preparation::{Activation, CommitPoint, Protection, SecurityLevel};

use crate::sample::{PHOTO, checked};

#[test]
fn the_sample_order_becomes_the_known_groupings() {
    let data = checked();
    let application = &data.applications[0];
    let groupings: Vec<_> = application
        .dgis
        .iter()
        .map(|grouping| (grouping.dgi().identifier, grouping.dgi().data.as_slice(), grouping.protection))
        .collect();
    assert_eq!(groupings[0], (0x0101, "Zoë Example".as_bytes(), Protection::Clear));
    assert_eq!(groupings[1], (0x0102, &b"4929000000001234"[..], Protection::Clear));
    assert_eq!(groupings[2], (0x0103, &[0x20, 0x26, 0x11, 0x22, 0x20, 0x31, 0x11, 0x22][..], Protection::Clear));
    assert_eq!(groupings[3], (0x0201, PHOTO, Protection::Clear));
    let pin_block = [0x25, 0x92, 0x38, 0x9F, 0xFF, 0xFF, 0xFF, 0xFF];
    assert_eq!(groupings[4], (0x0301, &pin_block[..], Protection::Dek));
    assert_eq!((groupings[5].0, groupings[5].1.len(), groupings[5].1[0]), (0x7FFF, 1 + 5 * 36, 5));
    assert!(application.dgis.iter().all(|grouping| grouping.personal));
    assert_eq!(application.package.to_string(), "F04341524457494400");
    assert_eq!(application.instance.to_string(), "F0434152445749440001");
    assert_eq!(
        (application.activation, application.commit_point),
        (Activation::AfterProof, CommitPoint::MakeSelectable)
    );
    assert_eq!(data.security_level, SecurityLevel::CommandEncryptionResponseEncryption);
    assert_eq!(data.masked_number, "492900******1234");
}
