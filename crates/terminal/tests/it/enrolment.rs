//! Enrolment: only the code's own center gets anything, and what is kept is kept privately.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use cardwright_relay::enrolment::OneTimeCode;
use cardwright_relay::message::{Enrolled, Refusal};
use cardwright_relay::{Code, Message, encode};
use cardwright_terminal::enrolment::enrol;
use cardwright_terminal::failure::{Exit, Failure};
use cardwright_terminal::identity::Identity;

use crate::center::{Authority, Center, Says};

fn code(authority: &Authority) -> OneTimeCode {
    OneTimeCode { secret: [0x5A; 16], fingerprint: authority.fingerprint() }
}

fn files(place: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(place).map(|entries| entries.flatten().collect::<Vec<_>>()).unwrap_or_default();
    let mut names: Vec<String> = entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_one_time_code_becomes_an_identity_that_only_its_owner_reads() {
    let authority = std::sync::Arc::new(Authority::new());
    let state = tempfile::tempdir().unwrap();
    let signing = std::sync::Arc::clone(&authority);
    let center = Center::serve(&authority, move |_, body| Says::Body(200, encode(&signing.enrol(body)))).await;
    let code = code(&authority);
    let identity = enrol(state.path(), &center.address, &code, false).await.unwrap();
    assert_eq!((identity.name.as_str(), identity.base.as_str()), ("desk 1", "tokyo"));
    assert_eq!((identity.authority, identity.reader_list_key), (authority.certificate.clone(), authority.list_key()));
    assert_eq!(files(state.path()), ["identity"]);
    let kept = files(&state.path().join("identity"));
    assert_eq!(kept, ["authority.der", "certificate.der", "key.pem", "reader-list-key.der", "terminal.toml"]);
    for name in kept {
        let mode = std::fs::metadata(state.path().join("identity").join(&name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let posted = center.posted.lock().unwrap().clone();
    let key = std::fs::read_to_string(state.path().join("identity/key.pem")).unwrap();
    assert!(key.contains("PRIVATE KEY") && !String::from_utf8_lossy(&posted[0].1).contains("PRIVATE KEY"));
    let again = enrol(state.path(), &center.address, &code, false).await.err().unwrap();
    assert_eq!(again.refusal().code, Code::ALREADY_ENROLLED);
}

#[tokio::test]
async fn another_center_is_refused_before_anything_was_posted() {
    let (other, mine) = (Authority::new(), Authority::new());
    let state = tempfile::tempdir().unwrap();
    let center = Center::serve(&other, |_, _| Says::Body(200, Vec::new())).await;
    let failure = enrol(state.path(), &center.address, &code(&mine), false).await.err().unwrap();
    assert_eq!((failure.clone(), failure.exit()), (Failure::OtherCenter, Exit::Refused));
    assert!(center.counts().is_empty() && files(state.path()).is_empty());
}

#[tokio::test]
async fn a_server_that_shows_the_right_authority_but_is_not_signed_by_it_is_refused() {
    let (other, mine) = (Authority::new(), Authority::new());
    let state = tempfile::tempdir().unwrap();
    let center = Center::serve_as(&other, &mine.certificate, &[b"h2"], |_, _| Says::Body(200, Vec::new())).await;
    let failure = enrol(state.path(), &center.address, &code(&mine), false).await.err().unwrap();
    assert_eq!(failure, Failure::OtherCenter);
    assert!(center.counts().is_empty());
}

#[tokio::test]
async fn a_center_that_hands_out_another_authority_leaves_no_identity() {
    let mine = std::sync::Arc::new(Authority::new());
    let state = tempfile::tempdir().unwrap();
    let signing = std::sync::Arc::clone(&mine);
    let center = Center::serve(&mine, move |_, body| {
        let other = Authority::new().certificate.into();
        Says::Body(200, encode(&Enrolled { authority: other, ..signing.enrol(body) }))
    });
    let failure = enrol(state.path(), &center.await.address, &code(&mine), false).await.err().unwrap();
    assert_eq!(failure, Failure::OtherCenter);
    assert_eq!(Identity::load(state.path()).err().unwrap().refusal().code, Code::NOT_ENROLLED);
}

#[tokio::test]
async fn a_code_that_the_center_refuses_is_said_so() {
    let mine = Authority::new();
    let state = tempfile::tempdir().unwrap();
    let refusal = Refusal::new(Code::ENROLMENT_REFUSED, &[]);
    let center = Center::serve(&mine, move |path, _| {
        assert_eq!(path, <cardwright_relay::message::Enrol as Message>::PATH);
        Says::refusal(403, &refusal)
    });
    let failure = enrol(state.path(), &center.await.address, &code(&mine), false).await.err().unwrap();
    assert_eq!(failure.refusal().code, Code::ENROLMENT_REFUSED);
}
