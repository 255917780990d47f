//! The center falls: before SCRIPT, before VERDICT, and for longer than a terminal waits.

use std::time::{Duration, Instant};

use cardwright_lab::world::card_host::Mischief;
use cardwright_lab::world::{IssuingCenter, Line};

use crate::{EXTERNAL_AUTHENTICATE, assert_issued, has_got, world};

/// How long the center's answers are under way while it is to fall.
const UNDER_WAY: Duration = Duration::from_secs(6);

fn state_of(center: &IssuingCenter, order: &str) -> String {
    center.shown(&["order", "show", order], "state").unwrap()
}

/// Waits until the center has committed that the order is in `state`.
fn until(center: &IssuingCenter, order: &str, state: &str) {
    let begun = Instant::now();
    while state_of(center, order) != state {
        assert!(begun.elapsed() < UNDER_WAY, "the order is {}, not {state}", state_of(center, order));
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Kills the center while the answer that follows `state` is under way, and starts it again.
fn fall(center: &mut IssuingCenter, line: &Line, order: &str, state: &str) {
    until(center, order, state);
    center.kill();
    line.hang_up();
    line.delay(Duration::ZERO, Duration::ZERO);
    center.serve().unwrap();
}

#[test]
fn the_center_gone_before_script_gives_the_same_script_when_it_is_back() {
    let mut world = world(&["A-1"]);
    world.release("A-1", 0).unwrap();
    let card = world.card(0);
    let line = Line::to(world.center.address().unwrap()).unwrap();
    let (center, base) = world.parts(0);
    let mut watch = |event: &serde_json::Value| {
        match event["event"].as_str() {
            Some("insert-card") => line.delay(Duration::ZERO, UNDER_WAY),
            Some("card") => fall(center, &line, "A-1", "issuing"),
            _ => {}
        }
        Ok(())
    };
    let attempt = base.issue_with("A-1", &card, Mischief::None, Some(line.address()), &mut watch).unwrap();
    assert_issued(&world, "A-1", &card, &attempt);
    assert_eq!(attempts(&world, "A-1"), 1);
}

#[test]
fn the_center_gone_before_verdict_gives_the_same_verdict_when_it_is_back() {
    let mut world = world(&["A-1"]);
    world.release("A-1", 0).unwrap();
    let card = world.card(0);
    let line = Line::to(world.center.address().unwrap()).unwrap();
    let (center, base) = world.parts(0);
    let mut scripts = Vec::new();
    let mut watch = |event: &serde_json::Value| {
        // the second script is the activation; its RESULT is the last message
        if let Some(total) = event["total"].as_u64().filter(|total| !scripts.contains(total)) {
            scripts.push(total);
            if scripts.len() == 2 {
                line.delay(Duration::ZERO, UNDER_WAY);
                fall(center, &line, "A-1", "issued");
            }
        }
        Ok(())
    };
    let attempt = base.issue_with("A-1", &card, Mischief::None, Some(line.address()), &mut watch).unwrap();
    assert_eq!(scripts.len(), 2);
    assert_issued(&world, "A-1", &card, &attempt);
    assert_eq!(attempts(&world, "A-1"), 1);
}

#[test]
fn the_center_that_falls_while_the_card_is_written_takes_the_result_when_it_is_back() {
    let mut world = world(&["A-1"]);
    world.release("A-1", 0).unwrap();
    let card = world.card(0);
    let (center, base) = world.parts(0);
    let mut fallen = false;
    let mut watch = |event: &serde_json::Value| {
        if !fallen && event["event"] == "progress" {
            fallen = true;
            center.kill();
            std::thread::sleep(Duration::from_secs(1));
            center.serve()?;
        }
        Ok(())
    };
    let attempt = base.issue_with("A-1", &card, Mischief::None, None, &mut watch).unwrap();
    assert!(fallen);
    assert_issued(&world, "A-1", &card, &attempt);
}

#[test]
fn a_center_that_stays_away_before_script_leaves_the_card_untouched_and_the_order_blocked() {
    let mut world = world(&["A-1"]);
    for _ in 0..2 {
        world.release("A-1", 0).unwrap();
    }
    let (first, second) = (world.card(0), world.card(1));
    let patience = "open_patience_seconds = 2\n";
    std::fs::write(world.base(0).terminal_state().join("terminal.toml"), patience).unwrap();
    let line = Line::to(world.center.address().unwrap()).unwrap();
    let (center, base) = world.parts(0);
    let mut watch = |event: &serde_json::Value| {
        match event["event"].as_str() {
            Some("insert-card") => line.delay(Duration::ZERO, UNDER_WAY),
            Some("card") => {
                until(center, "A-1", "issuing");
                center.kill();
                line.hang_up();
            }
            _ => {}
        }
        Ok(())
    };
    let attempt = base.issue_with("A-1", &first, Mischief::None, Some(line.address()), &mut watch).unwrap();
    assert_eq!((attempt.code.as_str(), attempt.exit), ("CW-5004", 3), "{attempt:?}");
    center.serve().unwrap();
    // the intent is committed, so another card must not be made for this order, whatever the first one holds
    let again = base.issue("A-1", &second).unwrap();
    assert!(["CW-4004", "CW-4005", "CW-2004"].contains(&again.code.as_str()), "{again:?}");
    assert!(!has_got(&world, &first, EXTERNAL_AUTHENTICATE) && !has_got(&world, &second, EXTERNAL_AUTHENTICATE));
    assert_eq!(world.card_state(&second).unwrap(), "stock");
}

fn attempts(world: &cardwright_lab::world::World, order: &str) -> usize {
    let said = world.center.must(&["--json", "order", "show", order]).unwrap();
    said.events()[0]["attempts"].as_array().unwrap().len()
}
