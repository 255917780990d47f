//! Payment cards prepared by the example profiles, with real keys, and read back by the check.

use aes::cipher::{BlockCipherEncrypt, KeyInit};
use cardwright_data_preparation::emv::pin_block::Pin;
use cardwright_data_preparation::emv::{Pan, tdes, tlv};
use cardwright_data_preparation::{
    Error, MeansFault, OrderFields, PersonalizationData, Profile, Protection, check, prepare,
};
use cardwright_keystore::{BlockMechanism, Enciphering, KeyRef, Keystore};

use crate::issuer::Issuer;
use crate::sample::today;

pub(crate) const CREDIT: &str = include_str!("../../../../profiles/emv-credit.toml");

const NUMBER: &str = "4761739001010119";

/// The columns of an order for the credit profile.
fn columns<'a>(name: &'a str, block: &'a str) -> [(&'a str, &'a str); 4] {
    [("card_number", NUMBER), ("sequence", "1"), ("name", name), ("pin_block", block)]
}

pub(crate) fn credit() -> Profile {
    Profile::parse(CREDIT).unwrap()
}

fn dgi(data: &PersonalizationData, identifier: u16) -> &[u8] {
    let application = data.applications.last().unwrap();
    let found = application.dgis.iter().find(|grouping| grouping.dgi().identifier == identifier);
    &found.unwrap_or_else(|| panic!("no DGI {identifier:04X}")).dgi().data
}

