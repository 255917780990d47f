//! What the interchange profile and the CVM list promise, and whether the card has the means.

use super::groupings::Groupings;
use super::lists::{Methods, without_means};
use super::view::{View, identifiers};
use super::{EmvFault, Interface};

const STATIC: u8 = 0x40;
const DYNAMIC: u8 = 0x20;
const VERIFICATION: u8 = 0x10;
const COMBINED: u8 = 0x01;

/// Bits of the first byte that mean nothing over the contacts (`EMV B3`).
const UNUSED: u8 = 0x82;

pub(super) fn check(view: &View<'_>, groupings: &Groupings<'_>) -> Result<(), EmvFault> {
    if view.interface == Interface::Contact && (view.profile[0] & UNUSED != 0 || view.profile[1] != 0) {
        return Err(EmvFault::ElementValue { dgi: identifiers(view.interface).1, tag: 0x82 });
    }
    check_authentication(view)?;
    check_signed_records(view)?;
    check_verification(view, groupings)
}

/// Each kind of data authentication with what it needs, and nothing that serves none.
fn check_authentication(view: &View<'_>) -> Result<(), EmvFault> {
    let needs = |offered: bool, tag, why| match (offered, view.record(tag)) {
        (true, None) => Err(EmvFault::InterchangeProfile { interface: view.interface, tag, why }),
        _ => Ok(()),
    };
    let serves = |offered: bool, tag, why| match (offered, view.record(tag)) {
        (false, Some(_)) => Err(EmvFault::InterchangeProfile { interface: view.interface, tag, why }),
        _ => Ok(()),
    };
    let (fixed, own) = (view.offers(STATIC), view.offers(DYNAMIC | COMBINED));
    let listed = own && view.interface == Interface::Contact;
    needs(fixed, 0x93, "static authentication is offered without the signature")?;
    serves(fixed, 0x93, "the signature is there, and static authentication is not offered")?;
    needs(own, 0x9F46, "dynamic authentication is offered without the card's certificate")?;
    serves(own, 0x9F46, "the card's certificate is there, and dynamic authentication is not offered")?;
    needs(listed, 0x9F49, "dynamic authentication is offered without its data object list")?;
    let pin = view.record(0x9F2D).is_some();
    for tag in [0x8F, 0x90, 0x9F32] {
        needs(fixed || own || pin, tag, "certificates are offered, and the way to them is incomplete")?;
        serves(fixed || own || pin, tag, "it serves no authentication: leave it out, or offer one")?;
    }
    serves(fixed || own || pin, 0x92, "it serves no authentication: leave it out, or offer one")?;
    needs(own, 0x9F47, "the card's certificate needs the exponent")?;
    needs(pin, 0x9F2E, "the PIN key's certificate needs the exponent")?;
    for tag in [0x9F47, 0x9F48, 0x9F49] {
        serves(own, tag, "it serves no dynamic authentication: leave it out, or offer it")?;
    }
    for tag in [0x9F2E, 0x9F2F] {
        serves(pin, tag, "it belongs to a PIN key that has no certificate")?;
    }
    Ok(())
}

fn check_signed_records(view: &View<'_>) -> Result<(), EmvFault> {
    let signed = view.locator.records().any(|(_, _, signed)| signed);
    match (view.offers(STATIC | DYNAMIC | COMBINED), signed) {
        (true, false) => Err(EmvFault::NothingSigned(view.interface)),
        (false, true) => Err(EmvFault::SignedInVain(view.interface)),
        (false, false) if view.record(0x9F4A).is_some() => Err(EmvFault::InterchangeProfile {
            interface: view.interface,
            tag: 0x9F4A,
            why: "it signs the profile, and no authentication is offered",
        }),
        _ => Ok(()),
    }
}

fn check_verification(view: &View<'_>, groupings: &Groupings<'_>) -> Result<(), EmvFault> {
    let (offered, listed) = (view.offers(VERIFICATION), view.record(0x8E).is_some());
    if offered != listed {
        let why =
            if offered { "verification is offered without it" } else { "it is there, and verification is not offered" };
        return Err(EmvFault::InterchangeProfile { interface: view.interface, tag: 0x8E, why });
    }
    let methods = Methods::of(view);
    if methods.offline_pin() && groupings.get(0x8010).is_none() {
        return Err(without_means(view.interface, "a PIN that the card verifies", "the PIN block (DGI 8010)"));
    }
    let enciphering = view.record(0x9F2D).or_else(|| view.record(0x9F46));
    if methods.enciphered_pin && enciphering.is_none() {
        return Err(without_means(view.interface, "an enciphered PIN", "a certified key (tag 9F2D or 9F46)"));
    }
    if methods.amount && view.record(0x9F42).is_none() {
        return Err(without_means(view.interface, "a limit in the card's currency", "the currency (tag 9F42)"));
    }
    Ok(())
}
