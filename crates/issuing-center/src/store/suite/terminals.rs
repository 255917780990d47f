//! Terminals, readers, codes, challenges, tickets.

use cardwright_issuance::change::Change;
use cardwright_issuance::row::{Challenge, Ticket};

use super::world::{NOW, assert_conflict, base, change, id, place, prepared_order, reader, register, terminal};
use crate::store::{EnrolmentCode, Registration, Store};

pub(super) async fn a_terminal_reads_back_and_is_revoked_once<S: Store>(store: &S) {
    place(store).await;
    let mut expected = terminal(0x70, "desk-1");
    assert_eq!(store.terminal_by_fingerprint([0x70; 32]).await.unwrap(), Some(expected.clone()));
    assert_eq!(store.terminal_by_fingerprint([0x71; 32]).await.unwrap(), None);
    register(store, vec![Registration::RevokeTerminal(id(0x70), NOW)]).await.unwrap();
    assert_conflict(register(store, vec![Registration::RevokeTerminal(id(0x70), NOW)]).await);
    assert_conflict(register(store, vec![Registration::RevokeTerminal(id(0x71), NOW)]).await);
    expected.revoked = Some(NOW);
    assert_eq!(store.terminals().await.unwrap(), [expected]);
    assert!(!store.take_lease(id(0x70), id(1), NOW, NOW + 10).await.unwrap(), "a revoked terminal takes no lease");
}

pub(super) async fn a_revoked_terminal_gives_its_name_back<S: Store>(store: &S) {
    place(store).await;
    assert_conflict(register(store, vec![Registration::Terminal(terminal(0x71, "desk-1"))]).await);
    register(store, vec![Registration::RevokeTerminal(id(0x70), NOW)]).await.unwrap();
    register(store, vec![Registration::Terminal(terminal(0x71, "desk-1"))]).await.unwrap();
    assert_eq!(store.terminals().await.unwrap().len(), 2);
    let mut copy = terminal(0x72, "desk-2");
    copy.fingerprint = [0x71; 32];
    assert_conflict(register(store, vec![Registration::Terminal(copy)]).await);
}

pub(super) async fn a_reader_reads_back_and_is_revoked_once<S: Store>(store: &S) {
    place(store).await;
    let mut expected = reader(0x80, "reader-1");
    assert_eq!(store.reader(id(0x80)).await.unwrap(), Some(expected.clone()));
    assert_conflict(register(store, vec![Registration::Reader(reader(0x81, "reader-1"))]).await);
    register(store, vec![Registration::RevokeReader(id(0x80), NOW)]).await.unwrap();
    assert_conflict(register(store, vec![Registration::RevokeReader(id(0x80), NOW)]).await);
    expected.revoked = Some(NOW);
    assert_eq!(store.readers().await.unwrap(), [expected]);
}

pub(super) async fn an_enrolment_code_works_once_and_in_time<S: Store>(store: &S) {
    register(store, vec![Registration::Base(base("north"))]).await.unwrap();
    let code =
        |byte| EnrolmentCode { hash: [byte; 32], terminal: "desk-1".into(), base: "north".into(), expires: NOW + 10 };
    let both = vec![Registration::EnrolmentCode(code(1)), Registration::EnrolmentCode(code(2))];
    register(store, both).await.unwrap();
    assert_eq!(store.enrolment_code([1; 32], NOW).await.unwrap(), Some(code(1)));
    assert_eq!(store.enrolment_code([1; 32], NOW + 10).await.unwrap(), None, "expired");
    assert_conflict(register(store, vec![Registration::UseEnrolmentCode([1; 32], NOW + 10)]).await);
    register(store, vec![Registration::UseEnrolmentCode([1; 32], NOW + 9)]).await.unwrap();
    assert_conflict(register(store, vec![Registration::UseEnrolmentCode([1; 32], NOW + 9)]).await);
    assert_eq!(store.enrolment_code([1; 32], NOW).await.unwrap(), None, "used");
    assert_eq!(store.enrolment_code([2; 32], NOW).await.unwrap(), Some(code(2)));
}

