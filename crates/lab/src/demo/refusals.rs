//! Those who must not succeed: each tries with the real programs, and is refused with the code that says why.

use std::path::{Path, PathBuf};

use super::telling::{note, section, step};
use super::{people, stranger};
use crate::world::{Attempt, Fault, NewOrder, OPERATOR, Slot, World, read_card, slot_name};

/// Shows all of them. `order` is released to the first base; `elsewhere` is an order of the other.
pub(super) fn show(world: &World, order: &NewOrder, elsewhere: &NewOrder) -> Result<(), Fault> {
    section("Who is refused, and what that proves");
    terminals_and_centers(world)?;
    other_base(world, order, elsewhere)?;
    world.release(&order.reference, people::base_of(order))?;
    unknown_reader(world, order)?;
    cloned_reader(world, order)?;
    card_not_in_stock(world, order)?;
    wrong_access_key(world, order)?;
    Ok(())
}

/// Tells a refusal, where it has the code that it must have.
fn refused(who: &str, said: &str, code: &str, proves: &str) -> Result<(), Fault> {
    let line = said.lines().find(|line| line.contains(code));
    let line = line.ok_or_else(|| Fault::story(format!("{who}: {code} was expected, this was said: {said}")))?;
    step(who);
    note(line.trim());
    note(&format!("=> {proves}"));
    Ok(())
}

fn refused_attempt(who: &str, attempt: &Attempt, code: &str, proves: &str) -> Result<(), Fault> {
    if attempt.exit == 0 {
        return Err(Fault::story(format!("{who}: this was not refused: {attempt:?}")));
    }
    refused(who, &format!("{}: {}", attempt.code, attempt.happened), code, proves)
}

fn terminals_and_centers(world: &World) -> Result<(), Fault> {
    let stranger = stranger::found(world)?;
    let base = world.base(0);
    let false_center = stranger.world.center.address()?;
    let said = base.terminal_of(&base.terminal_state(), Some(false_center), &["readers"])?;
    refused(
        "Another center answers in place of ours.",
        &said.out,
        "CW-2012",
        "a terminal talks with the center it was enrolled at, and with no other.",
    )?;
    stranger::disguise(&stranger.terminal, &base.terminal_state())?;
    let said = base.terminal_of(&stranger.terminal, Some(world.center.address()?), &["readers"])?;
    refused(
        "A terminal that our center never let in, with a certificate of another center.",
        &said.out,
        "CW-2001",
        "only terminals of the terminal database get as far as a first message.",
    )
}

fn other_base(world: &World, order: &NewOrder, elsewhere: &NewOrder) -> Result<(), Fault> {
    let terminal = world.base(1 - people::base_of(order)).terminal_name();
    let words = ["ticket", "issue", "--order", &order.reference, "--terminal", &terminal, "--as", OPERATOR];
    let said = world.center.run(&words)?;
    if said.exit == 0 {
        return Err(Fault::story("an order was released to another base"));
    }
    refused(
        &format!("{OPERATOR} releases order {} of {} to {terminal}.", order.reference, order.base),
        &said.err,
        "CW-2015",
        &format!(
            "a new card is written at the base that the order names, as {} was, and nowhere else.",
            elsewhere.reference
        ),
    )
}

fn unknown_reader(world: &World, order: &NewOrder) -> Result<(), Fault> {
    let (base, card) = (world.base(people::base_of(order)), world.card(3));
    base.insert(1, &card, Default::default())?;
    let reader = slot_name(1, Slot::Card);
    let said = base.terminal(&["issue", &order.reference, "--wait", "10", "--reader", &reader])?;
    base.with_machine(|machine| machine.remove(1, Slot::Card))?;
    if !world.dialogue(&card)?.is_empty() {
        return Err(Fault::story("a card behind an unknown reader got a command"));
    }
    refused(
        "A reader that nobody enrolled, with a good card in it.",
        &said.out,
        "CW-2006",
        "the terminal works only with readers of the center's signed list; the card behind it has seen no command.",
    )
}

fn cloned_reader(world: &World, order: &NewOrder) -> Result<(), Fault> {
    let base = world.base(people::base_of(order));
    let sam = world.make_stray_sam(&base.reader_name())?;
    base.change_sam(&sam)?;
    let card = world.card(3);
    let attempt = base.issue(&order.reference, &card)?;
    base.remove_card()?;
    base.change_sam(&base.sam())?;
    if !world.dialogue(&card)?.is_empty() {
        return Err(Fault::story("a card behind a cloned reader got a command"));
    }
    refused_attempt(
        "A cloned reader: the right names everywhere, a SAM of the right name, but not its key.",
        &attempt,
        "CW-2008",
        "a reader is known by a key that it cannot tell anybody; again the card has seen no command.",
    )
}

fn card_not_in_stock(world: &World, order: &NewOrder) -> Result<(), Fault> {
    let card = stray(world)?;
    let base = world.base(people::base_of(order));
    let attempt = base.issue(&order.reference, &card)?;
    base.remove_card()?;
    refused_attempt(
        "A blank card of the right product that no shipment brought.",
        &attempt,
        "CW-3001",
        "only cards that were received, counted and checked are written.",
    )
}

fn wrong_access_key(world: &World, order: &NewOrder) -> Result<(), Fault> {
    let card = forged(&world.card(3), &stray(world)?, &world.path("cards/forged.json"))?;
    let base = world.base(people::base_of(order));
    let attempt = base.issue(&order.reference, &card)?;
    base.remove_card()?;
    let commands = world.dialogue(&card)?;
    // EXTERNAL AUTHENTICATE is 84 82: it would have cost the card a try
    if commands.is_empty() || commands.iter().any(|(command, _)| command.starts_with("8482")) {
        return Err(Fault::story("a card with wrong keys was tried, or not even asked"));
    }
    refused_attempt(
        "A forged card: it says it is a card from stock, but does not hold that card's access key.",
        &attempt,
        "CW-3004",
        "the card must prove its key before the center sends anything; and no try of any card was spent.",
    )
}

/// The state file of a blank that the center knows nothing of.
fn stray(world: &World) -> Result<PathBuf, Fault> {
    let product = crate::world::programs::source().join("products/scp03-i70.toml");
    let path = world.path("cards/stray/card-0001.json");
    if path.exists() { Ok(path) } else { world.make_stray_cards(&product, 1, "stray") }
}

/// A card that says it is `genuine`, with the keys of `other`.
fn forged(genuine: &Path, other: &Path, out: &Path) -> Result<PathBuf, Fault> {
    let mut card = read_card(other)?;
    card.identity = read_card(genuine)?.identity;
    std::fs::write(out, card.to_json())?;
    Ok(out.to_owned())
}
