//! What is over is forgotten, and nothing else.

use cardwright_issuance::change::Change;
use cardwright_issuance::row::Challenge;

use super::world::{NOW, assert_conflict, change, id, register, running};
use crate::store::{ANSWER_KEPT, CHALLENGE_KEPT, EnrolmentCode, Idempotency, Registration, Store};

pub(super) async fn expired_challenges_are_forgotten_but_for_those_of_issuances<S: Store>(store: &S) {
    running(store).await;
    let challenge =
        |byte, expires| Challenge { id: id(byte), value: id(byte + 100), terminal: id(0x70), expires, used_by: None };
    let over = NOW - CHALLENGE_KEPT - 1;
    let challenges = [challenge(1, over), challenge(2, over + 1), challenge(3, over), challenge(4, over)];
    store.add_challenges(&challenges).await.unwrap();
    let using = |challenge, session| Change::UseChallenge { challenge: id(challenge), session: id(session) };
    change(store, using(3, 0x50)).await.unwrap();
    change(store, using(4, 0x51)).await.unwrap();
    assert_eq!(store.sweep(NOW).await.unwrap(), 2);
    assert_eq!(store.challenge(id(1)).await.unwrap(), None, "expired for long");
    assert_eq!(store.challenge(id(4)).await.unwrap(), None, "no issuance was opened with it");
    assert_eq!(store.challenge(id(2)).await.unwrap(), Some(challenges[1].clone()), "expired just now");
    assert_eq!(store.challenge(id(3)).await.unwrap().unwrap().used_by, Some(id(0x50)), "an issuance's");
    assert_eq!(store.sweep(NOW).await.unwrap(), 0, "nothing is forgotten twice");
    assert_conflict(change(store, using(1, 0x50)).await);
    assert!(store.issuance(id(0x50)).await.unwrap().is_some());
}

pub(super) async fn old_codes_and_answers_are_forgotten<S: Store>(store: &S) {
    running(store).await;
    let over = NOW - ANSWER_KEPT - 1;
    let code =
        |byte, expires| EnrolmentCode { hash: [byte; 32], terminal: "desk-2".into(), base: "north".into(), expires };
    let answer = |key: &str, created| Idempotency {
        key: key.into(),
        request: [1; 32],
        status: 201,
        body: b"{}".to_vec(),
        created,
    };
    let rows = vec![
        Registration::EnrolmentCode(code(1, over)),
        Registration::EnrolmentCode(code(2, over + 1)),
        Registration::EnrolmentCode(code(3, over)),
        Registration::UseEnrolmentCode([3; 32], over - 1),
        Registration::Idempotency(answer("old", over)),
        Registration::Idempotency(answer("young", over + 1)),
    ];
    register(store, rows).await.unwrap();
    assert_eq!(store.sweep(NOW).await.unwrap(), 3);
    assert_eq!(store.enrolment_code([1; 32], over - 1).await.unwrap(), None);
    assert_eq!(store.enrolment_code([2; 32], over - 1).await.unwrap(), Some(code(2, over + 1)));
    assert_eq!(store.idempotency("old").await.unwrap(), None);
    assert_eq!(store.idempotency("young").await.unwrap(), Some(answer("young", over + 1)));
}