pub(super) async fn one_instance_holds_the_lease<S: Store>(store: &S) {
    place(store).await;
    let lease = |instance, now, until| store.take_lease(id(0x70), id(instance), now, until);
    assert!(lease(1, NOW, NOW + 10).await.unwrap(), "free");
    assert!(!lease(2, NOW + 9, NOW + 19).await.unwrap(), "another one holds it");
    assert!(lease(1, NOW + 9, NOW + 20).await.unwrap(), "renewed");
    assert!(!lease(2, NOW + 19, NOW + 30).await.unwrap(), "held by the renewal");
    assert!(lease(2, NOW + 20, NOW + 30).await.unwrap(), "over");
    assert!(!lease(1, NOW + 21, NOW + 30).await.unwrap(), "the first is another one now");
    assert!(!store.take_lease(id(0x71), id(1), NOW, NOW + 1).await.unwrap(), "no such terminal");
    let row = store.terminal_by_fingerprint([0x70; 32]).await.unwrap().unwrap();
    assert_eq!((row.instance, row.lease_until), (Some(id(2)), NOW + 30));
}

pub(super) async fn a_challenge_is_used_once<S: Store>(store: &S) {
    place(store).await;
    let challenge =
        |byte| Challenge { id: id(byte), value: id(byte + 100), terminal: id(0x70), expires: NOW, used_by: None };
    store.add_challenges(&[challenge(1), challenge(2)]).await.unwrap();
    assert_eq!(store.challenge(id(1)).await.unwrap(), Some(challenge(1)));
    assert_conflict(store.add_challenges(&[challenge(3), challenge(1)]).await);
    assert_eq!(store.challenge(id(3)).await.unwrap(), None, "all of them or none");
    let using = |challenge, session| Change::UseChallenge { challenge: id(challenge), session: id(session) };
    change(store, using(1, 50)).await.unwrap();
    assert_conflict(change(store, using(1, 50)).await);
    assert_conflict(change(store, using(9, 50)).await);
    assert_eq!(store.challenge(id(1)).await.unwrap().unwrap().used_by, Some(id(50)));
    assert_eq!(store.challenge(id(2)).await.unwrap().unwrap().used_by, None);
}

pub(super) async fn a_ticket_is_used_once_and_in_time<S: Store>(store: &S) {
    place(store).await;
    prepared_order(store, 1).await;
    let ticket = |byte, expires| Ticket {
        id: id(byte),
        order: Some(id(1)),
        confirms_deletion: false,
        terminal: id(0x70),
        operator: id(0xE2),
        expires,
        used_by: None,
    };
    let tickets = [ticket(10, NOW + 20), ticket(11, NOW + 10), ticket(12, NOW)];
    register(store, tickets.clone().map(Registration::Ticket).into()).await.unwrap();
    assert_eq!(store.tickets_for(id(0x70), NOW).await.unwrap(), [tickets[1].clone(), tickets[0].clone()]);
    change(store, Change::UseTicket { ticket: id(11), session: id(50) }).await.unwrap();
    assert_conflict(change(store, Change::UseTicket { ticket: id(11), session: id(51) }).await);
    assert_eq!(store.tickets_for(id(0x70), NOW).await.unwrap(), [tickets[0].clone()]);
    assert_eq!(store.ticket(id(11)).await.unwrap().unwrap().used_by, Some(id(50)));
    assert_eq!(store.tickets_for(id(0x71), NOW).await.unwrap(), []);
    let end = |ticket, now| register(store, vec![Registration::EndTicket(id(ticket), now)]);
    assert_conflict(end(11, NOW).await);
    assert_conflict(end(12, NOW).await);
    assert_conflict(end(13, NOW).await);
    end(10, NOW + 5).await.unwrap();
    assert_eq!(store.ticket(id(10)).await.unwrap().unwrap().expires, NOW + 5);
    assert_conflict(end(10, NOW + 5).await);
    assert_eq!(store.tickets_for(id(0x70), NOW + 5).await.unwrap(), []);
}
