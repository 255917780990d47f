//! Other personal data, or another PIN, on a card in use: each application by its profile's method.

use cardwright_data_preparation::{Application, Rewrite};
use cardwright_relay::Code;
use cardwright_relay::message::Refusal;

use super::{asked_at_the_end, deletion, new_card};
use crate::admission::refusal;
use crate::flow::segment::{Segment, Work, straight};
use crate::flow::{Inputs, Observed};

pub(super) fn remaining(inputs: &Inputs, seen: &Observed) -> Result<Vec<Segment>, Refusal> {
    let ring = inputs.last_ring();
    let mut segments = Vec::new();
    for (number, application) in inputs.applications().iter().enumerate() {
        if application.rewrite != Rewrite::Reinstall {
            there(seen, application)?;
        }
        match application.rewrite {
            Rewrite::StoreData => segments.push(Segment::at_home(ring, Work::Store(number))),
            Rewrite::PutData => segments.extend(straight(ring, number, application)),
            Rewrite::IssuerScript => {}
            Rewrite::Reinstall => {
                let left = [application.instance].into_iter().filter(|instance| seen.has(instance)).collect();
                segments.extend(deletion(ring, left, Vec::new()));
                new_card::installed(inputs, &[number], &mut segments);
            }
        }
    }
    asked_at_the_end(inputs, &mut segments);
    Ok(segments)
}

/// An application that is changed in place is on the card.
fn there(seen: &Observed, application: &Application) -> Result<(), Refusal> {
    let name = application.instance.to_string();
    if seen.has(&application.instance) { Ok(()) } else { Err(refusal(Code::APPLICATION_MISSING, &[&name])) }
}
