//! HELLO and WORK: lease, tickets, challenges, reader list, preambles.

use std::time::{Duration, Instant};

use cardwright_issuance::change::Change;
use cardwright_issuance::row::Order;
use cardwright_issuance::state::OrderState;
use cardwright_issuing_center::center::READER_LIST_KEY;
use cardwright_issuing_center::presence::register::NewReader;
use cardwright_issuing_center::presence::tickets::{HOUR, Which};
use cardwright_issuing_center::presence::{CHALLENGE_LIFE, LEASE};
use cardwright_issuing_center::signature;
use cardwright_issuing_center::store::{Commit, Person, Registration, SealedBlob, SealedOrder, Store};
use cardwright_keystore::KeyId;
use cardwright_relay::message::{Hello, Welcome, Work, WorkQuery};
use cardwright_relay::reader::{SignedReaderList, VerifiedReaderList};
use cardwright_relay::{Code, Error, FORMAT};
use hyper::StatusCode;

use crate::client::Client;
use crate::world::{DAY, World};

pub(crate) fn hello(instance: u8) -> Hello {
    Hello { format: FORMAT, instance: [instance; 16].into(), software: "test".into(), reader_list_version: 0 }
}

pub(crate) fn query(instance: u8) -> WorkQuery {
    WorkQuery {
        instance: [instance; 16].into(),
        challenges: 8,
        reader_list_version: 0,
        known_tickets: Vec::new(),
        wait: 25_000,
        leaving: None,
    }
}

fn reader(name: &str) -> NewReader {
    let key = rcgen::KeyPair::generate().unwrap();
    NewReader {
        name: name.to_owned(),
        base: "north".to_owned(),
        tier: 2,
        card_slot: format!("{name} 00 00"),
        sam_slot: format!("{name} 00 01"),
        sam_key: rcgen::PublicKeyData::subject_public_key_info(&key),
    }
}

fn verified(world: &World, list: &[u8], newest: u64) -> Result<VerifiedReaderList, Error> {
    let key = world.center.keystore.public_key(&KeyId::new(READER_LIST_KEY, 1).unwrap()).unwrap();
    SignedReaderList::parse(list).unwrap().verify(&key, world.center.now(), newest, &signature::verifies)
}

/// An order that waits to be written at `base`, approved by somebody else.
async fn prepared(world: &World, reference: &str, base: &str) -> Order {
    let id: [u8; 16] = world.center.keystore.random(16).unwrap().try_into().unwrap();
    let (entered_by, approver) = ([8; 16].into(), [9; 16].into());
    let order = Order {
        id: id.into(),
        reference: reference.to_owned(),
        base: base.to_owned(),
        profile: "identity".to_owned(),
        kind: cardwright_issuance::kind::OrderKind::New,
        argument: None,
        state: OrderState::Received,
        entered_by,
        entered: world.center.now(),
        approved_by: None,
        card: None,
        replaces: None,
        campaign: None,
    };
    let sealed = SealedOrder { fields: vec![1], data_key: vec![2], destruction_day: 30_000 };
    let mut registrations = Vec::new();
    for (name, id) in [("enter", entered_by), ("approve", approver)] {
        if world.center.store.person(name).await.unwrap().is_none() {
            let person = Person { id, name: name.to_owned(), roles: vec!["approver".into()], secret: String::new() };
            registrations.push(Registration::Person(person));
        }
    }
    registrations.push(Registration::Order(order.clone(), sealed));
    registrations.push(Registration::Approve(order.id, approver));
    registrations
        .push(Registration::Prepared(order.id, SealedBlob { sealed: vec![3], digest: [4; 32], profile: [5; 32] }));
    world.center.store.commit(Commit { registrations, ..Commit::default() }).await.unwrap();
    order
}

#[tokio::test]
async fn welcome_brings_clock_lease_list_challenges_and_preambles() {
    let world = World::start().await;
    world.register().enrol_reader(&world.person, reader("R1")).await.unwrap();
    let terminal = world.terminal("counter 1", "north").await;
    let mut client = Client::connect(&world, Some(&terminal)).await.unwrap();
    let welcome: Welcome = client.ask(&hello(1)).await.unwrap();
    let now = world.center.now();
    assert!((now - 1_000_000..=now).contains(&welcome.time));
    assert!(welcome.lease_until > now && welcome.lease_until <= now + LEASE);
    assert_eq!(welcome.challenges.len(), 8);
    let row = world.center.store.challenge(welcome.challenges[3].id).await.unwrap().unwrap();
    assert_eq!((row.value, row.expires), (welcome.challenges[3].value, welcome.challenges[3].expires));
    assert!(row.expires <= now + CHALLENGE_LIFE);
    let list = verified(&world, &welcome.reader_list, 0).unwrap();
    assert_eq!(list.by_card_slot("R1 00 00").unwrap().name, "R1");
    assert!(welcome.preambles.is_empty());
}

