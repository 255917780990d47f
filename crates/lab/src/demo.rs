//! `cardwright-lab demo`: a whole issuing world before one's eyes, from its founding to what it refuses.
//!
//! Everything is done by the real programs over real TLS and PC/SC; only the cards are virtual. What is told is what
//! was seen: the demo ends with an error where anything did not happen.

mod bar;
mod life;
mod people;
mod reading;
mod refusals;
mod stranger;
mod strangers;
mod telling;

use std::path::PathBuf;
use std::time::Instant;

use crate::world::card_host::Mischief;
use crate::world::programs::source;
use crate::world::{ADMIN, APPROVER, CLERK, Fault, NewOrder, OPERATOR, Plan, World};
use bar::Bar;
use telling::{note, section, step};

/// What a demo is to do besides.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// wait at the end, with everything running, until standard input says something or ends
    pub stay: bool,
}

/// Shows everything.
///
/// # Errors
/// What did not happen as it had to.
pub fn run(options: Options) -> Result<(), Fault> {
    let begun = Instant::now();
    let orders = people::orders();
    let others = strangers::orders()?;
    let mut world = World::empty(plan())?;
    let codes = found(&mut world)?;
    take_orders(&world, &orders)?;
    world.enter_orders(&others)?;
    world.approve_orders(&others)?;
    open(&mut world, &codes)?;
    let (customers, last) = orders.split_at(3);
    for (number, order) in customers.iter().enumerate() {
        issue(&world, order, number as u32)?;
    }
    tell_the_log(&world, &customers[0])?;
    read_cards(&world, customers)?;
    strangers::show(&world, &others, [4, 5])?;
    refusals::show(&world, &last[0], &customers[2])?;
    issue_the_last(&world, &last[0])?;
    let card = world.card(0);
    life::show(&mut world, &customers[0], &card)?;
    section(&format!("Everything happened as told, in {} seconds", begun.elapsed().as_secs()));
    telling::what_next();
    if options.stay { telling::stay(&mut world) } else { Ok(()) }
}

/// Six blanks, for three identity cards, a credit card, an employee's card, and one that must wait.
fn plan() -> Plan {
    let profiles = ["identity", "identity-2", "emv-credit", "piv-employee"];
    let profiles = profiles.map(|name| source().join(format!("profiles/{name}.toml"))).to_vec();
    Plan { profiles, cards: 6, issuers: true, pool: vec![("1024", "3", 2)], ..Plan::default() }
}

/// Gives the codes by which the bases' terminals enrol.
fn found(world: &mut World) -> Result<Vec<String>, Fault> {
    section("A center is founded");
    world.found()?;
    step(&format!(
        "{ADMIN} sets it up and names the others: {CLERK} enters orders, {APPROVER} approves them, {OPERATOR} writes cards."
    ));
    note(
        "Who enters or writes an order cannot approve it; everybody answers for what they type with a secret of their own.",
    );
    step(
        "Six blank cards are in stock: product scp03-i70; profiles identity (and its version 2), emv-credit and piv-employee.",
    );
    note("The center is also an EMV issuer under a test root, and an authority for employees' cards.");
    note("Their transport keys came apart from the cards and were checked against the shipment, key by key.");
    let codes = world.register_bases()?;
    step("Two bases are known, harbor and station, each with a reader and the public key of the reader's SAM.");
    Ok(codes)
}

fn take_orders(world: &World, orders: &[NewOrder]) -> Result<(), Fault> {
    section("Orders come in");
    world.enter_orders(orders)?;
    let photo = orders.iter().filter_map(|order| order.photo.as_ref().map(Vec::len)).max().unwrap_or(0);
    step(&format!("{CLERK} imports orders.csv: {} orders, the largest photo has {photo} bytes.", orders.len()));
    let own = world.center.run(&["order", "approve", &orders[0].reference, "--as", CLERK])?;
    if own.exit == 0 {
        return Err(Fault::story("who entered an order could approve it"));
    }
    step(&format!("{CLERK} tries to approve one as well, and is refused:"));
    note(own.err.trim());
    world.approve_orders(orders)?;
    step(&format!(
        "{APPROVER} approves them. Each card's data is prepared, checked and sealed now, before any card waits."
    ));
    Ok(())
}

/// The center serves, and both bases get to work.
fn open(world: &mut World, codes: &[String]) -> Result<(), Fault> {
    section("The center opens, and two bases get their terminals");
    let address = world.center.serve()?;
    step(&format!("The center answers at {address} (TLS 1.3, client certificates)."));
    world.enrol_terminals(codes)?;
    for number in 0..2 {
        let base = world.base(number);
        base.socket()?;
        step(&format!("{}: terminal {}, reader {} with its SAM.", base.name, base.terminal_name(), base.reader_name()));
    }
    note(
        "Each terminal made its key itself and came in with a one-time code. Each base has a PC/SC daemon of its own.",
    );
    Ok(())
}

fn issue(world: &World, order: &NewOrder, card: u32) -> Result<(), Fault> {
    if card == 0 {
        section("Three cards are issued");
    }
    let number = people::base_of(order);
    world.release(&order.reference, number)?;
    let base = world.base(number);
    step(&format!(
        "{OPERATOR} releases order {} to {}, and puts a blank card in.",
        order.reference,
        base.terminal_name()
    ));
    let mut bar = Bar::new();
    let mut watch = |event: &serde_json::Value| {
        bar.event(event);
        Ok(())
    };
    let attempt = base.issue_with(&order.reference, &world.card(card), Mischief::None, None, &mut watch)?;
    bar.finish();
    if !attempt.is_issued() {
        return Err(Fault::story(format!("order {} is not issued: {attempt:?}", order.reference)));
    }
    note(&format!("issued: {}", attempt.events.last().and_then(|event| event["card"].as_str()).unwrap_or_default()));
    base.remove_card()
}

fn tell_the_log(world: &World, order: &NewOrder) -> Result<(), Fault> {
    section(&format!("What the log holds about order {}", order.reference));
    let told = world.center.must(&["log", "show", "--order", &order.reference])?;
    told.out.lines().for_each(telling::entry);
    note("Each entry also names the card, the terminal, the reader and the person. `log show` tells all of it.");
    let verified = world.center.must(&["log", "verify"])?;
    step(verified.out.trim());
    Ok(())
}

fn read_cards(world: &World, orders: &[NewOrder]) -> Result<(), Fault> {
    section("What is on the cards, read by opensc-tool alone");
    note("It is a program of others and knows nothing of cardwright: SELECT, READ BINARY, VERIFY.");
    for (card, order) in orders.iter().enumerate() {
        let read = reading::read(world.base(people::base_of(order)), &world.card(card as u32), order)?;
        step(&format!("{}: {read}", order.reference));
    }
    step("Every byte equals orders.csv; the photos cannot be read before the PIN.");
    Ok(())
}

/// Nothing that was refused has harmed the order.
fn issue_the_last(world: &World, order: &NewOrder) -> Result<(), Fault> {
    section("After all this, the order is still good");
    let base = world.base(people::base_of(order));
    let attempt = base.issue(&order.reference, &world.card(3))?;
    base.remove_card()?;
    if !attempt.is_issued() {
        return Err(Fault::story(format!("order {} is not issued: {attempt:?}", order.reference)));
    }
    step(&format!("A right card from stock, in the right reader: order {} is issued.", order.reference));
    step(world.center.must(&["log", "verify"])?.out.trim());
    Ok(())
}

/// The directory of everything, for whoever looks while the demo stays.
fn directory(world: &World) -> PathBuf {
    world.path("")
}
