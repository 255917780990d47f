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
fn a_holder_who_moved_is_served_at_another_base_by_another_terminal() {
    let mut world = two_bases("scp03-i70", vec![identity("A-1", 1)]);
    let card = issued(&world, "A-1", 0);
    let change = ChangeOrder::new("personal-data", "P-1", "A-1").fields(&[("name", "Noor de Vries")]);
    world.order_changes(&[change]).unwrap();
    let attempt = served(&world, &card, 1);
    println!("{:?}", attempt.notices());
    println!("{}", text_of(&world, "0101"));
    assert_eq!(world.order_state("P-1").unwrap(), "issued");
}
