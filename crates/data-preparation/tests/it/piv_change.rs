//! An employee's card in use: new data and keys without references, PIN and PUK without anything else.

use cardwright_data_preparation::{
    Checked, Error, OrderFields, PersonalizationData, Profile, Scope, check, prepare_change,
};

use crate::issuer::Issuer;
use crate::piv::photo;

const BADGE: &str = "100000000008";

fn profile() -> Profile {
    Profile::parse(crate::broken::PIV).unwrap()
}

fn changed(
    issuer: &Issuer,
    scope: Scope,
    columns: &[(&str, &str)],
    photo: Option<&[u8]>,
) -> Result<Checked<PersonalizationData>, Error> {
    let (profile, today) = (profile(), "2026-11-24".parse().unwrap());
    let part = profile.within(scope)?;
    let fields = OrderFields::read(&part, columns.iter().copied(), photo)?;
    check(prepare_change(&profile, scope, &fields, today, &issuer.means(&part, None))?)
}

#[test]
fn new_data_brings_objects_and_keys_and_asks_for_no_pin() {
    let issuer = Issuer::of(&profile());
    let columns = [("badge", BADGE), ("name", "Zoë Sample"), ("email", "zoe@example.org")];
    let data = changed(&issuer, Scope::PersonalData, &columns, Some(&photo())).unwrap();
    let content = data.applications[0].piv.as_ref().unwrap();
    assert_eq!((content.objects.len(), content.keys.len(), content.references.len()), (5, 4, 0));
    let part = profile().within(Scope::PersonalData).unwrap();
    let keys: Vec<String> = part.named_keys().iter().map(|key| key.id.to_string()).collect();
    assert_eq!(keys, ["piv-authority.1"]);
}

#[test]
fn a_new_pin_brings_the_puk_only_where_the_order_has_one() {
    let issuer = Issuer::of(&profile());
    let block = |pin| issuer.pin_block(&profile(), BADGE, pin);
    let (pin, puk) = (block("135790"), block("24681357"));
    let references = |columns: &[(&str, &str)]| {
        let data = changed(&issuer, Scope::Pin, columns, None).unwrap();
        let content = data.applications[0].piv.as_ref().unwrap();
        assert!(content.objects.is_empty() && content.keys.is_empty());
        content.references.iter().map(|one| (one.reference, one.value.clone())).collect::<Vec<_>>()
    };
    let new_pin = (0x80, b"135790\xFF\xFF".to_vec());
    assert_eq!(references(&[("badge", BADGE), ("pin_block", &pin)]), std::slice::from_ref(&new_pin));
    let both = [("badge", BADGE), ("pin_block", &*pin), ("puk_block", &*puk)];
    assert_eq!(references(&both), [new_pin, (0x81, b"24681357".to_vec())]);
    let none = changed(&issuer, Scope::Pin, &[("badge", BADGE), ("puk_block", &puk)], None);
    assert!(matches!(none, Err(Error::Order(_))), "a change of the PIN without a PIN");
    let part = profile().within(Scope::Pin).unwrap();
    let keys: Vec<String> = part.named_keys().iter().map(|key| key.id.to_string()).collect();
    assert_eq!((keys, part.random_bytes()), (vec!["zone/personnel.1".to_owned()], 0));
}
