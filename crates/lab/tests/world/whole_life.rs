//! The whole life of cards, over the real programs: issued at one base, carried away, and changed at another base's
//! terminal by whatever order waits for them; read afterwards by programs of others.

use std::path::{Path, PathBuf};

use cardwright_lab::world::programs::source;
use cardwright_lab::world::{Attempt, ChangeOrder, NewOrder, Plan, Slot, World, slot_name};

/// SELECT of the identity application.
const SELECT: &str = "00A404000AF043415244574944000100";

/// Two bases and cards of one product; each order is for another holder.
fn two_bases(product: &str, orders: Vec<NewOrder>) -> World {
    let profiles = ["identity", "identity-2"].map(|name| source().join(format!("profiles/{name}.toml"))).to_vec();
    let products = vec![source().join(format!("products/{product}.toml"))];
    World::of(Plan { products, profiles, orders, ..Plan::default() }).unwrap_or_else(|fault| panic!("{fault}"))
}

fn identity(reference: &str, number: u8) -> NewOrder {
    NewOrder::new(reference, "harbor", "Noor Visser", &format!("99990100000000{number:02}"), "4711")
}

/// A card is issued at the first base, and its holder takes it away.
#[track_caller]
fn issued(world: &World, reference: &str, blank: u32) -> PathBuf {
    let card = world.card(blank);
    world.release(reference, 0).unwrap();
    let attempt = world.base(0).issue(reference, &card).unwrap();
    crate::assert_issued(world, reference, &card, &attempt);
    world.base(0).remove_card().unwrap();
    world.carry_away(&card, reference).unwrap()
}

/// The card comes to the second base, whose desk is open, and everything that waits for it is done.
#[track_caller]
fn served(world: &World, card: &Path, changes: usize) -> Attempt {
    world.open_desk(1, false).unwrap();
    let attempt = world.base(1).serve(card).unwrap();
    assert!(attempt.is_issued() && attempt.changes() == changes, "{attempt:?}");
    attempt
}

/// What opensc-tool prints of the card in the second base's reader.
fn read(world: &World, commands: &[&str]) -> String {
    let commands: Vec<String> = commands.iter().map(|command| (*command).to_owned()).collect();
    world.base(1).opensc_tool(&slot_name(0, Slot::Card), &commands).unwrap().out
}

/// The text of a file of the identity application.
fn text_of(world: &World, file: &str) -> String {
    let select = format!("00A4020C02{file}");
    let said = read(world, &[SELECT, &select, "00B0000000"]);
    said.rsplit("SW2=0x00):").next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn explore() {
    for product in std::env::var("PRODUCTS").unwrap_or("scp03-i70-life".into()).split(',') {
        explore_one(product);
    }
}

fn explore_one(product: &str) {
    let mut world = two_bases(product, vec![identity("A-1", 1), identity("A-2", 2), identity("A-3", 3)]);
    let card = issued(&world, "A-1", 0);
    let cap = world.path("identity-2.cap");
    let made = std::process::Command::new(cardwright_lab::world::programs::Programs::find().unwrap().card())
        .args(["cap", "--program", "identity", "--version", "2"])
        .arg(&cap)
        .output()
        .unwrap();
    assert!(made.status.success());
    world
        .center
        .must(&["program", "import", &cap.display().to_string(), "--name", "identity-2", "--as", "Mori"])
        .unwrap();
    world.center.must(&["program", "approve", "identity-2", "--as", "Otto"]).unwrap();
    let number = "9999010000000001";
    let changes = [
        ChangeOrder::new("personal-data", "P-1", "A-1").fields(&[("name", "Noor de Vries"), ("card_number", number)]),
        ChangeOrder::new("pin", "N-1", "A-1").fields(&[("pin", "112233")]),
        ChangeOrder::new("upgrade-application", "U-1", "A-1").profile("identity-2"),
        ChangeOrder::new("change-keys", "K-1", "A-1").argument("32"),
        ChangeOrder::new("block", "B-1", "A-1"),
        ChangeOrder::new("unblock", "UB-1", "A-1"),
        ChangeOrder::new("terminate", "T-1", "A-1"),
    ];
    for change in changes {
        println!("== {product} {} {}", change.kind, change.reference);
        if let Err(fault) = world.order_changes(&[change.clone()]) {
            println!("ORDER: {fault}");
            let _ = world.center.serve();
            continue;
        }
        world.open_desk(1, false).unwrap();
        let attempt = world.base(1).serve(&card).unwrap();
        println!("{} {} {} {}", attempt.outcome, attempt.code, attempt.happened, attempt.exit);
        println!("notices {:?}", attempt.notices());
        println!("order {:?} card {:?}", world.order_state(&change.reference), world.card_state(&card));
        println!("name {} ", text_of(&world, "0101"));
        println!("v2 {}", read(&world, &[SELECT, "00CA010400"]));
        println!("{}", world.center.must(&["card", "show", "A-1"]).unwrap().out);
        if !attempt.is_issued() {
            println!("{}", world.center.must(&["log", "show", "--order", &change.reference]).unwrap().out);
            println!("{}", std::fs::read_to_string(world.center.log()).unwrap());
        }
    }
}
