//! One-time codes and certificate requests.

use cardwright_issuance::entry::Event;
use cardwright_relay::message::{Enrol, Enrolled, Hello};
use cardwright_relay::{Code, FORMAT};
use hyper::StatusCode;
use rcgen::{CertificateParams, DnType, KeyPair};
use x509_parser::prelude::{GeneralName, ParsedExtension};

use crate::client::Client;
use crate::world::{DAY, World};

pub(crate) fn request(key: &KeyPair) -> Vec<u8> {
    let mut params = CertificateParams::new(vec!["other.example".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "whatever the terminal likes");
    params.serialize_request(key).unwrap().der().to_vec()
}

pub(crate) async fn enrol(world: &World, secret: &[u8], request: Vec<u8>) -> Result<Enrolled, (StatusCode, Code)> {
    let message = Enrol { format: FORMAT, code: secret.to_vec().into(), certificate_request: request.into() };
    Client::connect(world, None).await.unwrap().ask(&message).await
}

async fn code(world: &World) -> Vec<u8> {
    world.register().enrol_terminal(&world.person, "counter 1", "north", DAY).await.unwrap().secret.to_vec()
}

fn refused<T>(answer: Result<T, (StatusCode, Code)>) -> bool {
    answer.is_err_and(|error| error == (StatusCode::FORBIDDEN, Code::ENROLMENT_REFUSED))
}

#[tokio::test]
async fn a_code_lets_one_terminal_in_and_no_second() {
    let world = World::start().await;
    let secret = code(&world).await;
    let key = KeyPair::generate().unwrap();
    let enrolled = enrol(&world, &secret, request(&key)).await.unwrap();
    assert_eq!((enrolled.name.as_str(), enrolled.base.as_str()), ("counter 1", "north"));
    assert_eq!(enrolled.authority.as_slice(), world.authority.certificate().as_ref());
    assert!(refused(enrol(&world, &secret, request(&KeyPair::generate().unwrap())).await));
    assert_eq!(world.refusals(Code::ENROLMENT_REFUSED).await.len(), 1);
    let told = world.log().await.into_iter().filter(|entry| entry.terminal == Some(enrolled.terminal)).count();
    assert_eq!(told, 1);
    assert_eq!(world.terminals().await, 1);
}

#[tokio::test]
async fn two_that_use_one_code_at_once_do_not_both_get_in() {
    let world = World::start().await;
    let secret = code(&world).await;
    let (one, two) = (request(&KeyPair::generate().unwrap()), request(&KeyPair::generate().unwrap()));
    let (one, two) = tokio::join!(enrol(&world, &secret, one), enrol(&world, &secret, two));
    assert!(one.is_ok() != two.is_ok());
    assert_eq!(world.terminals().await, 1);
}

#[tokio::test]
async fn a_wrong_or_expired_code_is_refused() {
    let world = World::start().await;
    let secret = code(&world).await;
    let key = KeyPair::generate().unwrap();
    let mut wrong = secret.clone();
    wrong[15] ^= 1;
    assert!(refused(enrol(&world, &wrong, request(&key)).await));
    world.pass(DAY + 1);
    assert!(refused(enrol(&world, &secret, request(&key)).await));
    assert_eq!(world.terminals().await, 0);
}

#[tokio::test]
async fn a_request_that_its_key_has_not_signed_is_refused_and_the_code_stays_good() {
    let world = World::start().await;
    let secret = code(&world).await;
    let key = KeyPair::generate().unwrap();
    let good = request(&key);
    for index in [good.len() - 1, good.len() / 2, 40, 0] {
        let mut bad = good.clone();
        bad[index] ^= 1;
        assert!(refused(enrol(&world, &secret, bad).await), "byte {index}");
    }
    let other_curve = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    assert!(refused(enrol(&world, &secret, request(&other_curve)).await));
    assert!(enrol(&world, &secret, good).await.is_ok());
}

#[tokio::test]
async fn of_the_request_only_the_key_is_taken() {
    let world = World::start().await;
    let secret = code(&world).await;
    let key = KeyPair::generate().unwrap();
    let enrolled = enrol(&world, &secret, request(&key)).await.unwrap();
    let (_, certificate) = x509_parser::parse_x509_certificate(&enrolled.certificate).unwrap();
    assert_eq!(certificate.public_key().raw, rcgen::PublicKeyData::subject_public_key_info(&key));
    let subject = certificate.subject().to_string();
    assert_eq!(subject, format!("CN={}", hex::encode(enrolled.terminal.as_slice())));
    let usage = certificate.extended_key_usage().unwrap().unwrap().value;
    assert!(usage.client_auth && !usage.server_auth && !usage.any);
    assert!(!certificate.is_ca());
    let names = |extension: &ParsedExtension<'_>| {
        matches!(extension,
        ParsedExtension::SubjectAlternativeName(names) if names.general_names.iter().any(|name| matches!(name, GeneralName::DNSName(_))))
    };
    assert!(!certificate.extensions().iter().any(|extension| names(extension.parsed_extension())));
    let days = (certificate.validity().not_after.timestamp() * 1_000_000 - world.center.now()) / DAY;
    assert!((364..=365).contains(&days), "{days}");
}

#[tokio::test]
async fn a_terminal_that_enrols_again_takes_the_place_of_its_older_self() {
    let world = World::start().await;
    let before = world.terminal("counter 1", "north").await;
    let after = world.terminal("counter 1", "north").await;
    let hello = Hello { format: FORMAT, instance: [1; 16].into(), software: "test".into(), reader_list_version: 0 };
    let mut old = Client::connect(&world, Some(&before)).await.unwrap();
    let answer = old.ask::<_, cardwright_relay::message::Welcome>(&hello).await;
    assert_eq!(answer.unwrap_err().1, Code::TERMINAL_REVOKED);
    let mut new = Client::connect(&world, Some(&after)).await.unwrap();
    assert!(new.ask::<_, cardwright_relay::message::Welcome>(&hello).await.is_ok());
    let withdrawn =
        world.log().await.into_iter().filter(
            |entry| matches!(&entry.event, Event::Registered { what, present: false, .. } if what == "terminal"),
        );
    assert_eq!(withdrawn.count(), 1);
}
