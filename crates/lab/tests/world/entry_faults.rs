//! What is typed at the center: wrong passphrases, published keys, orders that are malformed or come twice.

use std::process::Command;

use cardwright_lab::world::process::{Said, run};
use cardwright_lab::world::{NewOrder, Plan, World, order};

/// A center that is set up and serves nobody yet.
fn founded() -> World {
    let mut world = World::empty(Plan { bases: vec!["harbor"], cards: 1, ..Plan::default() }).unwrap();
    world.found().unwrap();
    world.register_bases().unwrap();
    world
}

fn typed(world: &World, command: &mut Command) -> Said {
    run(command, &world.path("log/commands.log")).unwrap()
}

#[test]
fn a_wrong_passphrase_opens_nothing() {
    let world = founded();
    let mut command = world.center.command(&["serve", "--terminals", "127.0.0.1:0", "--api", "127.0.0.1:0"]);
    let said = typed(&world, command.env("CARDWRIGHT_CENTER_PASSPHRASE", "a passphrase that opens another's"));
    assert!(said.exit == 1 && said.err.contains("CW-1001"), "{}", said.text());
    assert!(world.center.must(&["log", "verify"]).unwrap().out.contains("whole"));
}

#[test]
fn published_keys_are_refused_as_batch_keys() {
    let world = founded();
    let file = world.path("published.txt");
    std::fs::write(&file, "404142434445464748494A4B4C4D4E4F\n").unwrap();
    // KCV: the first bytes of AES of sixteen times 01 under the key, as GPCS has it for AES keys
    let words = ["key", "import", "test", "--kind", "aes128", "--kcv", "504A77", "--as", "Mori", "--file"];
    let words = [&words[..], &[file.to_str().unwrap()]].concat();
    let said = world.center.run(&words).unwrap();
    assert!(said.exit == 1 && said.err.contains("CW-1005"), "{}", said.text());
    let allowed = world.center.run(&[&words[..], &["--allow-published"]].concat()).unwrap();
    assert_eq!(allowed.exit, 0, "the control: {}", allowed.text());
}

#[test]
fn a_malformed_file_of_orders_is_refused_with_row_and_column_and_nothing_of_it_is_taken() {
    let world = founded();
    let good = NewOrder::new("A-1", "harbor", "Noor Visser", "9999010000000017", "4711");
    let mut bad = NewOrder::new("A-2", "nowhere", "Noor Visser", "99", "4711");
    bad.photo = Some(b"no photo".to_vec());
    let refused = world.enter_orders(&[good.clone(), bad]).unwrap_err().to_string();
    for place in ["row 3, column base", "row 3, column card_number", "row 3, column photo"] {
        assert!(refused.contains(place), "{place}: {refused}");
    }
    assert!(!refused.contains("Noor") && !refused.contains("9999010000000017"), "{refused}");
    assert_eq!(world.center.must(&["order", "list"]).unwrap().out.trim(), "");
    world.enter_orders(&[good]).unwrap();
}

#[test]
fn an_order_that_comes_twice_is_taken_once() {
    let world = founded();
    let order = NewOrder::new("A-1", "harbor", "Noor Visser", "9999010000000017", "4711");
    world.enter_orders(std::slice::from_ref(&order)).unwrap();
    let again = world.enter_orders(std::slice::from_ref(&order)).unwrap_err().to_string();
    assert!(again.contains("CW-4006") || again.contains("CW-4007"), "{again}");
    let twice = NewOrder::new("A-2", "harbor", "Noor Visser", "9999010000000025", "4711");
    assert!(world.enter_orders(&[twice.clone(), twice]).is_err());
    assert_eq!(world.center.must(&["order", "list"]).unwrap().out.lines().count(), 1);
    assert!(order::write(&world.path("again"), &[order]).is_ok());
}
