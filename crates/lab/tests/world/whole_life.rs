//! The whole life of cards, over the real programs: issued at one base, carried away, and changed at another base's
//! terminal by whatever orders wait for them; read afterwards by programs of others.

mod identity;
mod ordered_otherwise;
mod payment;
mod pulled_out;
mod succession;

use std::path::{Path, PathBuf};

use cardwright_lab::world::programs::source;
use cardwright_lab::world::{Attempt, ChangeOrder, NewOrder, Plan, Slot, World, slot_name};

/// SELECT of the identity application.
const SELECT: &str = "00A404000AF043415244574944000100";
/// What version 2 of the identity application answers in capital letters: the holder's name.
const CAPITALS: &str = "00CA010400";
/// The holder of every card when it is issued.
const HOLDER: &str = "Noor Visser";

/// The base where cards are issued, and another.
const HARBOR: usize = 0;
const STATION: usize = 1;

/// Two bases, an approved second version of the identity application, and cards of one product; each order is for
/// another card.
fn identity_world(product: &str, cards: u32) -> World {
    let profiles = ["identity", "identity-2"].map(|name| source().join(format!("profiles/{name}.toml"))).to_vec();
    let products = vec![source().join(format!("products/{product}.toml"))];
    let orders = (1..=cards).map(|card| order(&format!("A-{card}"), card)).collect();
    let mut world =
        World::of(Plan { products, profiles, orders, ..Plan::default() }).unwrap_or_else(|fault| panic!("{fault}"));
    world.while_closed(|world| world.add_program("identity", 2)).unwrap();
    world
}

fn order(reference: &str, card: u32) -> NewOrder {
    NewOrder::new(reference, "harbor", HOLDER, &number(card), "4711")
}

fn number(card: u32) -> String {
    format!("99990100000000{card:02}")
}

/// Another name on the card of the order `A-{card}`.
fn moved(reference: &str, card: u32, name: &str) -> ChangeOrder {
    let fields = [("name", name), ("card_number", &number(card))];
    ChangeOrder::new("personal-data", reference, &format!("A-{card}")).fields(&fields)
}

/// A card is issued at the harbor, and its holder takes it away.
#[track_caller]
fn issued(world: &World, reference: &str, blank: u32) -> PathBuf {
    let card = world.card(blank);
    world.release(reference, HARBOR).unwrap();
    let attempt = world.base(HARBOR).issue(reference, &card).unwrap();
    assert!(attempt.is_issued(), "{attempt:?}");
    assert_eq!(
        (world.order_state(reference).unwrap(), world.card_state(&card).unwrap()),
        ("issued".into(), "live".into())
    );
    world.base(HARBOR).remove_card().unwrap();
    world.carry_away(&card, reference).unwrap()
}

/// The card comes to a base whose desk is open, and everything that waits for it is done: this many changes.
#[track_caller]
fn served(world: &World, base: usize, card: &Path, changes: usize) -> Attempt {
    leave(world);
    world.open_desk(base, false).unwrap();
    let attempt = world.base(base).serve(card).unwrap();
    assert!(attempt.is_issued() && attempt.changes() == changes, "{attempt:?}");
    attempt
}

/// Whoever is at a base takes the card along.
fn leave(world: &World) {
    [HARBOR, STATION].into_iter().for_each(|base| world.base(base).remove_card().unwrap());
}

/// What opensc-tool prints of the card in a base's reader.
fn read(world: &World, base: usize, commands: &[&str]) -> String {
    let commands: Vec<String> = commands.iter().map(|command| (*command).to_owned()).collect();
    world.base(base).opensc_tool(&slot_name(0, Slot::Card), &commands).unwrap().out
}

/// The last status word of what opensc-tool printed.
fn last_status(said: &str) -> String {
    let last = said.rsplit("Received (SW1=0x").next().unwrap_or_default();
    format!(
        "{}{}",
        last.get(..2).unwrap_or_default(),
        last.split("SW2=0x").nth(1).and_then(|rest| rest.get(..2)).unwrap_or_default()
    )
}

/// Whether opensc-tool, asked so, was answered 9000 with these bytes.
fn says(said: &str, text: &str) -> bool {
    let bytes = text.bytes().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" ");
    let last = said.rsplit("SW2=0x00):").next().unwrap_or_default();
    // rows of 16 bytes, each with its letters behind
    let rows = last.lines().map(|row| row.get(..48).unwrap_or(row).trim_end());
    last_status(said) == "9000" && rows.collect::<Vec<_>>().join(" ").contains(&bytes)
}

/// The name on the identity card, as any reader of it gets it.
#[track_caller]
fn assert_name(world: &World, base: usize, name: &str) {
    let said = read(world, base, &[SELECT, "00A4020C020101", "00B0000000"]);
    assert!(says(&said, name), "{name} is not on the card: {said}");
}

/// VERIFY with this PIN, whatever it answers.
fn verified(world: &World, base: usize, pin: &str) -> String {
    let block = format!("0020000108{:F<16}", format!("2{:X}{pin}", pin.len()));
    last_status(&read(world, base, &[SELECT, &block]))
}

/// The key sets that the center believes to be on a card: version and state.
fn key_sets(world: &World, reference: &str) -> Vec<(u64, String)> {
    let shown = world.center.must(&["--json", "card", "show", reference]).unwrap();
    let sets = shown.events()[0]["key_sets"].as_array().cloned().unwrap_or_default();
    sets.iter().map(|set| (set["version"].as_u64().unwrap(), set["state"].as_str().unwrap().to_owned())).collect()
}
