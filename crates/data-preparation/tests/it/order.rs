//! Orders: each broken rule is named with its field, and no message gives a value away.

use cardwright_data_preparation::{Error, FieldFault, FieldRule, OrderFields, Profile};

use crate::sample::{COLUMNS, IDENTITY, PHOTO, identity};

fn faults_of(profile: &Profile, columns: &[(&str, &str)], photo: Option<&[u8]>) -> Vec<FieldFault> {
    match OrderFields::read(profile, columns.iter().copied(), photo) {
        Err(Error::Order(faults)) => faults,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("the order was taken"),
    }
}

/// Asserts that the sample order with `field` as `value` breaks `rule` of that field alone, and that the message
/// tells nothing of the value.
#[track_caller]
fn assert_broken(field: &str, value: &str, rule: FieldRule) {
    let columns = COLUMNS.map(|(name, text)| (name, if name == field { value } else { text }));
    let found = faults_of(&identity(), &columns, Some(PHOTO));
    assert_eq!(found.iter().map(|fault| (fault.field.as_str(), fault.rule)).collect::<Vec<_>>(), [(field, rule)]);
    assert!(value.len() < 3 || !found[0].to_string().contains(value), "{}", found[0]);
    assert!(!found[0].remedy.is_empty());
}

#[test]
fn the_sample_order_is_taken_with_and_without_photo() {
    assert!(OrderFields::read(&identity(), COLUMNS, Some(PHOTO)).is_ok());
    let fields = OrderFields::read(&identity(), COLUMNS.into_iter().take(3), None).unwrap();
    assert_eq!(fields.value("card_number"), Some(&b"4929000000001234"[..]));
    assert_eq!(fields.value("photo"), None);
}

#[test]
fn a_missing_required_field_is_named() {
    assert_broken("name", "", FieldRule::Required);
    let found = faults_of(&identity(), &COLUMNS[..1], None);
    let named: Vec<_> = found.iter().map(|fault| (fault.field.as_str(), fault.rule)).collect();
    assert_eq!(named, [("card_number", FieldRule::Required), ("pin", FieldRule::Required)]);
}

#[test]
fn a_photo_that_is_named_and_not_there_is_told() {
    let found = faults_of(&identity(), &COLUMNS, None);
    assert_eq!((found[0].field.as_str(), found[0].rule), ("photo", FieldRule::Required));
}

#[test]
fn a_photo_that_is_no_image_or_too_large_is_told() {
    let found = faults_of(&identity(), &COLUMNS, Some(b"GIF89a"));
    assert_eq!((found[0].field.as_str(), found[0].rule), ("photo", FieldRule::Image));
    let mut large = PHOTO.to_vec();
    large.resize(16_385, 0);
    let found = faults_of(&identity(), &COLUMNS, Some(&large));
    assert_eq!((found[0].field.as_str(), found[0].rule), ("photo", FieldRule::Length));
}

#[test]
fn lengths_are_those_of_the_profile() {
    assert_broken("card_number", "1234567", FieldRule::Length);
    assert_broken("card_number", "12345678901234567890", FieldRule::Length);
    assert_broken("pin", "123", FieldRule::Length);
    assert_broken("pin", "1234567890123", FieldRule::Length);
    assert_broken("name", &"é".repeat(51), FieldRule::Length);
}

#[test]
fn digits_are_digits() {
    assert_broken("card_number", "4929 0000 0000 1234", FieldRule::Characters);
    assert_broken("card_number", "٤٩٢٩٠٠٠٠٠٠٠٠١٢٣٤", FieldRule::Characters);
    assert_broken("pin", "12a4", FieldRule::Characters);
}

#[test]
fn names_hold_no_controls_direction_marks_or_outer_spaces() {
    for wrong in ["Zoë\u{7}", "Zoë\nExample", "\u{202E}eoZ", " Zoë", "Zoë "] {
        assert_broken("name", wrong, FieldRule::Characters);
    }
}

#[test]
fn the_narrow_character_sets_hold_what_they_say() {
    for (charset, taken, refused) in [("ascii", "Zoe ~ 1", "Zoë"), ("embossing", "ZOE O'NEIL-1", "Zoe")] {
        let text = IDENTITY.replace("\"unicode\"", &format!("\"{charset}\""));
        let profile = Profile::parse(&text).unwrap();
        let columns = |name| [("name", name), ("card_number", "4929000000001234"), ("pin", "1234")];
        assert!(OrderFields::read(&profile, columns(taken), None).is_ok());
        assert_eq!(faults_of(&profile, &columns(refused), None)[0].rule, FieldRule::Characters);
    }
}

#[test]
fn unknown_and_doubled_columns_are_refused() {
    let more = |name| [COLUMNS[0], COLUMNS[1], COLUMNS[2], (name, "x")];
    let found = faults_of(&identity(), &more("shoe_size"), None);
    assert_eq!((found[0].field.as_str(), found[0].rule), ("shoe_size", FieldRule::Unknown));
    let found = faults_of(&identity(), &more("pin"), None);
    assert!(found.iter().any(|fault| (fault.field.as_str(), fault.rule) == ("pin", FieldRule::Doubled)));
}

/// The identity profile with a birthday in the public file 0110, and without a photo.
fn with_birthday() -> Profile {
    let (fields, rest) = IDENTITY.split_once("[[field]]\nname = \"photo\"").unwrap();
    let (_, rest) = rest.split_once("required = false").unwrap();
    let field = "[[field]]\nname = \"birthday\"\ntype = \"date\"\nrequired = false";
    let text = format!("{fields}{field}{rest}")
        .replace("field = \"photo\"\nencoding = \"raw\"", "field = \"birthday\"\nencoding = \"bcd\"")
        .replace("identifier = \"0201\"", "identifier = \"0110\"");
    Profile::parse(&text).unwrap()
}

#[test]
fn a_date_is_a_day_of_the_calendar() {
    let profile = with_birthday();
    let columns = |date| [COLUMNS[0], COLUMNS[1], COLUMNS[2], ("birthday", date)];
    for taken in ["2000-02-29", ""] {
        assert!(OrderFields::read(&profile, columns(taken), None).is_ok());
    }
    for refused in ["1900-02-29", "29.02.2000", "2000-2-29"] {
        assert_eq!(faults_of(&profile, &columns(refused), None)[0].rule, FieldRule::Date);
    }
}

#[test]
fn a_photo_for_a_profile_without_one_is_refused() {
    let found = faults_of(&with_birthday(), &COLUMNS[..3], Some(PHOTO));
    assert_eq!((found[0].field.as_str(), found[0].rule), ("photo", FieldRule::Unknown));
}

#[test]
fn sealed_fields_come_back_and_are_read_anew() {
    let fields = OrderFields::read(&identity(), COLUMNS, Some(PHOTO)).unwrap();
    let bytes = fields.to_bytes();
    let again = OrderFields::reopen(&identity(), &bytes).unwrap();
    for (name, _) in COLUMNS {
        assert!(again.value(name) == fields.value(name));
    }
    assert!(*again.to_bytes() == *bytes);
    let narrower = Profile::parse(&IDENTITY.replace("max = 12", "max = 4")).unwrap();
    assert!(matches!(OrderFields::reopen(&narrower, &bytes), Err(Error::Order(_))));
    for cut in 0..bytes.len() {
        assert!(matches!(OrderFields::reopen(&identity(), &bytes[..cut]), Err(Error::OrderEncoding)));
    }
}
