//! The example profiles that come with the project.

use cardwright_data_preparation::{Error, Profile};

#[track_caller]
fn loads(text: &str) -> Profile {
    match Profile::parse(text) {
        Ok(profile) => profile,
        Err(Error::Profile(faults)) => panic!("{:#?}", faults.iter().map(ToString::to_string).collect::<Vec<_>>()),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn the_credit_profile_loads() {
    let profile = loads(include_str!("../../../../profiles/emv-credit.toml"));
    assert_eq!(profile.applications().len(), 3);
}

#[test]
fn the_debit_profile_loads() {
    let profile = loads(include_str!("../../../../profiles/emv-debit.toml"));
    assert!(profile.assigns_number());
    assert_eq!(profile.card_keys().len(), 1);
}

#[test]
fn the_profiles_of_second_versions_load() {
    let profile = loads(include_str!("../../../../profiles/identity-2.toml"));
    assert_eq!(profile.applications()[0].package.to_string(), "F04341524457494402");
    let profile = loads(include_str!("../../../../profiles/emv-debit-2.toml"));
    assert!(profile.applications().iter().all(|one| one.package.to_string() == "F04341524457454D5602"));
    assert_eq!(profile.fields().len(), 3);
}

#[test]
fn the_employee_profile_loads() {
    let profile = loads(include_str!("../../../../profiles/piv-employee.toml"));
    let piv = profile.applications()[0].piv.as_ref().unwrap();
    assert_eq!((piv.objects.len(), piv.keys.len(), piv.references.len()), (5, 4, 3));
}
