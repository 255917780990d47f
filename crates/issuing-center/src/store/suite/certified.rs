//! EMV certification authorities and issuers, PIV authorities, certificates of cards.

use super::world::{NOW, assert_conflict, id, place, prepared_order, register};
use crate::store::{
    CardCertificate, CertificationKeyRow, Certified, EmvIssuer, IssuerCertificate, PivAuthority, Registration, Store,
};

fn root(index: u8, key: Option<&str>) -> CertificationKeyRow {
    CertificationKeyRow {
        rid: *b"\xF0\x45\x4D\x56\x01",
        index,
        modulus: vec![index; 248],
        exponent: vec![3],
        expires: 25_000,
        key: key.map(str::to_owned),
    }
}

fn certificate(number: u32, index: u8) -> IssuerCertificate {
    IssuerCertificate {
        issuer: "gold".into(),
        number,
        rid: root(index, None).rid,
        index,
        certificate: vec![number as u8; 248],
        remainder: vec![],
        expires: 24_000 + i64::from(number),
    }
}

pub(super) async fn certification_keys_are_known_by_rid_and_index<S: Store>(store: &S) {
    let keys = [root(2, None), root(1, Some("root.1"))];
    register(store, keys.clone().map(Registration::CertificationKey).into()).await.unwrap();
    assert_eq!(store.certification_keys().await.unwrap(), [keys[1].clone(), keys[0].clone()]);
    assert_conflict(register(store, vec![Registration::CertificationKey(root(1, None))]).await);
}

pub(super) async fn the_newest_certificate_of_an_issuer_counts<S: Store>(store: &S) {
    let add = |name: &str, key: &str| {
        let (name, key, identifier) = (name.to_owned(), key.to_owned(), "492900".to_owned());
        Registration::EmvIssuer { name, key, identifier }
    };
    register(store, vec![add("gold", "gold.1"), add("blue", "blue.1")]).await.unwrap();
    assert_conflict(register(store, vec![add("gold", "gold.2")]).await);
    assert_conflict(register(store, vec![add("grey", "gold.1")]).await);
    let blue = EmvIssuer { name: "blue".into(), key: "blue.1".into(), identifier: "492900".into(), certificate: None };
    let gold = |certificate| EmvIssuer { name: "gold".into(), key: "gold.1".into(), certificate, ..blue.clone() };
    assert_eq!(store.emv_issuers().await.unwrap(), [blue.clone(), gold(None)]);
    assert_conflict(register(store, vec![Registration::IssuerCertificate(certificate(1, 1))]).await); // no such root
    register(store, vec![Registration::CertificationKey(root(1, None))]).await.unwrap();
    for number in [1, 2] {
        register(store, vec![Registration::IssuerCertificate(certificate(number, 1))]).await.unwrap();
        let issuers = store.emv_issuers().await.unwrap();
        assert_eq!(issuers, [blue.clone(), gold(Some(certificate(number, 1)))]);
    }
    assert_conflict(register(store, vec![Registration::IssuerCertificate(certificate(2, 1))]).await);
}

pub(super) async fn an_authority_waits_for_its_certificate_and_gets_newer_ones<S: Store>(store: &S) {
    let waiting =
        PivAuthority { name: "staff".into(), key: "staff.1".into(), subject: "Staff cards".into(), certified: None };
    let own = |byte: u8| Certified { certificate: vec![byte; 900], chain: vec![], expires: 24_000 };
    register(store, vec![Registration::PivAuthority(waiting.clone())]).await.unwrap();
    assert_conflict(register(store, vec![Registration::PivAuthority(waiting.clone())]).await);
    assert_eq!(store.piv_authorities().await.unwrap(), [waiting.clone()]);
    for byte in [1, 2] {
        register(store, vec![Registration::PivCertified("staff".into(), own(byte))]).await.unwrap();
        let certified = PivAuthority { certified: Some(own(byte)), ..waiting.clone() };
        assert_eq!(store.piv_authorities().await.unwrap(), [certified]);
    }
    assert_conflict(register(store, vec![Registration::PivCertified("nobody".into(), own(1))]).await);
}

pub(super) async fn a_serial_number_is_given_once_by_an_authority<S: Store>(store: &S) {
    place(store).await;
    prepared_order(store, 1).await;
    let authority = |name: &str| {
        let certified = Some(Certified { certificate: vec![1], chain: vec![2], expires: 24_000 });
        Registration::PivAuthority(PivAuthority {
            name: name.into(),
            key: format!("{name}.1"),
            subject: name.into(),
            certified,
        })
    };
    register(store, vec![authority("staff"), authority("guests")]).await.unwrap();
    let row = |authority: &str, serial: u8| CardCertificate {
        authority: authority.into(),
        serial: vec![serial; 16],
        order: id(1),
        slot: 0x9A,
        prepared: NOW + i64::from(serial),
    };
    let given = [row("staff", 2), row("staff", 1), row("guests", 1)];
    register(store, given.clone().map(Registration::CardCertificate).into()).await.unwrap();
    assert_eq!(store.card_certificates("staff").await.unwrap(), [given[1].clone(), given[0].clone()]);
    assert_conflict(register(store, vec![Registration::CardCertificate(row("staff", 1))]).await);
    assert_conflict(register(store, vec![Registration::CardCertificate(row("nobody", 1))]).await);
}