#[tokio::test]
async fn the_lease_ends_by_itself_and_a_leaving_instance_gives_it_back() {
    let world = World::start().await;
    let terminal = world.terminal("counter 1", "north").await;
    let mut client = Client::connect(&world, Some(&terminal)).await.unwrap();
    assert!(client.ask::<_, Welcome>(&hello(1)).await.is_ok());
    let twice = (StatusCode::CONFLICT, Code::TERMINAL_TWICE);
    assert_eq!(client.ask::<_, Welcome>(&hello(2)).await.unwrap_err(), twice);
    assert_eq!(client.ask::<_, Work>(&query(2)).await.unwrap_err(), twice);
    world.pass(LEASE + 1);
    assert!(client.ask::<_, Welcome>(&hello(2)).await.is_ok());
    assert_eq!(client.ask::<_, Work>(&query(1)).await.unwrap_err(), twice);
    let leaving = WorkQuery { leaving: Some(true), ..query(2) };
    assert!(client.ask::<_, Work>(&leaving).await.is_ok());
    assert!(client.ask::<_, Welcome>(&hello(3)).await.is_ok());
}

#[tokio::test]
async fn work_is_answered_as_soon_as_an_operator_releases_an_order() {
    let world = World::start().await;
    let order = prepared(&world, "K-1", "north").await;
    let terminal = world.terminal("counter 1", "north").await;
    let mut client = Client::connect(&world, Some(&terminal)).await.unwrap();
    let asked = WorkQuery { reader_list_version: u64::MAX, ..query(1) };
    let poll = tokio::spawn(async move { (client.ask::<_, Work>(&asked).await.unwrap(), Instant::now()) });
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(!poll.is_finished());
    let ticket = world.register().issue_ticket(&world.person, "K-1", "counter 1").await.unwrap();
    let released = Instant::now();
    let (work, answered) = poll.await.unwrap();
    assert!(answered - released < Duration::from_secs(1));
    let [found] = work.tickets.as_slice() else { panic!("{:?}", work.tickets) };
    assert_eq!((found.id, found.order.as_str(), found.operator.as_str()), (ticket.id, "K-1", "olga"));
    assert_eq!(ticket.order, Some(order.id));
}

#[tokio::test]
async fn known_tickets_are_not_sent_again_and_other_terminals_see_none() {
    let world = World::start().await;
    prepared(&world, "K-1", "north").await;
    let (one, two) = (world.terminal("counter 1", "north").await, world.terminal("counter 2", "north").await);
    let ticket = world.register().issue_ticket(&world.person, "K-1", "counter 1").await.unwrap();
    let quick = |known| WorkQuery { known_tickets: known, wait: 0, ..query(1) };
    let mut client = Client::connect(&world, Some(&one)).await.unwrap();
    assert_eq!(client.ask::<_, Work>(&quick(Vec::new())).await.unwrap().tickets.len(), 1);
    assert!(client.ask::<_, Work>(&quick(vec![ticket.id])).await.unwrap().tickets.is_empty());
    let mut other = Client::connect(&world, Some(&two)).await.unwrap();
    assert!(other.ask::<_, Work>(&quick(Vec::new())).await.unwrap().tickets.is_empty());
}

#[tokio::test]
async fn a_desk_is_opened_without_an_order_and_a_terminal_hears_at_once_that_it_is_closed() {
    let world = World::start().await;
    let terminal = world.terminal("counter 1", "north").await;
    let (register, mut client) = (world.register(), Client::connect(&world, Some(&terminal)).await.unwrap());
    let ticket = register.open_desk(&world.person, "counter 1", 12 * HOUR, true).await.unwrap();
    assert!(ticket.order.is_none() && ticket.confirms_deletion);
    let quick = WorkQuery { wait: 0, ..query(1) };
    let work: Work = client.ask(&quick).await.unwrap();
    let [told] = work.tickets.as_slice() else { panic!("{:?}", work.tickets) };
    assert_eq!((told.id, told.order.as_str(), told.operator.as_str()), (ticket.id, "", "olga"));
    assert!((12 * HOUR - 60_000_000..=12 * HOUR).contains(&(told.expires - work.time)));

    let known = WorkQuery { known_tickets: vec![ticket.id], reader_list_version: u64::MAX, ..query(1) };
    let asked = known.clone();
    let poll = tokio::spawn(async move { (client.ask::<_, Work>(&asked).await.unwrap(), client) });
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(!poll.is_finished(), "a ticket that is good is no news");
    register.withdraw(&world.person, Which::Desk("counter 1")).await.unwrap();
    let (work, mut client) = tokio::time::timeout(Duration::from_secs(2), poll).await.unwrap().unwrap();
    assert_eq!((work.cancelled, work.tickets.len()), (vec![ticket.id], 0));
    let again: Work = client.ask(&WorkQuery { known_tickets: Vec::new(), ..quick }).await.unwrap();
    assert_eq!((again.cancelled.len(), again.tickets.len()), (0, 0));
    let none = register.withdraw(&world.person, Which::Desk("counter 1")).await.unwrap_err();
    assert_eq!((none.code, none.parameters), (Code::NOT_RELEASED, vec!["counter 1".to_owned()]));
}

