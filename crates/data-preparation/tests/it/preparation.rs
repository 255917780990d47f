//! Preparation and its check: known answers, the encoding, and changed data that must be found.

use cardwright_data_preparation::{
    Activation, CheckFault, Checked, CommitPoint, Error, Means, OrderFields, Profile, Protection, SecurityLevel, check,
    prepare,
};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use crate::sample::{COLUMNS, IDENTITY, PHOTO, checked, identity, prepared, today};

/// The encoding of the sample, in hexadecimal: what format 1 is, for ever.
const GOLDEN: &str = include_str!("../golden/personalization-data-1.hex");

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
    assert_eq!(groupings[4], (0x0301, &pin_block[..], Protection::Clear));
    let mut manifest = vec![5];
    for (identifier, bytes, _) in &groupings[..5] {
        manifest.extend(identifier.to_be_bytes());
        manifest.extend((bytes.len() as u16).to_be_bytes());
        manifest.extend(Sha256::digest(bytes));
    }
    assert_eq!(groupings[5], (0x7FFF, manifest.as_slice(), Protection::Clear));
    assert_eq!(groupings.len(), 6);
    assert!(application.dgis.iter().all(|grouping| grouping.personal));
}

#[test]
fn what_is_not_of_the_order_comes_from_the_profile() {
    let data = checked();
    let application = &data.applications[0];
    assert_eq!(application.package.to_string(), "F04341524457494400");
    assert_eq!(application.instance.to_string(), "F0434152445749440001");
    assert_eq!(
        (application.activation, application.commit_point),
        (Activation::AfterProof, CommitPoint::MakeSelectable)
    );
    assert_eq!(application.privileges, [0]);
    assert_eq!(data.security_level, SecurityLevel::CommandEncryptionResponseEncryption);
    assert_eq!(data.masked_number, "492900******1234");
    assert_eq!(&data.profile, identity().reference());
}

#[test]
fn an_order_without_photo_makes_no_photo_grouping() {
    let fields = OrderFields::read(&identity(), COLUMNS.into_iter().take(3), None).unwrap();
    let data = check(prepare(&identity(), &fields, today(), &Means::default()).unwrap()).unwrap();
    let identifiers: Vec<u16> = data.applications[0].dgis.iter().map(|grouping| grouping.dgi().identifier).collect();
    assert_eq!(identifiers, [0x0101, 0x0102, 0x0103, 0x0301, 0x7FFF]);
}

#[test]
fn fields_read_for_another_text_of_the_profile_are_refused() {
    let fields = OrderFields::read(&identity(), COLUMNS, Some(PHOTO)).unwrap();
    let other = Profile::parse(&IDENTITY.replace("years = 5", "years = 4")).unwrap();
    assert!(matches!(prepare(&other, &fields, today(), &Means::default()), Err(Error::OtherProfile)));
}

#[test]
fn a_validity_after_the_year_9999_is_refused() {
    let fields = OrderFields::read(&identity(), COLUMNS, Some(PHOTO)).unwrap();
    assert!(matches!(
        prepare(&identity(), &fields, "9996-01-01".parse().unwrap(), &Means::default()),
        Err(Error::DateOutOfRange)
    ));
}

#[test]
fn the_encoding_is_the_golden_one() {
    let profile_digest = hex::encode(identity().reference().digest);
    let found = hex::encode(&*checked().to_bytes());
    assert_eq!(found, GOLDEN.trim().replace("PROFILE-DIGEST", &profile_digest));
}

#[test]
fn checked_data_reopens_to_itself() {
    let data = checked();
    let again = Checked::reopen(&data.to_bytes(), data.digest()).unwrap();
    assert!(*again.to_bytes() == *data.to_bytes());
    assert_eq!(again.digest()[..], Sha256::digest(&*data.to_bytes())[..]);
}

#[test]
fn every_flipped_bit_of_the_encoding_is_found_by_the_digest() {
    let data = checked();
    let mut bytes = data.to_bytes();
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        let found = Checked::reopen(&bytes, data.digest());
        assert!(matches!(found, Err(Error::Check(CheckFault::Digest))), "bit {bit}");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
}

/// Reopens bytes under their own digest, so that only the check can find what is wrong with them.
fn check_alone(bytes: &[u8]) -> Result<Checked<cardwright_data_preparation::PersonalizationData>, Error> {
    Checked::reopen(bytes, &Sha256::digest(bytes).into())
}

