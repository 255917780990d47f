//! Other personal data, or another PIN, on a card in use: each application by its profile's method.
//!
//! Whatever of it was done before is done again: the same data gives the same card.

use cardwright_data_preparation::{Application, Rewrite};
use cardwright_globalplatform::commands::CardState;
use cardwright_relay::Code;
use cardwright_relay::message::Refusal;

use super::{asked_at_the_end, deletion, new_card};
use crate::admission::refusal;
use crate::proof::Proof;
use crate::work::segment::{Gate, Place, Segment, Work, place_of, straight};
use crate::work::{Inputs, Observed};

pub(super) fn remaining(inputs: &Inputs, seen: &Observed) -> Result<Vec<Segment>, Refusal> {
    let ring = inputs.last_ring();
    let mut segments = Vec::new();
    for (number, application) in inputs.applications().iter().enumerate() {
        if application.rewrite != Rewrite::Reinstall {
            there(seen, application)?;
        }
        let place = place_of(number, application);
        match application.rewrite {
            Rewrite::StoreData => {
                segments.push(Segment { ring, place, gate: Gate::Open, work: Work::Rewrite(number) });
            }
            Rewrite::PutData => {
                segments.extend(straight(ring, number, application));
                // the last command of the channel: it says that no key waits for its certificate
                let work = Work::Activate { application: number, continued: true };
                segments.push(Segment { ring, place, gate: Gate::Open, work });
            }
            Rewrite::IssuerScript => {}
            Rewrite::Reinstall => {
                let left = [application.instance].into_iter().filter(|instance| seen.has(instance)).collect();
                segments.extend(deletion(ring, left, Vec::new()));
                new_card::installed(inputs, &[number], &mut segments);
            }
        }
    }
    Ok(with_scripts(inputs, segments))
}

/// `secured`, and the scripts of the issuer's to payment applications. Where answers prove the card, the scripts come
/// first: an application that takes none is found before anything is written, and the last word is the card's.
/// Elsewhere the cryptogram after the script is that word, so that scripts come last.
fn with_scripts(inputs: &Inputs, secured: Vec<Segment>) -> Vec<Segment> {
    let ring = inputs.last_ring();
    let applications = inputs.applications().iter().enumerate();
    let scripted = applications.filter(|(_, application)| application.script.is_some());
    let script = |(number, _)| {
        let (place, work) = (Place::Application(number), Work::Script(number));
        Segment { ring, place, gate: Gate::Open, work }
    };
    let scripts: Vec<_> = scripted.map(script).collect();
    if inputs.proof(ring) == Proof::Cryptogram {
        return secured.into_iter().chain(scripts).collect();
    }
    let mut segments: Vec<_> = scripts.into_iter().chain(secured).collect();
    // a channel in which nothing is asked proves nothing
    if segments.first().is_some_and(|first| first.place != Place::Domain) {
        segments.insert(0, Segment::at_home(ring, Work::Ask { card: CardState::Secured }));
    }
    if segments.last().is_some_and(|last| matches!(last.work, Work::Script(_))) {
        segments.push(Segment::at_home(ring, Work::Ask { card: CardState::Secured }));
    } else {
        asked_at_the_end(inputs, &mut segments);
    }
    segments
}

/// An application that is changed in place is on the card.
fn there(seen: &Observed, application: &Application) -> Result<(), Refusal> {
    let name = application.instance.to_string();
    if seen.has(&application.instance) { Ok(()) } else { Err(refusal(Code::APPLICATION_MISSING, &[&name])) }
}
