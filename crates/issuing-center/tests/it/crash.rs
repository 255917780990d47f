//! The process dies before, within and after a commit: everything of it is there, or nothing.

use std::os::unix::process::ExitStatusExt;

use crate::commands::Desk;

/// The signal of `abort`.
const ABORTED: Option<i32> = Some(6);

/// Imports one order with a failpoint armed; the process must die of it.
fn die_at(desk: &Desk, point: &str, arguments: &[&str]) {
    let status = desk.command(arguments).env("CARDWRIGHT_FAILPOINT", point).output().unwrap().status;
    assert_eq!(status.signal(), ABORTED, "{point}");
}

#[test]
fn every_failpoint_is_listed() {
    let desk = Desk::new();
    let listed = desk.done(&["failpoints"]);
    let names = listed["failpoints"].as_array().unwrap();
    for name in ["before-order", "within-issuance-opened", "after-issuance-issued", "before-entries"] {
        assert!(names.iter().any(|listed| listed == name), "{name}");
    }
}

#[test]
fn an_order_whose_import_died_is_there_whole_or_not_at_all() {
    for (point, expected) in [("before-order", 0), ("within-order", 0), ("after-order", 1)] {
        let desk = Desk::new();
        desk.set_up();
        let orders = desk.orders(&["R-1"]);
        let before = desk.done(&["log", "verify"])["size"].as_i64().unwrap();
        die_at(&desk, point, &["order", "import", &orders, "--as", "Eve"]);
        assert_eq!(desk.done(&["order", "list"])["orders"].as_array().unwrap().len(), expected, "{point}");
        assert_eq!(desk.done(&["log", "verify"])["size"].as_i64().unwrap() - before, expected as i64, "{point}");
        // What died is done again, unless it was done.
        let again = desk.command(&["order", "import", &orders, "--as", "Eve"]).output().unwrap();
        assert_eq!(again.status.success(), expected == 0, "{point}");
        desk.done(&["order", "approve", "R-1", "--as", "Ben"]);
    }
}

#[test]
fn a_key_of_a_destruction_day_that_was_made_before_a_crash_is_used_after_it() {
    let desk = Desk::new();
    desk.set_up();
    let orders = desk.orders(&["R-1"]);
    die_at(&desk, "before-destruction-key", &["order", "import", &orders, "--as", "Eve"]);
    desk.done(&["order", "import", &orders, "--as", "Eve"]);
    desk.done(&["order", "approve", "R-1", "--as", "Ben"]);
}

#[test]
fn a_host_that_was_set_when_the_center_died_has_a_secret_that_somebody_knows() {
    let set = ["host", "set", "--url", "http://127.0.0.1:1/", "--as", "Ada"];
    for (point, is_set) in [("before-host", false), ("within-host", false), ("after-host", true)] {
        let desk = Desk::new();
        desk.set_up();
        die_at(&desk, point, &set);
        assert_eq!(desk.done(&["host", "show"])["url"].is_string(), is_set, "{point}");
        let again = if is_set { &["host", "rotate-key", "--as", "Ada"][..] } else { &set };
        let secret = desk.done(again);
        assert_eq!(secret["secret"].as_str().unwrap().len(), 64, "{point}");
        assert_eq!(desk.done(&["host", "show"])["key"], secret["key"], "{point}");
    }
}

#[test]
fn a_decision_about_a_card_needs_two_people_whoever_died_in_between() {
    let desk = Desk::new();
    desk.set_up();
    crate::beside::import_key_and_stock(&desk);
    let by = |name: &'static str| ["card", "quarantine", "54455354000000000001", "--as", name];
    let state = || desk.done(&["card", "show", "54455354000000000001"])["state"].as_str().unwrap().to_owned();
    for point in ["before-card-decision", "within-card-decision"] {
        die_at(&desk, point, &by("Ada"));
        assert_eq!(desk.done(&["card", "show", "54455354000000000001"])["proposed"], serde_json::Value::Null);
    }
    die_at(&desk, "after-card-decision", &by("Ada"));
    assert_eq!(desk.refused(&by("Ada")), (1, "CW-1004".into()), "it was proposed");
    die_at(&desk, "before-rows", &by("Ben"));
    assert_eq!(state(), "stock");
    die_at(&desk, "after-rows", &by("Ben"));
    assert_eq!(state(), "quarantined");
}

#[test]
fn the_count_of_a_failpoint_is_kept() {
    let desk = Desk::new();
    desk.set_up();
    let orders = desk.orders(&["R-1"]);
    let mut second_time = desk.command(&["order", "import", &orders, "--as", "Eve"]);
    assert!(second_time.env("CARDWRIGHT_FAILPOINT", "before-order:2").output().unwrap().status.success());
}
