//! Terminals that are not who they say, or that talk with somebody else than they think.

use std::path::Path;
use std::time::Duration;

use cardwright_lab::world::{Plan, World};

use crate::{assert_issued, world};

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.join("identity")).unwrap();
    for entry in std::fs::read_dir(from.join("identity")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join("identity").join(entry.file_name())).unwrap();
    }
}

#[test]
fn a_second_terminal_with_the_same_identity_is_refused_and_logged() {
    let world = world(&["A-1"]);
    let base = world.base(0);
    let mut genuine = base.start_terminal(None, &["run", "--reader", &base.reader_name()]).unwrap();
    genuine.event(Duration::from_secs(20), |event| event["event"] == "ready").unwrap();
    let copied = world.path("copied");
    copy(&base.terminal_state(), &copied);
    let said = base.terminal_of(&copied, None, &["readers"]).unwrap();
    assert!(said.out.contains("CW-2004"), "{}", said.text());
    assert!(world.center.must(&["log", "show"]).unwrap().out.contains("CW-2004"), "it is not in the log");
    // the genuine one works on
    world.release("A-1", 0).unwrap();
    genuine.event(Duration::from_secs(30), |event| event["event"] == "insert-card").unwrap();
    base.insert_card(&world.card(0)).unwrap();
    let result = genuine.event(Duration::from_secs(30), |event| event["event"] == "result").unwrap();
    assert_eq!(result["outcome"], "issued", "{result}");
}

#[test]
fn another_centers_certificate_is_refused_by_the_terminal_and_another_centers_terminal_by_the_center() {
    let ours = world(&["A-1"]);
    let other = World::of(Plan { bases: vec!["elsewhere"], cards: 1, ..Plan::default() }).unwrap();
    let (base, away) = (ours.base(0), other.base(0));
    let false_center = other.center.address().unwrap();
    let said = base.terminal_of(&base.terminal_state(), Some(false_center), &["readers"]).unwrap();
    assert!(said.out.contains("CW-2012"), "{}", said.text());
    // the stranger takes our center for its own, which is easy: its certificate is no secret
    for file in ["authority.der", "reader-list-key.der"] {
        let (from, to) = (base.terminal_state().join("identity"), away.terminal_state().join("identity"));
        std::fs::copy(from.join(file), to.join(file)).unwrap();
    }
    let said = away.terminal_of(&away.terminal_state(), ours.center.address().ok(), &["readers"]).unwrap();
    assert!(said.out.contains("CW-2001"), "{}", said.text());
    ours.release("A-1", 0).unwrap();
    let attempt = base.issue("A-1", &ours.card(0)).unwrap();
    assert_issued(&ours, "A-1", &ours.card(0), &attempt);
}

#[test]
fn a_revoked_terminal_loses_its_connection_within_5_seconds() {
    let world = world(&["A-1"]);
    let base = world.base(0);
    let mut terminal = base.start_terminal(None, &["run", "--reader", &base.reader_name()]).unwrap();
    terminal.event(Duration::from_secs(20), |event| event["event"] == "ready").unwrap();
    world.center.must(&["terminal", "revoke", &base.terminal_name(), "--as", "Mori"]).unwrap();
    let revoked = std::time::Instant::now();
    let result = terminal.event(Duration::from_secs(20), |event| event["event"] == "result").unwrap();
    assert!(["CW-2001", "CW-2002"].contains(&result["code"].as_str().unwrap()), "{result}");
    assert!(revoked.elapsed() < Duration::from_secs(5), "{:?}", revoked.elapsed());
    assert_eq!(terminal.wait(Duration::from_secs(10)).unwrap().code(), Some(1));
}

#[test]
fn an_order_is_written_at_its_own_base_alone() {
    let order = cardwright_lab::world::NewOrder::new("A-1", "harbor", "Noor Visser", "9999010000000000", "4711");
    let world = World::of(Plan { orders: vec![order], ..Plan::default() }).unwrap();
    let released =
        world.center.run(&["ticket", "issue", "--order", "A-1", "--terminal", "station-counter", "--as", "Kim"]);
    assert!(released.unwrap().err.contains("CW-2015"));
    world.release("A-1", 0).unwrap();
    let station = world.base(1).terminal(&["issue", "A-1", "--wait", "3", "--reader", "station-reader"]).unwrap();
    assert!(station.exit == 1 && station.out.contains("CW-5010"), "{}", station.text());
}