#[test]
fn a_credit_card_is_prepared_and_read_back() {
    let profile = credit();
    let issuer = Issuer::of(&profile);
    let block = issuer.pin_block(&profile, NUMBER, "1234");
    let fields = OrderFields::read(&profile, columns("Zoë Müller", &block), None).unwrap();
    let data = check(prepare(&profile, &fields, today(), &issuer.means(&profile, None)).unwrap()).unwrap();
    assert_eq!(data.masked_number, "476173******0119");
    assert_eq!(data.certification_keys, [issuer.issuers[0].certification_key.clone()]);
    assert_eq!(tlv::at_path(dgi(&data, 0x0101), &[0x70, 0x5F20]), Some(&b"ZOE MUELLER"[..]));
    assert_eq!(tlv::at_path(dgi(&data, 0x0201), &[0x70, 0x5F24]), Some(&[0x29, 0x11, 0x30][..]));
    assert_eq!(dgi(&data, 0x8010), [0x24, 0x12, 0x34, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
    assert_eq!(dgi(&data, 0x9104)[..4], [0x82, 0x02, 0x3D, 0x00]);
    let locator = [0x94, 16, 0x08, 1, 1, 0, 0x10, 1, 1, 1, 0x18, 1, 1, 0, 0x20, 1, 4, 0];
    assert_eq!(dgi(&data, 0x9104)[4..], locator);
    let keys = dgi(&data, 0x8000);
    assert!(tdes::has_odd_parity(keys));
    let check_values: Vec<u8> = keys.chunks(16).flat_map(|key| tdes::check_value(key.try_into().unwrap())).collect();
    assert_eq!(dgi(&data, 0x9000), check_values);
    assert!(data.applications[2].dgis.iter().any(|grouping| grouping.protection == Protection::DekPadded));
}

#[test]
fn the_same_input_gives_the_same_card() {
    let profile = credit();
    let issuer = Issuer::of(&profile);
    let block = issuer.pin_block(&profile, NUMBER, "123456");
    let fields = OrderFields::read(&profile, columns("Ada Example", &block), None).unwrap();
    let made = || check(prepare(&profile, &fields, today(), &issuer.means(&profile, None)).unwrap()).unwrap();
    assert_eq!(made().digest(), made().digest());
}

/// What preparation says to means that `spoil` has changed.
fn refused(spoil: impl FnOnce(&mut Issuer)) -> Error {
    let profile = credit();
    let mut issuer = Issuer::of(&profile);
    let block = issuer.pin_block(&profile, NUMBER, "1234");
    let fields = OrderFields::read(&profile, columns("Ada Example", &block), None).unwrap();
    spoil(&mut issuer);
    prepare(&profile, &fields, today(), &issuer.means(&profile, None)).err().unwrap()
}

#[test]
fn an_issuer_certificate_that_ends_before_the_card_is_refused() {
    // The card is good to 2029-11-30.
    let error = refused(|issuer| issuer.issuers[0].expires = "2029-10-31".parse().unwrap());
    assert!(matches!(error, Error::Means(MeansFault::IssuerExpired { .. })), "{error}");
    assert!(error.to_string().contains("tag 90") && error.to_string().contains("import a certificate"));
}

#[test]
fn an_authority_key_that_is_too_small_for_the_issuer_key_is_refused() {
    let error = refused(|issuer| {
        issuer.issuers[0].certification_key.modulus.truncate(128);
    });
    assert!(matches!(error, Error::Means(MeansFault::AuthorityTooSmall { authority: 1024, .. })), "{error}");
}

#[test]
fn an_issuer_key_that_is_not_there_is_named() {
    let error = refused(|issuer| issuer.issuers.clear());
    assert!(matches!(&error, Error::Means(MeansFault::Issuer(name)) if name == "example-issuer"), "{error}");
}

#[test]
fn means_that_lack_something_are_refused_with_what_to_do() {
    let profile = credit();
    let issuer = Issuer::of(&profile);
    let block = issuer.pin_block(&profile, NUMBER, "1234");
    let fields = OrderFields::read(&profile, columns("Ada Example", &block), None).unwrap();
    let mut means = issuer.means(&profile, None);
    means.card_keys.pop();
    let error = prepare(&profile, &fields, today(), &means).err().unwrap();
    assert!(matches!(error, Error::Means(MeansFault::Pool(size)) if size.bits() == 1024), "{error}");
    let mut means = issuer.means(&profile, None);
    means.keystore = None;
    let error = prepare(&profile, &fields, today(), &means).err().unwrap();
    assert!(matches!(error, Error::Means(MeansFault::Keystore)), "{error}");
    let mut means = issuer.means(&profile, None);
    means.random.pop();
    let error = prepare(&profile, &fields, today(), &means).err().unwrap();
    assert!(matches!(error, Error::Means(MeansFault::Random { .. })), "{error}");
}

#[test]
fn a_pin_block_under_another_key_does_not_become_a_pin() {
    let profile = credit();
    let issuer = Issuer::of(&profile);
    let block = Issuer::of(&profile).pin_block(&profile, NUMBER, "1234");
    let fields = OrderFields::read(&profile, columns("Ada Example", &block), None).unwrap();
    let error = prepare(&profile, &fields, today(), &issuer.means(&profile, None)).err().unwrap();
    assert!(matches!(&error, Error::PinBlock { field, .. } if field == "pin_block"), "{error}");
}

#[test]
fn another_application_gets_aes_keys_with_the_check_values_of_aes() {
    let text = include_str!("../../../../profiles/emv-credit.toml").replace("option = \"A\"", "option = \"C\"");
    let profile = Profile::parse(&text.replace("F04341524457454D56", "F04341524457454D57")).unwrap();
    let issuer = Issuer::of(&profile);
    let block = issuer.pin_block(&profile, NUMBER, "1234");
    let fields = OrderFields::read(&profile, columns("Ada Example", &block), None).unwrap();
    let data = check(prepare(&profile, &fields, today(), &issuer.means(&profile, None)).unwrap()).unwrap();
    let check_values: Vec<u8> = dgi(&data, 0x8000).chunks(16).flat_map(aes_check_value).collect();
    assert_eq!(dgi(&data, 0x9000), check_values);
}

/// The first bytes of the block 01 × 16 under the key.
fn aes_check_value(key: &[u8]) -> [u8; 3] {
    let mut block = [1; 16].into();
    aes::Aes128::new_from_slice(key).unwrap().encrypt_block(&mut block);
    [block[0], block[1], block[2]]
}

#[test]
fn a_debit_card_gets_number_and_pin_from_the_center() {
    let profile = Profile::parse(include_str!("../../../../profiles/emv-debit.toml")).unwrap();
    let issuer = Issuer::of(&profile);
    let fields = OrderFields::read(&profile, [("name", "Ada Example")], None).unwrap();
    let prepared = prepare(&profile, &fields, today(), &issuer.means(&profile, Some("4761740000000010"))).unwrap();
    let for_mailer = prepared.pin_for_mailer().unwrap().clone();
    assert_eq!(for_mailer.under.to_string(), "zone/mailer.1");
    let data = check(prepared).unwrap();
    let number = Pan::new(b"4761740000000010").unwrap();
    let under = KeyRef::Named(for_mailer.under);
    let item = Enciphering { under: &under, mechanism: BlockMechanism::TdesEcb, data: &for_mailer.block };
    let opened = issuer.keystore.decipher(&item).unwrap();
    let sent = Pin::read(for_mailer.format, opened.expose().try_into().unwrap(), &number).unwrap();
    assert_eq!(dgi(&data, 0x8010), &sent.for_the_card()[..]);
    for wrong in ["4761740000000011", "4761730000000011", "476174000000001"] {
        let error = prepare(&profile, &fields, today(), &issuer.means(&profile, Some(wrong))).err().unwrap();
        assert!(matches!(error, Error::Means(MeansFault::NumberRule(_))), "{wrong}: {error}");
    }
    let error = prepare(&profile, &fields, today(), &issuer.means(&profile, None)).err().unwrap();
    assert!(matches!(error, Error::Means(MeansFault::Number)), "{error}");
}
