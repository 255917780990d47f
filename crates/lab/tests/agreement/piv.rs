//! A PIV card: keys made on it, certified while it waits, everything else behind them, and one trip more for it.

use std::rc::Rc;

use cardwright_apdu::{Command, tlv};
use cardwright_issuance::flow::StageKind;
use cardwright_keystore::Keystore;
use cardwright_virtual_card::{ApplicationState, Card};
use openssl::bn::BigNum;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::x509::X509;

use crate::new_card::{Issuer, Recording};
use crate::specimens::{Specimen, employee};

const AID: [u8; 11] = [0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00];

fn recording(product: &str) -> Recording {
    let Specimen { preparer, data, .. } = employee();
    Recording::by(Issuer::of(product, &data).certifying(&Rc::new(preparer)))
}

#[test]
fn keys_made_on_the_card_cost_one_trip_more_and_no_more() {
    for (product, trips) in [("scp03-i70", 3), ("scp03-i60", 5)] {
        let recording = recording(product);
        let kinds: Vec<_> = recording.scripts.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds.len(), trips, "{product}: {kinds:?}");
        assert_eq!(kinds.last(), Some(&StageKind::Activate));
        let states: Vec<_> = recording.card.state().applications.iter().map(|application| application.state).collect();
        assert_eq!(states, [ApplicationState::Personalized]);
    }
}

/// GET DATA of a certificate, as a stranger asks.
fn certificate(card: &mut Card, tag: [u8; 3]) -> Vec<u8> {
    let list = tlv::element(0x5C, &tag);
    let get = Command::new(0x00, 0xCB, 0x3F, 0xFF).with_data(list).unwrap().expecting_all();
    let mut answer = card.transmit(&get.to_bytes());
    while let [.., 0x61, count] = answer[..] {
        answer.truncate(answer.len() - 2);
        answer.extend(card.transmit(&[0x00, 0xC0, 0x00, 0x00, count]));
    }
    let (data, status) = answer.split_last_chunk::<2>().unwrap();
    assert_eq!(status, &[0x90, 0x00]);
    let object = tlv::read_one(data).unwrap().value.to_vec();
    tlv::find(&object, 0x70).unwrap().unwrap().to_vec()
}

#[test]
fn every_certificate_holds_its_slots_key_and_verifies_under_the_authority() {
    let Specimen { preparer, data, .. } = employee();
    let preparer = Rc::new(preparer);
    let mut recording = Recording::by(Issuer::of("scp03-i70", &data).certifying(&preparer));
    let select = Command::new(0x00, 0xA4, 0x04, 0x00).with_data(AID).unwrap().expecting_all();
    recording.card.reset();
    recording.card.transmit(&select.to_bytes());
    let authority = data.applications[0].piv.as_ref().unwrap().keys[0].certificate.authority.parse().unwrap();
    let public = preparer.keystore.rsa_public_key(&authority).unwrap();
    let number = |bytes: &[u8]| BigNum::from_slice(bytes).unwrap();
    let public = Rsa::from_public_components(number(&public.modulus), number(&public.exponent)).unwrap();
    let authority = PKey::from_rsa(public).unwrap();
    for tag in [[0x5F, 0xC1, 0x05], [0x5F, 0xC1, 0x0A], [0x5F, 0xC1, 0x0B], [0x5F, 0xC1, 0x01]] {
        let certificate = X509::from_der(&certificate(&mut recording.card, tag)).unwrap();
        assert!(certificate.verify(&authority).unwrap(), "{tag:02X?}");
        let key = certificate.public_key().unwrap();
        assert!(key.bits() == 2048 || key.bits() == 256);
    }
}
