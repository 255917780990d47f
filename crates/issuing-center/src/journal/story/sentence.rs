//! One entry as a sentence.

use cardwright_issuance::entry::Event;
use cardwright_relay::Code;
use cardwright_relay::message::Refusal;
use cardwright_relay::text::Language;

use super::Told;
use crate::registry::program::APPROVAL;

/// The sentence, and who and where as far as it is known.
pub(super) fn of(told: &Told) -> String {
    let names = &told.names;
    let told_about = [
        ("order", &names.order),
        ("card", &names.card),
        ("terminal", &names.terminal),
        ("reader", &names.reader),
        ("by", &names.person),
    ];
    let about: Vec<_> =
        told_about.iter().filter_map(|(what, name)| Some(format!("{what} {}", name.as_ref()?))).collect();
    let happened = match (&told.entry.event, told.entry.order) {
        (Event::TicketIssued, None) => "The operator opened the desk of the terminal.".into(),
        (event, _) => happened(event),
    };
    if about.is_empty() { happened } else { format!("{happened} [{}]", about.join(", ")) }
}

fn happened(event: &Event) -> String {
    match event {
        Event::Settled => "What the card holds is known again: the order was finished on it.".into(),
        Event::CardMoved { state } => format!("The card is {state}."),
        Event::CenterCreated => "The center was set up.".into(),
        Event::Registered { what, name, present: true } if what == "PIN mailer" => {
            format!("The letter of the PIN was handed out under {name}.")
        }
        Event::Registered { what, name, present: true } if what == "proposal about the card" => {
            format!("Proposed about the card, for another person to confirm: {name}.")
        }
        Event::Registered { what, name, present: true } if what == "decision about the card" => {
            format!("Confirmed about the card, by a second person: {name}.")
        }
        Event::Registered { what, name, present: true } if what == "card for the host" => {
            format!("The card's whole number, and what goes with it, were handed to the issuer's host: event {name}.")
        }
        Event::Registered { what, name, present: true } if what == "host event" => {
            format!("The issuer's host was told: {name}.")
        }
        Event::Registered { what, present: true, .. } if what == "newly prepared data" => {
            "The order is prepared again.".into()
        }
        Event::Registered { what, name, present: true } if what == APPROVAL => format!("Approved: program {name}."),
        Event::Registered { what, name, present: true } => format!("Entered: {what} {name}."),
        Event::Registered { what, name, present: false } => format!("Withdrawn: {what} {name}."),
        Event::OrderReceived => "The order came in.".into(),
        Event::OrderMoved { state } => format!("The order is {state}."),
        Event::TicketIssued => "The operator released the order to the terminal.".into(),
        Event::Refused { code, parameters } => format!("Refused: {}", said(*code, parameters)),
        Event::CardAuthenticated => "The card proved its access key.".into(),
        Event::Intended { step, commands, script_hash } => {
            format!("Intended: script {step} of {commands} commands, {}.", short(script_hash))
        }
        Event::Sent { step } => format!("Sent: script {step}."),
        Event::Received { step, answers, result_hash } => {
            format!("The base received script {step} and sent {answers} answers, {}.", short(result_hash))
        }
        Event::Proven { step, grade } if grade == "B" => {
            format!("Proven: the keys that were written, by their cryptogram at the end of script {step}, grade B.")
        }
        Event::Proven { step, grade } => format!("Proven: every answer to script {step}, grade {grade}."),
        Event::Believed { step } => format!("Believed, not proven: the answers to script {step}."),
        Event::OutcomeUnknown { step, code, parameters } => {
            format!("Outcome unknown at script {step}: {}", said(*code, parameters))
        }
        Event::FailedClean { code } => format!("Ended before anything was written: {}", said(*code, &[])),
        Event::CardLive => "The card is live.".into(),
        Event::PartlyActivated { step, applications } => {
            format!("Script {step} was not proven to its end, and these are usable: {}.", applications.join(", "))
        }
        Event::GroupingsUnknown { step, application, groupings } => {
            let groupings: Vec<_> = groupings.iter().map(|grouping| format!("{grouping:04X}")).collect();
            format!("Told, not proven: {application} does not know {} (script {step}).", groupings.join(", "))
        }
        Event::FaceSeen => "All that is printed on the card was shown.".into(),
        Event::MessageConflict { step } => format!("Another message came for step {step}."),
    }
}

fn said(code: u16, parameters: &[String]) -> String {
    let refusal = Refusal { code: Code(code), parameters: parameters.to_vec() };
    format!("{} ({})", refusal.say(Language::English).happened, refusal.code)
}

/// The first bytes of a hash, enough to compare by eye.
fn short(hash: &[u8; 32]) -> String {
    hex::encode(&hash[..8])
}