#[test]
fn every_flipped_bit_of_the_groupings_is_found_by_the_check_alone() {
    let data = checked();
    let mut bytes = data.to_bytes();
    assert!(check_alone(&bytes).is_ok());
    for grouping in &data.applications[0].dgis {
        let content = &grouping.dgi().data;
        let start = bytes.windows(content.len()).position(|window| window == content).unwrap();
        // the CBOR head before the data holds the identifier and the length
        for bit in (start - 5) * 8..(start + content.len()) * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(check_alone(&bytes), Err(Error::Check(_))), "bit {bit} of {:?}", grouping.dgi());
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn bytes_that_are_not_canonical_are_refused() {
    let mut longer = checked().to_bytes().to_vec();
    longer.push(0);
    assert!(matches!(check_alone(&longer), Err(Error::Check(CheckFault::Encoding))));
    // format 1 written in two bytes
    let bytes = checked().to_bytes();
    assert_eq!(bytes[..3], [0xA7, 0x00, 0x01]);
    let wider = [&[0xA7, 0x00, 0x18, 0x01], &bytes[3..]].concat();
    assert!(matches!(check_alone(&wider), Err(Error::Check(CheckFault::Encoding))));
    let unknown = [&[0xA7, 0x00, 0x02], &bytes[3..]].concat();
    assert!(matches!(check_alone(&unknown), Err(Error::Check(CheckFault::Encoding))));
}

/// The sample's encoding with the one place of `old` replaced by `new`.
fn tampered(old: &[u8], new: &[u8]) -> Vec<u8> {
    let bytes = checked().to_bytes();
    let places: Vec<usize> = (0..bytes.len()).filter(|start| bytes[*start..].starts_with(old)).collect();
    assert_eq!(places.len(), 1);
    [&bytes[..places[0]], new, &bytes[places[0] + old.len()..]].concat()
}

#[track_caller]
fn assert_refused(bytes: &[u8], fault: CheckFault) {
    assert!(matches!(check_alone(bytes), Err(Error::Check(found)) if found == fault), "{fault}");
}

#[test]
fn the_check_tells_what_is_wrong() {
    assert_refused(&tampered("Zoë".as_bytes(), b"Zo\xC3\x28"), CheckFault::Value(0x0101));
    assert_refused(&tampered(b"P4929000000001234", b"P49290000000012A4"), CheckFault::Value(0x0102));
    assert_refused(&tampered(&[0x20, 0x31, 0x11, 0x22], &[0x20, 0x31, 0x11, 0x31]), CheckFault::Value(0x0103));
    assert_refused(&tampered(&[0x20, 0x31, 0x11, 0x22], &[0x20, 0x26, 0x11, 0x21]), CheckFault::Value(0x0103));
    assert_refused(&tampered(b"\x89PNG", b"\x89PNH"), CheckFault::Value(0x0201));
    assert_refused(&tampered(&[0x25, 0x92, 0x38], &[0x26, 0x92, 0x38]), CheckFault::Value(0x0301));
    assert_refused(&tampered(b"Zo", b"Bo"), CheckFault::Manifest);
    assert_refused(&tampered(b"492900******1234", b"492900******1235"), CheckFault::MaskedNumber);
    // 0301 is 769, 7FFF is 32767, 0102 is 258
    assert_refused(&tampered(&[0x19, 0x7F, 0xFF], &[0x19, 0x01, 0x10]), CheckFault::MissingDgi(0x7FFF));
    assert_refused(&tampered(&[0x82, 0x19, 0x01, 0x02], &[0x82, 0x19, 0x01, 0x01]), CheckFault::DoubledDgi(0x0101));
    assert_refused(&tampered(&[0x82, 0x19, 0x01, 0x02], &[0x82, 0x19, 0x02, 0x02]), CheckFault::UnknownDgi(0x0202));
}

#[test]
fn the_check_refuses_lengths_orders_and_counts_that_a_card_would() {
    let bytes = checked().to_bytes();
    let name = "Zoë Example".as_bytes();
    let empty = tampered(&[&[0x4C], name].concat(), &[0x40]);
    assert_refused(&empty, CheckFault::Length { identifier: 0x0101, length: 0 });
    assert_refused(&tampered(&[0x05, 0x41, 0x00, 0x06], &[0x05, 0x42, 0x00, 0x00, 0x06]), CheckFault::Privileges);
    let applications = bytes.windows(4).position(|window| window == [0x04, 0x81, 0xAB, 0x00]).unwrap();
    let (application, rest) = bytes[applications + 2..].split_at(bytes.len() - applications - 2 - 4); // keys 5 and 6
    assert_refused(&[&bytes[..applications], &[0x04, 0x80], rest].concat(), CheckFault::Applications);
    let two = [&bytes[..applications], &[0x04, 0x82], application, application, rest].concat();
    assert_refused(&two, CheckFault::Applications);
    let manifest = bytes.windows(4).position(|window| window == [0x82, 0x19, 0x7F, 0xFF]).unwrap() - 1;
    let pin = bytes.windows(4).position(|window| window == [0x82, 0x19, 0x03, 0x01]).unwrap() - 1;
    let end = bytes.len() - 12; // keys 7 to 10 of the application and 5 and 6 of the whole follow the groupings
    let swapped = [&bytes[..pin], &bytes[manifest..end], &bytes[pin..manifest], &bytes[end..]].concat();
    assert_refused(&swapped, CheckFault::ManifestNotLast);
    let without_pin = [&bytes[..pin], &bytes[manifest..]].concat();
    let groupings = without_pin.windows(3).position(|window| window == [0x06, 0x86, 0x84]).unwrap();
    let without_pin = [&without_pin[..=groupings], &[0x85], &without_pin[groupings + 2..]].concat();
    assert_refused(&without_pin, CheckFault::MissingDgi(0x0301));
}

#[test]
fn the_check_refuses_what_would_travel_unprotected() {
    // after the PIN block: protection clear (0), personal (true)
    let pin = |protection, personal| [0xFF, 0xFF, 0xFF, 0xFF, protection, personal];
    assert_refused(&tampered(&pin(0x00, 0xF5), &pin(0x00, 0xF4)), CheckFault::NotPersonal(0x0301));
    // key 2, the level: 33 is 51
    let masked = b"\x03\x70492900";
    let level =
        |level: &[u8]| tampered(&[&[0x02, 0x18, 0x33][..], masked].concat(), &[&[0x02], level, masked].concat());
    assert_refused(&level(&[0x18, 0x34]), CheckFault::Encoding);
    for mac_only in [0x01, 0x11] {
        assert_refused(&level(&[mac_only]), CheckFault::SecurityLevel);
    }
    for encrypting in [0x03, 0x13] {
        let mut bytes = level(&[encrypting]);
        assert_refused(&bytes, CheckFault::Unprotected(0x0301));
        let protection = bytes.windows(6).position(|window| window == pin(0x00, 0xF5)).unwrap() + 4;
        bytes[protection] = 0x01;
        assert!(check_alone(&bytes).is_ok());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_valid_order_prepares_checks_and_reopens(
        name in "[\\p{L}\\p{N}.'-]{1,12}( [\\p{L}\\p{N}.'-]{1,12})?",
        number in "[0-9]{8,19}",
        pin in "[0-9]{4,12}",
        photo in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..2_000)),
        jpeg in any::<bool>(),
        days in 0u32..2_000_000,
    ) {
        let profile = identity();
        let magic: &[u8] = if jpeg { &[0xFF, 0xD8, 0xFF] } else { b"\x89PNG\r\n\x1A\n" };
        let photo = photo.map(|rest| [magic, &rest].concat());
        let columns = [("name", name.as_str()), ("card_number", &number), ("pin", &pin)];
        let fields = OrderFields::read(&profile, columns, photo.as_deref()).unwrap();
        let today = "1990-01-01".parse::<cardwright_data_preparation::Date>().unwrap().plus_days(days).unwrap();
        let data = check(prepare(&profile, &fields, today, &Means::default()).unwrap()).unwrap();
        let again = Checked::reopen(&data.to_bytes(), data.digest()).unwrap();
        prop_assert!(*again.to_bytes() == *data.to_bytes());
        let once_more = check(prepare(&profile, &fields, today, &Means::default()).unwrap()).unwrap();
        prop_assert_eq!(once_more.digest(), data.digest());
    }

    #[test]
    fn any_order_is_refused_or_prepares(name in any::<String>(), number in "[0-9 a]{0,21}", pin in "[0-9a]{0,14}", photo in any::<Option<Vec<u8>>>()) {
        let profile = identity();
        let columns = [("name", name.as_str()), ("card_number", &number), ("pin", &pin)];
        if let Ok(fields) = OrderFields::read(&profile, columns, photo.as_deref()) {
            prop_assert!(check(prepare(&profile, &fields, today(), &Means::default()).unwrap()).is_ok());
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(check_alone(&bytes).is_err());
        prop_assert!(OrderFields::reopen(&identity(), &bytes).is_err());
    }

    #[test]
    fn bytes_changed_anywhere_are_refused_or_canonical(at in any::<prop::sample::Index>(), value in any::<u8>()) {
        let mut bytes = check(prepared()).unwrap().to_bytes();
        let at = at.index(bytes.len());
        bytes[at] = value;
        if let Ok(data) = check_alone(&bytes) {
            prop_assert!(*data.to_bytes() == *bytes);
        }
    }
}
