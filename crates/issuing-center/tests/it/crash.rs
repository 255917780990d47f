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
fn the_count_of_a_failpoint_is_kept() {
    let desk = Desk::new();
    desk.set_up();
    let orders = desk.orders(&["R-1"]);
    let mut second_time = desk.command(&["order", "import", &orders, "--as", "Eve"]);
    assert!(second_time.env("CARDWRIGHT_FAILPOINT", "before-order:2").output().unwrap().status.success());
}
