//! The data of identity cards that differ in their numbers.

use cardwright_data_preparation::{Checked, Date, Means, OrderFields, PersonalizationData, Profile, check, prepare};

pub(crate) fn order_fields(profile: &str, place: usize) -> (Profile, OrderFields) {
    let profile = Profile::parse(profile).unwrap();
    let number = format!("62000012345678{place:02}");
    let columns = [("name", "Ada Example"), ("card_number", &number[..]), ("pin", "4711")];
    let fields = OrderFields::read(&profile, columns, None).unwrap();
    (profile, fields)
}

/// The data of one identity card.
pub(crate) fn identity(profile: &str, place: usize) -> Checked<PersonalizationData> {
    let (profile, fields) = order_fields(profile, place);
    let today = Date::new(2027, 1, 15).unwrap();
    check(prepare(&profile, &fields, today, &Means::default()).unwrap()).unwrap()
}
