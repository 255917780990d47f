//! Readers that are unplugged, and lists of readers that are not the center's, or no longer.

use std::time::Duration;

use cardwright_lab::world::card_host::{Answer, Mischief};
use cardwright_lab::world::{Base, Slot, slot_name};

use crate::test_center::TestCenter;
use crate::{assert_issued, assert_refused_clean, assert_unknown, has_got, world};

/// Lets commands pass until the card has answered number `last`, whose answer is held.
fn hold_at(base: &Base, last: usize) {
    loop {
        match base.with_machine(|machine| machine.next(0)).unwrap() {
            Answer::Held(index) if index == last => return,
            Answer::Held(_) => base.with_machine(|machine| machine.pass(0)).unwrap(),
            Answer::Idle => {}
            other => panic!("{other:?} before command {last}"),
        }
    }
}

#[test]
fn a_reader_that_is_unplugged_in_the_middle_leaves_the_outcome_unknown() {
    let world = world(&["A-1"]);
    let base = world.base(0);
    world.release("A-1", 0).unwrap();
    let mut watch = |event: &serde_json::Value| {
        // the terminal is in the middle of the first script: it tells this before the next command
        if event["done"] == 4 {
            base.unplug()?;
        } else if event["event"] == "card" {
            // the preamble, EXTERNAL AUTHENTICATE and four more
            hold_at(base, 6);
            base.unplug()?;
        }
        Ok(())
    };
    let attempt = base.issue_with("A-1", &world.card(0), Mischief::Hold, None, &mut watch).unwrap();
    assert_unknown(&world, "A-1", &world.card(0), &attempt);
}

#[test]
fn a_reader_that_is_unplugged_before_anything_was_written_does_no_harm() {
    let world = world(&["A-1"]);
    let base = world.base(0);
    world.release("A-1", 0).unwrap();
    let mut watch = |event: &serde_json::Value| {
        if event["event"] == "card" {
            hold_at(base, 1);
            base.unplug()?;
        }
        Ok(())
    };
    let attempt = base.issue_with("A-1", &world.card(0), Mischief::Hold, None, &mut watch).unwrap();
    assert!(["CW-5003", "CW-5007", "CW-3010"].contains(&attempt.code.as_str()), "{attempt:?}");
    assert_ne!(attempt.exit, 0);
    assert_eq!(world.order_state("A-1").unwrap(), "prepared");
    base.plug_in();
    let attempt = base.issue("A-1", &world.card(0)).unwrap();
    assert_issued(&world, "A-1", &world.card(0), &attempt);
}

#[test]
fn a_reader_list_that_is_not_signed_by_the_center_is_refused() {
    let world = world(&["A-1"]);
    let base = world.base(0);
    // the terminal was enrolled with another key for lists: the center's list is an altered one for it
    let key = base.terminal_state().join("identity/reader-list-key.der");
    let genuine = std::fs::read(&key).unwrap();
    let sam = std::fs::read_to_string(base.sam().with_extension("public-key.pem")).unwrap();
    std::fs::write(&key, der(&sam)).unwrap();
    let said = base.terminal(&["readers"]).unwrap();
    assert!(said.out.contains("CW-2010"), "{}", said.text());
    std::fs::write(&key, genuine).unwrap();
    assert_eq!(base.terminal(&["readers"]).unwrap().exit, 0);
}

#[test]
fn a_reader_list_that_has_expired_is_refused() {
    let mut world = world(&["A-1"]);
    // every look at this clock is 25 hours after the one before: a list that is valid for a day is over when it comes
    let center = TestCenter::leaping(&mut world, Duration::from_secs(25 * 3_600));
    let said = world.base(0).terminal(&["readers"]).unwrap();
    drop(center);
    assert!(said.out.contains("CW-2009"), "{}", said.text());
    world.center.serve().unwrap();
    assert_eq!(world.base(0).terminal(&["readers"]).unwrap().exit, 0, "the control");
}

#[test]
fn a_reader_list_older_than_one_seen_before_is_refused() {
    let world = world(&["A-1"]);
    let base = world.base(0);
    assert_eq!(base.terminal(&["readers"]).unwrap().exit, 0);
    let version = base.terminal_state().join("identity/reader-list-version");
    let seen: u64 = std::fs::read_to_string(&version).unwrap().trim().parse().unwrap();
    std::fs::write(&version, (seen + 86_400_000_000).to_string()).unwrap();
    let said = base.terminal(&["readers"]).unwrap();
    assert!(said.out.contains("CW-2011"), "{}", said.text());
}

#[test]
fn a_reader_that_was_revoked_or_cloned_or_never_enrolled_gets_no_card_to_see() {
    let world = world(&["A-1"]);
    let (base, card) = (world.base(0), world.card(0));
    world.release("A-1", 0).unwrap();
    base.insert(1, &card, Mischief::None).unwrap();
    let unknown = base.terminal(&["issue", "A-1", "--reader", &slot_name(1, Slot::Card)]).unwrap();
    assert!(unknown.exit == 1 && unknown.out.contains("CW-2006"), "{}", unknown.text());
    base.with_machine(|machine| machine.remove(1, Slot::Card)).unwrap();
    base.change_sam(&world.make_stray_sam(&base.reader_name()).unwrap()).unwrap();
    let cloned = base.issue("A-1", &card).unwrap();
    assert_refused_clean(&world, "A-1", &cloned, "CW-2008");
    base.change_sam(&base.sam()).unwrap();
    world.center.must(&["reader", "revoke", &base.reader_name(), "--as", "Mori"]).unwrap();
    let revoked = base.terminal(&["issue", "A-1", "--reader", &base.reader_name()]).unwrap();
    assert!(revoked.exit == 1 && revoked.out.contains("CW-2006"), "{}", revoked.text());
    assert!(!has_got(&world, &card, ""), "a card behind a refused reader has seen a command");
}

/// The bytes of a PEM file of one block.
fn der(pem: &str) -> Vec<u8> {
    let text: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let six: Vec<u8> = text.bytes().filter(|byte| *byte != b'=').map(value).collect();
    let four = six.chunks(4).map(|chunk| {
        let bits = chunk.iter().fold(0_u32, |bits, six| bits << 6 | u32::from(*six)) << (6 * (4 - chunk.len()));
        bits.to_be_bytes()[1..chunk.len()].to_vec()
    });
    four.flatten().collect()
}
