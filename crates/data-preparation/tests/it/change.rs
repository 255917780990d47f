//! Changes of cards in use: what is asked for, what is written, and what is left as it is.

use cardwright_data_preparation::{
    Checked, Error, FieldRule, Means, OrderFields, PersonalizationData, Profile, Scope, check, prepare, prepare_change,
};

use crate::sample::{COLUMNS, PHOTO, checked, identity, today};

const HOLDER: [(&str, &str); 3] = [("name", "Zoë Sample"), ("card_number", "4929000000001234"), ("photo", "zoe.png")];

fn identity_change(
    scope: Scope,
    columns: &[(&str, &str)],
    photo: Option<&[u8]>,
) -> Result<Checked<PersonalizationData>, Error> {
    let profile = identity();
    let fields = OrderFields::read(&profile.within(scope)?, columns.iter().copied(), photo)?;
    check(prepare_change(&profile, scope, &fields, today(), &Means::default())?)
}

fn identifiers(data: &PersonalizationData) -> Vec<u16> {
    data.applications[0].dgis.iter().map(|grouping| grouping.dgi().identifier).collect()
}

#[track_caller]
fn refused(read: Result<impl Sized, Error>) -> Vec<(String, FieldRule)> {
    match read {
        Err(Error::Order(faults)) => faults.into_iter().map(|fault| (fault.field, fault.rule)).collect(),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was taken"),
    }
}

#[test]
fn a_change_of_personal_data_writes_everything_but_the_pin_and_names_it_in_its_manifest() {
    let data = identity_change(Scope::PersonalData, &HOLDER, Some(PHOTO)).unwrap();
    assert_eq!(identifiers(&data), [0x0101, 0x0102, 0x0103, 0x0201, 0x7FFF]);
    assert_eq!(data.applications[0].dgis[4].dgi().data[0], 4);
    assert_eq!((data.scope, data.masked_number.as_str()), (Scope::PersonalData, "492900******1234"));
}

#[test]
fn a_card_keeps_the_photo_that_the_change_does_not_bring() {
    let data = identity_change(Scope::PersonalData, &HOLDER[..2], None).unwrap();
    assert_eq!(identifiers(&data), [0x0101, 0x0102, 0x0103, 0x7FFF]);
}

#[test]
fn a_change_of_the_pin_asks_for_the_pin_alone_and_writes_nothing_else() {
    let data = identity_change(Scope::Pin, &[("pin", "0815")], None).unwrap();
    assert_eq!(identifiers(&data), [0x0301, 0x7FFF]);
    assert_eq!(data.applications[0].dgis[0].dgi().data, [0x24, 0x08, 0x15, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
    assert_eq!((data.masked_number.as_str(), data.face.len()), ("", 0));
}

#[test]
fn what_a_change_does_not_write_is_refused_and_may_stand_empty() {
    let columns = [("name", "Zoë Sample"), ("pin", "0815"), ("photo", "zoe.png")];
    let told = refused(identity_change(Scope::Pin, &columns, Some(PHOTO)));
    assert_eq!(told, [("name".to_owned(), FieldRule::NotNeeded), ("photo".to_owned(), FieldRule::NotNeeded)]);
    assert!(identity_change(Scope::Pin, &[("name", ""), ("pin", "0815"), ("photo", "")], None).is_ok());
    let told = refused(identity_change(Scope::Pin, &[("pin", "0815")], Some(PHOTO)));
    assert_eq!(told, [("photo".to_owned(), FieldRule::NotNeeded)]);
    let told = refused(identity_change(Scope::PersonalData, &COLUMNS, Some(PHOTO)));
    assert_eq!(told, [("pin".to_owned(), FieldRule::NotNeeded)]);
    let told = refused(identity_change(Scope::Pin, &[("pin", "0815"), ("colour", "red")], None));
    assert_eq!(told, [("colour".to_owned(), FieldRule::Unknown)]);
}

#[test]
fn fields_of_one_change_make_no_other_and_no_new_card() {
    let profile = identity();
    let part = profile.within(Scope::Pin).unwrap();
    let fields = OrderFields::read(&part, [("pin", "0815")], None).unwrap();
    for scope in [Scope::Whole, Scope::PersonalData] {
        let made = prepare_change(&profile, scope, &fields, today(), &Means::default());
        assert!(matches!(made, Err(Error::OtherProfile)), "{scope}");
    }
    assert!(matches!(prepare(&profile, &fields, today(), &Means::default()), Err(Error::OtherProfile)));
    let reopened = OrderFields::reopen(&part, &fields.to_bytes()).unwrap();
    assert!(prepare_change(&profile, Scope::Pin, &reopened, today(), &Means::default()).is_ok());
}

#[test]
fn a_change_reads_back_from_its_bytes_and_the_whole_of_a_card_has_the_bytes_that_it_had() {
    for scope in [Scope::PersonalData, Scope::Pin] {
        let columns: &[_] = if scope == Scope::Pin { &[("pin", "0815")] } else { &HOLDER[..2] };
        let data = identity_change(scope, columns, None).unwrap();
        let (bytes, digest) = (data.to_bytes(), *data.digest());
        assert_eq!(Checked::reopen(&bytes, &digest).unwrap().scope, scope);
    }
    let data = checked();
    assert_eq!(data.scope, Scope::Whole);
    assert_eq!(data.to_bytes()[0], 0xA7, "data of a whole card has no key of its scope");
}

#[test]
fn a_profile_that_has_nothing_of_a_scope_says_so() {
    let no_pin = crate::sample::IDENTITY;
    let begin = no_pin.find("# Level 33 encrypts and").unwrap();
    let end = no_pin.find("# The manifest comes last").unwrap();
    let text = format!("{}{}", &no_pin[..begin], &no_pin[end..]);
    let without = |text: &str, from: &str, to: &str| {
        let at = text.find(from).unwrap();
        let end = at + text[at..].find(to).unwrap();
        format!("{}{}", &text[..at], &text[end..])
    };
    let text = without(&text, "[[field]]\nname = \"pin\"", "# ----");
    let text = without(&text, "[[field]]\nname = \"photo\"", "# ----");
    let text = without(&text, "[[element]]\nname = \"holder-photo\"", "[[element]]\nname = \"manifest\"");
    let text = without(&text, "# Left out where the order brings no photo.", "# The manifest comes last");
    let profile = Profile::parse(&text).unwrap();
    assert!(matches!(profile.within(Scope::Pin), Err(Error::NothingToChange { scope: Scope::Pin, .. })));
    assert!(profile.within(Scope::PersonalData).is_ok());
}
