//! Payment cards in use, on card products whose answers bear no MAC: what was written is proven by cryptograms.

use std::path::Path;

use cardwright_lab::shop::Order;
use cardwright_lab::world::card_host::Mischief;
use cardwright_lab::world::issuers::{DEBIT_MASTER, pin_of_letter};
use cardwright_lab::world::programs::source;
use cardwright_lab::world::{ChangeOrder, NewOrder, Plan, Slot, World, slot_name};
use serde_json::{Value, json};

use super::{HARBOR, STATION, issued, key_sets, served};

const HOLDER: &str = "Søren Ångström";

fn bank(product: &str) -> World {
    World::of(Plan {
        products: vec![source().join(format!("products/{product}.toml"))],
        profiles: vec![source().join("profiles/emv-debit.toml")],
        orders: vec![NewOrder::of("emv-debit", "A-1", "harbor", &[("name", HOLDER)])],
        issuers: true,
        pool: vec![("896", "65537", 3)],
        ..Plan::default()
    })
    .unwrap_or_else(|fault| panic!("{fault}"))
}

/// The PIN of the letter that waits for the printer.
fn letter(world: &World, name: &str) -> String {
    let file = world.path(&format!("{name}.csv"));
    let out = file.display().to_string();
    world.center.must(&["pin-mailer", "export", "--key", "zone/mailer", "--out", &out, "--as", "Mori"]).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    let row: Vec<&str> = text.lines().nth(1).unwrap().split(',').collect();
    pin_of_letter(row[3]).unwrap()
}

/// What a shop at a base sees when somebody pays with the card in the reader.
fn pay(world: &World, base: usize, pin: &str) -> Value {
    let mut order = Order::new(&slot_name(0, Slot::Card), world.authorities().unwrap(), DEBIT_MASTER, pin);
    order.option_b = true;
    order.enciphers = false;
    (order.pin, order.issuer_pin) = (Some(pin.to_owned()), Some(pin.to_owned()));
    world.base(base).shop(&order).unwrap()
}

#[track_caller]
fn assert_pays(world: &World, base: usize, pin: &str) {
    let paid = pay(world, base, pin);
    assert_eq!((&paid["outcome"], &paid["verification"]), (&json!("ApprovedOnline"), &json!("PlainPin")), "{paid}");
}

#[test]
fn on_a_card_of_scp02() {
    whole_life("scp02-i55", "16");
}

#[test]
fn on_a_card_of_scp03_without_macs_on_its_answers() {
    whole_life("scp03-i10", "16");
}

#[test]
fn on_a_card_that_comes_to_scp03_by_a_change_of_its_keys() {
    whole_life("scp02-then-scp03", "scp03/32");
}

fn whole_life(product: &str, keys: &str) {
    let mut world = bank(product);
    let card = issued(&world, "A-1", 0);
    let pin = rewritten_by_script(&mut world, &card);
    keys_changed(&mut world, &card, keys, &pin);
    blocked_and_unblocked(&mut world, &card, &pin);
    replaced(&mut world, &card);
}

/// Another name and another PIN, by scripts of the issuer's; gives the PIN of the letter that came then.
fn rewritten_by_script(world: &mut World, card: &Path) -> String {
    let first = letter(world, "first");
    let name = ChangeOrder::new("personal-data", "P-1", "A-1").fields(&[("name", "IDA BERG")]);
    world.order_changes(&[name, ChangeOrder::new("pin", "N-1", "A-1")]).unwrap();
    let pin = letter(world, "other");
    served(world, STATION, card, 2);
    let records =
        (1..=3).flat_map(|file| (1..=6).map(move |record| format!("00B2{record:02X}{:02X}00", file << 3 | 4)));
    let commands: Vec<String> =
        ["00A4040007F0454D5601201000", "80A80000028300"].map(str::to_owned).into_iter().chain(records).collect();
    let said = world.base(STATION).opensc_tool(&slot_name(0, Slot::Card), &commands).unwrap().out;
    let bytes: String = said.lines().map(|row| row.get(..48).unwrap_or(row)).collect::<String>().replace(' ', "");
    assert!(bytes.contains(&hex::encode_upper("IDA BERG")), "{said}");
    assert_pays(world, STATION, &pin);
    if first != pin {
        assert_ne!(pay(world, STATION, &first)["verification"], json!("PlainPin"), "the control: the old PIN");
        assert_pays(world, STATION, &pin);
    }
    pin
}