#[tokio::test]
async fn a_new_release_replaces_the_one_that_was_not_used_and_no_other() {
    let world = World::start().await;
    prepared(&world, "K-1", "north").await;
    prepared(&world, "K-2", "north").await;
    let terminal = world.terminal("counter 1", "north").await;
    world.terminal("counter 2", "north").await;
    let register = world.register();
    let first = register.issue_ticket(&world.person, "K-1", "counter 1").await.unwrap();
    let other = register.issue_ticket(&world.person, "K-2", "counter 1").await.unwrap();
    let desk = register.open_desk(&world.person, "counter 1", HOUR, false).await.unwrap();
    let second = register.release_order(&world.person, "K-1", "counter 2", true).await.unwrap();
    let newer = register.open_desk(&world.person, "counter 1", 2 * HOUR, false).await.unwrap();
    let released: Vec<_> = register.released().await.unwrap().into_iter().map(|it| (it.ticket.id, it.order)).collect();
    let named = |order: &str| Some(order.to_owned());
    assert_eq!(released, [(other.id, named("K-2")), (newer.id, None), (second.id, named("K-1"))]);
    let mut client = Client::connect(&world, Some(&terminal)).await.unwrap();
    let known = vec![first.id, other.id, desk.id];
    let work: Work = client.ask(&WorkQuery { known_tickets: known, wait: 0, ..query(1) }).await.unwrap();
    assert_eq!(work.cancelled, [first.id, desk.id]);
    assert_eq!(work.tickets.iter().map(|ticket| ticket.id).collect::<Vec<_>>(), [newer.id]);
}

#[tokio::test]
async fn a_used_ticket_that_a_terminal_still_knows_is_neither_withdrawn_nor_news() {
    let world = World::start().await;
    prepared(&world, "K-1", "north").await;
    let terminal = world.terminal("counter 1", "north").await;
    let ticket = world.register().issue_ticket(&world.person, "K-1", "counter 1").await.unwrap();
    let used = Change::UseTicket { ticket: ticket.id, session: [5; 16].into() };
    world.center.store.commit(Commit { changes: vec![used], ..Commit::default() }).await.unwrap();
    let mut client = Client::connect(&world, Some(&terminal)).await.unwrap();
    let known = WorkQuery { known_tickets: vec![ticket.id], wait: 0, ..query(1) };
    assert_eq!(client.ask::<_, Work>(&known).await.unwrap().cancelled, []);
    let withdrawn = world.register().withdraw(&world.person, Which::Order("K-1")).await.unwrap_err();
    assert_eq!(withdrawn.code, Code::NOT_RELEASED);
}

#[tokio::test]
async fn only_an_operator_opens_and_closes_a_desk() {
    let world = World::start().await;
    world.terminal("counter 1", "north").await;
    let register = world.register();
    let clerk = Person { roles: vec!["approver".into()], ..world.person.clone() };
    assert_eq!(register.open_desk(&clerk, "counter 1", HOUR, false).await.unwrap_err().code, Code::ROLE_MISSING);
    assert_eq!(world.refusals(Code::ROLE_MISSING).await.len(), 1);
    let unknown = register.open_desk(&world.person, "counter 9", HOUR, false).await.unwrap_err();
    assert_eq!(unknown.code, Code::TERMINAL_UNKNOWN);
    register.open_desk(&world.person, "counter 1", HOUR, false).await.unwrap();
    let closed = register.withdraw(&clerk, Which::Desk("counter 1")).await.unwrap_err();
    assert_eq!(closed.code, Code::ROLE_MISSING);
    assert_eq!(register.released().await.unwrap().len(), 1);
}

