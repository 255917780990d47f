//! `doctor`: everything that issuing needs, looked at one by one, each with what to do where it is wrong.

use serde_json::json;

use cardwright_relay::Code;

use super::Place;
use crate::certificate;
use crate::failure::{Exit, Failure};
use crate::identity::Identity;
use crate::presence::{Presence, local_time};
use crate::readers::{Slot, listed};
use crate::system::pcsc;

/// Clocks may differ by this many seconds before it is said.
const CLOCK_TOLERANCE: i64 = 60;
const DAY: i64 = 86_400_000_000;
/// A certificate that ends within this is said to.
const SOON: i64 = 30 * DAY;

/// Collects what was found; the first problem decides how the program ends.
struct Findings<'a> {
    place: &'a Place,
    worst: Option<Exit>,
}

impl Findings<'_> {
    fn good(&self, what: &str, found: &str) {
        let shown = format!("ok       {what}: {found}");
        self.place.voice.tell("check", json!({ "check": what, "ok": true, "found": found }), &shown, &shown);
    }

    fn bad(&mut self, what: &str, failure: &Failure) {
        let refusal = failure.refusal();
        let said = refusal.say(self.place.voice.language());
        let shown = format!("problem  {what}: {} {}\n         {}", refusal.code, said.happened, said.next);
        let fields = json!({
            "check": what, "ok": false, "code": refusal.code.to_string(),
            "happened": said.happened, "next": said.next,
        });
        self.place.voice.tell("check", fields, &shown, &shown);
        self.worst.get_or_insert(failure.exit());
    }
}

pub(super) async fn doctor(place: &Place) -> Result<Exit, Failure> {
    let mut findings = Findings { place, worst: None };
    let slots = service(&mut findings).await;
    if let Some(identity) = certificate_of(&mut findings)
        && let Some(presence) = center(&mut findings, identity).await
    {
        clock(&mut findings, &presence);
        readers(&mut findings, &presence, &slots);
        presence.leave().await;
    }
    let exit = findings.worst.unwrap_or(Exit::Done);
    let (outcome, english, japanese) = match exit {
        Exit::Done => ("done", "Everything is in place.", "準備は整っています。"),
        _ => ("problem", "Not everything is in place.", "問題があります。"),
    };
    place.voice.result(json!({ "outcome": outcome }), english, japanese);
    Ok(exit)
}

async fn service(findings: &mut Findings<'_>) -> Vec<String> {
    let slots = match pcsc::list().await {
        Ok(slots) => slots,
        Err(failure) => {
            findings.bad("PC/SC service", &failure);
            return Vec::new();
        }
    };
    findings.good("PC/SC service", "it answers");
    if slots.is_empty() {
        findings.bad("readers", &Failure::machine(Code::NO_READER, &[]));
    }
    for slot in &slots {
        match pcsc::look(slot).await {
            Ok(Slot::Card(card)) => findings.good(slot, &format!("card {}", hex::encode_upper(card.atr))),
            Ok(Slot::Empty) => findings.good(slot, "empty"),
            Ok(Slot::Mute(_)) => findings.good(slot, "a card that does not answer"),
            Err(failure) => findings.bad(slot, &failure),
        }
    }
    slots
}

fn certificate_of(findings: &mut Findings<'_>) -> Option<Identity> {
    let identity = match Identity::load(&findings.place.state) {
        Ok(identity) => identity,
        Err(failure) => {
            findings.bad("identity", &failure);
            return None;
        }
    };
    findings.good("identity", &format!("{} at {}", identity.name, identity.base));
    let left = certificate::expires(&identity.certificate).map_or(0, |end| end - local_time());
    match left {
        ..=0 => {
            let refusal = cardwright_relay::message::Refusal::new(Code::TERMINAL_EXPIRED, &[]);
            findings.bad("certificate", &Failure::Refused(refusal));
        }
        1..SOON => findings.good("certificate", &format!("ends in {} days; ask for a new one-time code", left / DAY)),
        _ => findings.good("certificate", &format!("ends in {} days", left / DAY)),
    }
    Some(identity)
}

async fn center(findings: &mut Findings<'_>, identity: Identity) -> Option<Presence> {
    let arrived = async {
        let line = findings.place.line(&identity)?;
        Presence::begin(line, identity.into(), crate::presence::new_id()?).await
    };
    match arrived.await {
        Ok(presence) => {
            findings.good("center", "it lets this terminal in; its reader list verifies");
            Some(presence)
        }
        // the line is well, and the other instance is the one that works
        Err(Failure::Refused(refusal)) if refusal.code == Code::TERMINAL_TWICE => {
            findings.good("center", "it answers; another instance of this terminal is at work");
            None
        }
        Err(failure) => {
            findings.bad("center", &failure);
            None
        }
    }
}

fn clock(findings: &mut Findings<'_>, presence: &Presence) {
    let seconds = presence.clock_difference();
    match seconds.abs() {
        0..=CLOCK_TOLERANCE => findings.good("clock", &format!("{seconds} s from the center's")),
        _ => findings.bad("clock", &Failure::machine(Code::CLOCK_DIFFERS, &[&seconds.to_string()])),
    }
}

fn readers(findings: &mut Findings<'_>, presence: &Presence, slots: &[String]) {
    match presence.readers().map(|list| listed(&list, slots)) {
        Err(failure) => findings.bad("reader list", &failure),
        Ok(found) if found.is_empty() => {
            let reader = slots.first().map_or("-", String::as_str);
            findings.bad("reader list", &Failure::reader(Code::READER_UNKNOWN, reader));
        }
        Ok(found) => {
            for reader in found {
                let sam = reader.sam_slot.as_deref().unwrap_or("none");
                findings.good(
                    &reader.entry.name,
                    &format!("{:?}, card slot {}, SAM {sam}", reader.entry.tier, reader.card_slot),
                );
            }
        }
    }
}