fn keys_changed(world: &mut World, card: &Path, keys: &str, pin: &str) {
    let before = key_sets(world, "A-1");
    world.order_changes(&[ChangeOrder::new("change-keys", "K-1", "A-1").argument(keys)]).unwrap();
    served(world, STATION, card, 1);
    assert_pays(world, STATION, pin);
    let after = key_sets(world, "A-1");
    let on_card = |sets: &[(u64, String)]| sets.iter().filter(|(_, state)| state == "on-card").count();
    assert_eq!((on_card(&before), on_card(&after), after.len()), (1, 1, before.len() + 1), "{after:?}");
    // and again, by the keys that it has now
    let again = keys.rsplit('/').next().unwrap();
    world.order_changes(&[ChangeOrder::new("change-keys", "K-2", "A-1").argument(again)]).unwrap();
    served(world, HARBOR, card, 1);
    assert_pays(world, HARBOR, pin);
}

fn blocked_and_unblocked(world: &mut World, card: &Path, pin: &str) {
    world.order_changes(&[ChangeOrder::new("block", "B-1", "A-1")]).unwrap();
    served(world, STATION, card, 1);
    assert_eq!(world.card_state(card).unwrap(), "locked");
    assert_ne!(pay(world, STATION, pin)["outcome"], json!("ApprovedOnline"));
    world.order_by_api(&ChangeOrder::new("unblock", "UB-1", "A-1")).unwrap();
    served(world, HARBOR, card, 1);
    assert_pays(world, HARBOR, pin);
}

/// A damaged card: the one in its place pays; the old one is ended when it comes in.
fn replaced(world: &mut World, card: &Path) {
    let replace = ChangeOrder::new("replace", "R-1", "A-1").argument("damaged").fields(&[("name", HOLDER)]);
    world.order_changes(&[replace]).unwrap();
    let pin = letter(world, "second");
    world.base(HARBOR).remove_card().unwrap();
    world.release("R-1", HARBOR).unwrap();
    let attempt = world.base(HARBOR).issue("R-1", &world.card(1)).unwrap();
    assert!(attempt.is_issued(), "{attempt:?}");
    assert_pays(world, HARBOR, &pin);
    assert_eq!(world.card_state(card).unwrap(), "locked");
    world.order_changes(&[ChangeOrder::new("terminate", "T-1", "A-1")]).unwrap();
    served(world, STATION, card, 1);
    assert_eq!(world.card_state(card).unwrap(), "terminated");
    assert_ne!(pay(world, STATION, &pin)["outcome"], json!("ApprovedOnline"));
}

/// Pulled out at a script of the issuer's, and at a change of keys: finished at the other base, and pays.
#[test]
fn what_was_cut_is_finished_although_no_answer_of_the_card_bears_a_mac() {
    for product in ["scp02-i55", "scp03-i10"] {
        let mut world = bank(product);
        let card = issued(&world, "A-1", 0);
        let pin = letter(&world, "first");
        let name = ChangeOrder::new("personal-data", "P-1", "A-1").fields(&[("name", "IDA BERG")]);
        let keys = ChangeOrder::new("change-keys", "K-1", "A-1").argument("16");
        for (order, cut) in [(name, 9), (keys, 4)] {
            world.order_changes(std::slice::from_ref(&order)).unwrap();
            world.open_desk(STATION, false).unwrap();
            let attempt = world.base(STATION).serve_with(&card, Mischief::CutAfter(cut), &mut |_| Ok(())).unwrap();
            assert_eq!((attempt.outcome.as_str(), attempt.exit), ("unknown", 4), "{product}: {attempt:?}");
            let finished = served(&world, HARBOR, &card, 1);
            assert!(finished.notices()[0].contains("CW-3021"), "{product}: {finished:?}");
            assert_pays(&world, HARBOR, &pin);
            world.base(HARBOR).remove_card().unwrap();
        }
    }
}