#[tokio::test]
async fn tickets_are_refused_to_who_approved_to_other_bases_and_for_orders_that_do_not_wait() {
    let world = World::start().await;
    prepared(&world, "K-1", "north").await;
    prepared(&world, "K-2", "south").await;
    world.terminal("counter 1", "north").await;
    let register = world.register();
    let code = |refused: Result<_, cardwright_issuing_center::refused::Refused>| refused.unwrap_err().code;
    let approver = Person { id: [9; 16].into(), ..world.person.clone() };
    assert_eq!(code(register.issue_ticket(&approver, "K-1", "counter 1").await), Code::SAME_PERSON);
    let clerk = Person { roles: vec!["order-entry".into()], ..world.person.clone() };
    assert_eq!(code(register.issue_ticket(&clerk, "K-1", "counter 1").await), Code::ROLE_MISSING);
    assert_eq!(code(register.issue_ticket(&world.person, "K-2", "counter 1").await), Code::OTHER_BASE);
    assert_eq!(code(register.issue_ticket(&world.person, "K-3", "counter 1").await), Code::ORDER_UNKNOWN);
    assert_eq!(code(register.issue_ticket(&world.person, "K-1", "counter 9").await), Code::TERMINAL_UNKNOWN);
    for refused in [Code::SAME_PERSON, Code::ROLE_MISSING, Code::OTHER_BASE] {
        assert_eq!(world.refusals(refused).await.len(), 1, "{refused}");
    }
    assert!(register.issue_ticket(&world.person, "K-1", "counter 1").await.is_ok());
}

#[tokio::test]
async fn a_reader_that_is_entered_or_revoked_makes_a_newer_list_at_once() {
    let world = World::start().await;
    let terminal = world.terminal("counter 1", "north").await;
    let mut client = Client::connect(&world, Some(&terminal)).await.unwrap();
    let welcome: Welcome = client.ask(&hello(1)).await.unwrap();
    let mut version = verified(&world, &welcome.reader_list, 0).unwrap().version();
    world.register().enrol_reader(&world.person, NewReader { base: "south".into(), ..reader("R0") }).await.unwrap();
    world.register().enrol_reader(&world.person, reader("R1")).await.unwrap();
    for expected in [1, 0] {
        let asked = WorkQuery { reader_list_version: version, ..query(1) };
        let work: Work = client.ask(&asked).await.unwrap();
        let list = work.reader_list.expect("a newer list");
        let list = verified(&world, &list, version).unwrap();
        assert!(list.version() > version);
        assert_eq!(list.readers().len(), expected, "the other base's reader is not on it");
        version = list.version();
        let nothing_new = WorkQuery { reader_list_version: version, wait: 0, ..query(1) };
        assert!(client.ask::<_, Work>(&nothing_new).await.unwrap().reader_list.is_none());
        if expected == 1 {
            world.register().revoke_reader(&world.person, "R1").await.unwrap();
        }
    }
}

#[tokio::test]
async fn an_altered_an_expired_and_an_older_list_are_found_out() {
    let world = World::start().await;
    let terminal = world.terminal("counter 1", "north").await;
    let mut client = Client::connect(&world, Some(&terminal)).await.unwrap();
    let welcome: Welcome = client.ask(&hello(1)).await.unwrap();
    let mut altered = SignedReaderList::parse(&welcome.reader_list).unwrap();
    let at = altered.list.len() - 3;
    altered.list[at] ^= 1;
    assert_eq!(verified(&world, &altered.to_bytes(), 0).unwrap_err(), Error::ListAltered);
    let newer = verified(&world, &welcome.reader_list, 0).unwrap().version() + 1;
    assert!(matches!(verified(&world, &welcome.reader_list, newer), Err(Error::ListOlder { .. })));
    world.pass(DAY + 1);
    assert!(matches!(verified(&world, &welcome.reader_list, 0), Err(Error::ListExpired { .. })));
    let again: Welcome = client.ask(&hello(1)).await.unwrap();
    assert!(verified(&world, &again.reader_list, newer).is_ok());
}

#[tokio::test]
async fn challenges_are_filled_up_and_no_terminal_can_fill_the_database_with_them() {
    let world = World::start().await;
    let terminal = world.terminal("counter 1", "north").await;
    let mut client = Client::connect(&world, Some(&terminal)).await.unwrap();
    let asked = |challenges| WorkQuery { challenges, wait: 0, ..query(1) };
    assert_eq!(client.ask::<_, Work>(&asked(5)).await.unwrap().challenges.len(), 3);
    assert!(client.ask::<_, Work>(&asked(8)).await.unwrap().challenges.is_empty());
    let since = Instant::now();
    let urgent = WorkQuery { reader_list_version: u64::MAX, challenges: 0, ..query(1) };
    assert_eq!(client.ask::<_, Work>(&urgent).await.unwrap().challenges.len(), 8);
    assert!(since.elapsed() < Duration::from_secs(2), "a terminal without challenges is not kept waiting");
    let mut given = 11;
    for _ in 0..50 {
        given += client.ask::<_, Work>(&asked(0)).await.unwrap().challenges.len();
    }
    assert!((64..=80).contains(&given), "{given}");
}

