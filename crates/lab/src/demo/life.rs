//! The life of a card after it was issued: what its holder orders waits for it, wherever it is put in; and a card that is
//! pulled out in the middle is finished when it is seen again.

use std::path::Path;

use super::telling::{note, section, step};
use crate::world::card_host::Mischief;
use crate::world::{APPROVER, Attempt, CLERK, ChangeOrder, Fault, NewOrder, Slot, World, read_card, slot_name};

const SELECT: &str = "00A404000AF043415244574944000100";
/// What version 2 of the identity application answers in capital letters: the holder's name.
const CAPITALS: &str = "00CA010400";
const NEW_NAME: &str = "Zoë Brandt-Weiß";

/// Shows it on the card of `order`, which was issued at the first base; it comes to the second one.
pub(super) fn show(world: &mut World, order: &NewOrder, card: &Path) -> Result<(), Fault> {
    section("The life of a card");
    orders(world, order)?;
    let keys = key_check(card)?;
    pulled_out(world, card)?;
    finished(world, card)?;
    read(world)?;
    world.base(1).remove_card()?;
    if key_check(card)? == keys {
        return Err(Fault::story("the card has the keys that it had"));
    }
    note("=> a card is changed whole or not at all, and never left in the middle without the center knowing.");
    step(world.center.must(&["log", "verify"])?.out.trim());
    Ok(())
}

fn orders(world: &mut World, order: &NewOrder) -> Result<(), Fault> {
    let about = |kind, reference| ChangeOrder::new(kind, reference, &order.reference);
    let fields = [("name", NEW_NAME), ("card_number", order.field("card_number"))];
    let moved = about("personal-data", "M-1").fields(&fields);
    let upgraded = about("upgrade-application", "M-2").profile("identity-2");
    let keys = about("change-keys", "M-3").argument("16");
    world.while_closed(|world| world.add_program("identity", 2))?;
    for change in [&moved, &upgraded, &keys] {
        world.order_by_api(change)?;
    }
    step(&format!(
        "{}'s holder has another name now. {CLERK} enters it over the API, and with it version 2 of the application and \
         other keys; {APPROVER} approves all three. They wait for the card, at whatever base it is seen.",
        order.reference
    ));
    Ok(())
}

/// The card is pulled out between two commands of its first change.
fn pulled_out(world: &World, card: &Path) -> Result<(), Fault> {
    world.open_desk(1, false)?;
    let base = world.base(1);
    step(&format!("The card comes to {}, whose desk is open, and is pulled out in the middle:", base.name));
    // SELECT, GET DATA, INITIALIZE UPDATE, EXTERNAL AUTHENTICATE, and the first that writes
    let attempt = base.serve_with(card, Mischief::CutAfter(4), &mut |_| Ok(()))?;
    if attempt.outcome != "unknown" || world.card_state(card)? != "unknown" {
        return Err(Fault::story(format!("a card that was pulled out is not unknown: {attempt:?}")));
    }
    note(&format!("{}: {}", attempt.code, attempt.happened));
    base.remove_card()?;
    let base = world.base(1);
    base.insert_card(card)?;
    let name = base.opensc_tool(&slot_name(0, Slot::Card), &read_name())?;
    base.remove_card()?;
    if !name.out.contains("Brandt") || name.out.contains("Wei") {
        return Err(Fault::story(format!("half a change is on the card: {}", name.out)));
    }
    note("Its holder can use it as before: nothing of a change is visible before its last command.");
    Ok(())
}

fn finished(world: &World, card: &Path) -> Result<(), Fault> {
    step("It is put in again. The center asks the card what it holds, finishes that, and goes on with what waits:");
    let attempt: Attempt = world.base(1).serve(card)?;
    if !attempt.is_issued() || attempt.changes() != 3 {
        return Err(Fault::story(format!("what waited for the card was not done: {attempt:?}")));
    }
    attempt.notices().iter().for_each(|notice| note(notice));
    for reference in ["M-1", "M-2", "M-3"] {
        if world.order_state(reference)? != "issued" {
            return Err(Fault::story(format!("order {reference} is not carried out")));
        }
    }
    Ok(())
}

/// The card as a reader of other origin sees it.
fn read(world: &World) -> Result<(), Fault> {
    let commands = [read_name(), vec![SELECT.to_owned(), CAPITALS.to_owned()]].concat();
    let said = world.base(1).opensc_tool(&slot_name(0, Slot::Card), &commands)?.out;
    let bytes = |text: &str| text.bytes().map(|byte| format!("{byte:02X}")).collect::<String>();
    let read: String = said.lines().map(|row| row.get(..48).unwrap_or(row)).collect::<String>().replace(' ', "");
    let capitals = NEW_NAME.to_uppercase();
    if !read.contains(&bytes(NEW_NAME)) || !read.contains(&bytes(&capitals)) {
        return Err(Fault::story(format!("opensc-tool reads something else: {said}")));
    }
    step(&format!("opensc-tool reads {NEW_NAME}, and what only version 2 answers: {capitals}."));
    Ok(())
}

fn read_name() -> Vec<String> {
    [SELECT, "00A4020C020101", "00B0000000"].map(str::to_owned).to_vec()
}

/// Which keys a card has: version and check value of its first key.
fn key_check(card: &Path) -> Result<Vec<(u8, Vec<u8>)>, Fault> {
    let sets = read_card(card)?.key_sets;
    Ok(sets
        .iter()
        .map(|set| (set.version, set.keys.iter().flat_map(|key| key.value.expose()[..].to_vec()).collect()))
        .collect())
}
