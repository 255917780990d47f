//! Cards that strangers accept: a payment card pays in a shop, an employee's card is read by OpenSC.

use std::process::Command;

use super::telling::{note, section, step};
use crate::shop::Order;
use crate::world::issuers::{CREDIT_MASTER, credit_order, employee_order};
use crate::world::{Base, Fault, NewOrder, Slot, World, slot_name};

const NUMBER: &str = "4761739001010119";
const BADGE: &str = "100000000016";
const PIN: &str = "1234";
const BADGE_PIN: &str = "123456";

/// A credit card and an employee's card. Their PINs come as blocks under zone keys.
pub(super) fn orders() -> Result<Vec<NewOrder>, Fault> {
    Ok(vec![
        credit_order("B-2001", "harbor", NUMBER, PIN)?,
        employee_order("E-3001", "harbor", BADGE, BADGE_PIN, "87654321")?,
    ])
}

/// Issues both, and lets strangers use them. `cards` are blanks.
pub(super) fn show(world: &World, orders: &[NewOrder], cards: [u32; 2]) -> Result<(), Fault> {
    section("A payment card and an employee's card");
    let base = world.base(0);
    for (order, card) in orders.iter().zip(cards) {
        world.release(&order.reference, 0)?;
        let attempt = base.issue(&order.reference, &world.card(card))?;
        if !attempt.is_issued() {
            return Err(Fault::story(format!("order {} is not issued: {attempt:?}", order.reference)));
        }
        match order.profile.as_str() {
            "emv-credit" => pay(world, base, order)?,
            _ => read_badge(base, order)?,
        }
        base.remove_card()?;
    }
    Ok(())
}

fn pay(world: &World, base: &Base, order: &NewOrder) -> Result<(), Fault> {
    step(&format!("{}: PSE, PPSE and a credit application; the RSA keys were made ahead.", order.reference));
    let mut wanted = Order::new(&slot_name(0, Slot::Card), world.authorities()?, CREDIT_MASTER, PIN);
    let paid = base.shop(&wanted)?;
    let as_told = [
        ("outcome", "ApprovedOnline"),
        ("authentication", "Combined"),
        ("verification", "EncipheredPin"),
        ("issuer_authentication", "Succeeded"),
        ("second", "Approve"),
    ];
    if as_told.iter().any(|(key, word)| paid[key] != *word) || paid["checked"] != true {
        return Err(Fault::story(format!("the card did not pay as it had to: {paid}")));
    }
    step("A shop's terminal, written by somebody who has not seen our card's code, sells something for 120.00:");
    note(
        "Its certificates lead to the authority's key (recovered with OpenSSL), it signs its cryptogram (CDA), it takes \
         the PIN enciphered; the issuer computes the cryptogram again, says yes, and the card believes it: approved.",
    );
    wanted.authorities.retain(|key| key.index != "01");
    let refused = base.shop(&wanted)?;
    let Some(fault) = refused["fault"].as_str() else {
        return Err(Fault::story(format!("a shop that does not know the authority sold all the same: {refused}")));
    };
    step("A shop that does not know this authority does not:");
    note(fault);
    Ok(())
}

fn read_badge(base: &Base, order: &NewOrder) -> Result<(), Fault> {
    step(&format!("{}: PIV, four keys made on the card and certified while it waited.", order.reference));
    let said = tool(base, "pkcs15-tool", &["--reader", "0", "--dump"])?;
    let named = |line: &&str| line.contains("X.509 Certificate [") || line.starts_with("PKCS#15 Card");
    let lines: Vec<&str> = said.lines().filter(named).collect();
    if lines.len() != 5 {
        return Err(Fault::story(format!("pkcs15-tool does not see the card's four certificates:\n{said}")));
    }
    step("pkcs15-tool of OpenSC lists what is on it, and takes its PIN:");
    lines.iter().for_each(|line| note(line));
    tool(base, "pkcs15-tool", &["--reader", "0", "--verify-pin", "--pin", BADGE_PIN]).map(drop)
}

/// What a stranger's program says of the card in the reader.
fn tool(base: &Base, program: &str, arguments: &[&str]) -> Result<String, Fault> {
    let mut command = Command::new(program);
    let output = command.args(arguments).env("PCSCLITE_CSOCK_NAME", base.socket()?).output()?;
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if output.status.success() { Ok(said) } else { Err(Fault::story(format!("{program} failed:\n{said}"))) }
}