#[tokio::test]
async fn a_terminal_that_lacks_challenges_and_may_have_none_does_not_spin() {
    let world = World::start().await;
    let terminal = world.terminal("counter 1", "north").await;
    let mut client = Client::connect(&world, Some(&terminal)).await.unwrap();
    let greedy = WorkQuery { reader_list_version: u64::MAX, challenges: 0, ..query(1) };
    for _ in 0..8 {
        assert_eq!(client.ask::<_, Work>(&greedy).await.unwrap().challenges.len(), 8);
    }
    let (since, mut answers) = (Instant::now(), 0);
    while since.elapsed() < Duration::from_secs(3) {
        client.ask::<_, Work>(&greedy).await.unwrap();
        answers += 1;
    }
    assert!((2..=6).contains(&answers), "{answers} answers in 3 s");
}

#[tokio::test]
async fn a_fresh_lease_is_not_written_again_and_an_old_one_is() {
    let world = World::start().await;
    let terminal = world.terminal("counter 1", "north").await;
    let mut client = Client::connect(&world, Some(&terminal)).await.unwrap();
    let taken = client.ask::<_, Welcome>(&hello(1)).await.unwrap().lease_until;
    let quick = WorkQuery { wait: 0, ..query(1) };
    for _ in 0..3 {
        assert_eq!(client.ask::<_, Work>(&quick).await.unwrap().lease_until, taken);
        assert_eq!(client.ask::<_, Welcome>(&hello(1)).await.unwrap().lease_until, taken);
    }
    world.pass(LEASE / 4);
    let renewed = client.ask::<_, Work>(&quick).await.unwrap().lease_until;
    assert!(renewed >= taken + LEASE / 4);
    let [row] = world.center.store.terminals().await.unwrap().try_into().unwrap();
    assert_eq!(row.lease_until, renewed, "what is answered is what stands in the database");
}

#[tokio::test]
async fn a_list_version_that_is_still_to_come_makes_no_new_list_and_a_later_node_s_does() {
    let world = World::start().await;
    let terminal = world.terminal("counter 1", "north").await;
    let mut client = Client::connect(&world, Some(&terminal)).await.unwrap();
    let first: Welcome = client.ask(&hello(1)).await.unwrap();
    for held in [u64::MAX, i64::MAX as u64, (world.center.now() + DAY) as u64] {
        let claimed = Hello { reader_list_version: held, ..hello(1) };
        let again: Welcome = client.ask(&claimed).await.unwrap();
        assert!(again.reader_list == first.reader_list, "{held} had a new list signed");
    }
    let later = verified(&world, &first.reader_list, 0).unwrap().version() + 1;
    let welcome: Welcome = client.ask(&Hello { reader_list_version: later, ..hello(1) }).await.unwrap();
    assert!(verified(&world, &welcome.reader_list, later).is_ok());
}

#[tokio::test]
async fn a_reader_is_entered_with_its_key_from_any_form_of_file_and_never_with_another() {
    let world = World::start().await;
    let key = rcgen::KeyPair::generate().unwrap();
    let info = rcgen::PublicKeyData::subject_public_key_info(&key);
    let certificate = rcgen::CertificateParams::new(vec!["sam".to_owned()]).unwrap().self_signed(&key).unwrap();
    let forms = [info.clone(), key.public_key_pem().into_bytes(), certificate.der().to_vec(), certificate.pem().into()];
    for (index, form) in forms.into_iter().enumerate() {
        let new = NewReader { sam_key: form, ..reader(&format!("R{index}")) };
        assert_eq!(world.register().enrol_reader(&world.person, new).await.unwrap().sam_key, info);
    }
    let other = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let other = rcgen::PublicKeyData::subject_public_key_info(&other);
    for wrong in [Vec::new(), b"key".to_vec(), info[26..].to_vec(), other] {
        let new = NewReader { sam_key: wrong, ..reader("R9") };
        let refused = world.register().enrol_reader(&world.person, new).await.unwrap_err();
        assert_eq!(refused.code, Code::READER_REFUSED);
    }
    let taken = world.register().enrol_reader(&world.person, reader("R1")).await.unwrap_err();
    assert_eq!(taken.code, Code::NAME_TAKEN);
}
