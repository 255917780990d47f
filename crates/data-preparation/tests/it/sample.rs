//! The identity profile, and an order that fits it.

use cardwright_data_preparation::{
    Checked, Date, Means, OrderFields, PersonalizationData, Prepared, Profile, check, prepare,
};

/// The profile that comes with the project.
pub(crate) const WITH_FACE: &str = include_str!("../../../../profiles/identity.toml");

/// The same without the card's face, so that each value stands in the data once.
pub(crate) const IDENTITY: &str = before_face(WITH_FACE);

const fn before_face(text: &str) -> &str {
    let (bytes, mut at) = (text.as_bytes(), 0);
    while !(bytes[at] == b'[' && bytes[at + 1] == b'[' && bytes[at + 2] == b'f' && bytes[at + 3] == b'a') {
        at += 1;
    }
    text.split_at(at).0
}

/// Enough of a PNG to be known as one.
pub(crate) const PHOTO: &[u8] = b"\x89PNG\r\n\x1A\n and what the image is";

/// The columns of the sample order.
pub(crate) const COLUMNS: [(&str, &str); 4] =
    [("name", "Zoë Example"), ("card_number", "4929000000001234"), ("pin", "92389"), ("photo", "zoe.png")];

pub(crate) fn identity() -> Profile {
    Profile::parse(IDENTITY).unwrap()
}

pub(crate) fn today() -> Date {
    "2026-11-22".parse().unwrap()
}

pub(crate) fn prepared() -> Prepared {
    let profile = identity();
    let fields = OrderFields::read(&profile, COLUMNS, Some(PHOTO)).unwrap();
    prepare(&profile, &fields, today(), &Means::default()).unwrap()
}

pub(crate) fn checked() -> Checked<PersonalizationData> {
    check(prepared()).unwrap()
}
