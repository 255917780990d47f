//! A new card: transport keys to issuer keys, application installed, personalized, proven, activated.
//!
//! One that was left in the middle keeps the issuer's keys it has by then. What was not proven whole is wiped and
//! written again; what was is finished.

use cardwright_apdu::Aid;
use cardwright_data_preparation::Route;
use cardwright_globalplatform::commands::CardState;
use cardwright_relay::message::Refusal;

use super::{activations, asked, asked_at_the_end, deletion, loads, to_secured};
use crate::proof::Proof;
use crate::work::segment::life_cycle;
use crate::work::segment::{Segment, Work, place_of, straight};
use crate::work::{Inputs, Observed, Ring};

pub(super) fn remaining(inputs: &Inputs, seen: &Observed) -> Result<Vec<Segment>, Refusal> {
    let all: Vec<usize> = (0..inputs.applications().len()).collect();
    let is_active = |number: &usize| {
        let application = &inputs.applications()[*number];
        seen.applications.get(&application.instance) == Some(&life_cycle(application, true))
    };
    let is_whole = |number: &usize| {
        let application = &inputs.applications()[*number];
        let state = seen.applications.get(&application.instance);
        state == Some(&life_cycle(application, true)) || state == Some(&life_cycle(application, false))
    };
    if inputs.basis.verified && all.iter().all(is_whole) {
        let waiting: Vec<_> = all.into_iter().filter(|number| !is_active(number)).collect();
        let mut segments = Vec::new();
        activations(inputs, &waiting, &mut segments);
        if segments.is_empty() {
            segments.push(asked(inputs));
        } else {
            asked_at_the_end(inputs, &mut segments);
        }
        return Ok(segments);
    }
    written(inputs, seen, &all)
}

fn written(inputs: &Inputs, seen: &Observed, all: &[usize]) -> Result<Vec<Segment>, Refusal> {
    let ring = inputs.last_ring();
    let mut segments = Vec::new();
    if ring == Ring::New {
        let transport = inputs.opened_with.version;
        let replaced = (transport != 0xFF).then_some(transport);
        segments.push(Segment::at_home(Ring::Opened, Work::PutKeys { replaced }));
    }
    let ours: Vec<Aid> = inputs.applications().iter().map(|application| application.instance).collect();
    let left: Vec<Aid> = ours.into_iter().filter(|instance| seen.has(instance)).collect();
    segments.extend(deletion(ring, left, Vec::new()));
    segments.extend(loads(inputs, seen, all)?);
    let states = to_secured(seen);
    match inputs.proof(ring) {
        Proof::RMac | Proof::None => {
            segments.push(Segment::at_home(ring, Work::Write { states, applications: all.to_vec() }));
            for number in all.iter().copied() {
                segments.extend(straight(ring, number, &inputs.applications()[number]));
            }
            activations(inputs, all, &mut segments);
            asked_at_the_end(inputs, &mut segments);
        }
        Proof::Cryptogram => believed(inputs, states, all, &mut segments),
    }
    Ok(segments)
}

/// Applications written where a cryptogram proves the card: one is asked for it when it is usable, so that each commit
/// point follows the data at once. Those that are written through the Security Domain are done before the others are
/// installed: a command that somebody keeps back breaks the chain of MACs of the channel, and what comes behind it is not
/// there to make a cryptogram. On a card that takes data only when they are selectable they are usable, and complete, from
/// their writing on.
fn believed(inputs: &Inputs, states: Vec<CardState>, applications: &[usize], segments: &mut Vec<Segment>) {
    let ring = inputs.last_ring();
    let through_domain = |number: &usize| inputs.applications()[*number].route == Route::SecurityDomain;
    let (first, then): (Vec<usize>, Vec<usize>) = applications.iter().copied().partition(through_domain);
    let write = |states, applications| Segment::at_home(ring, Work::Write { states, applications });
    segments.push(write(states, first.clone()));
    activated(inputs, &first, segments);
    if !then.is_empty() {
        segments.push(write(Vec::new(), then.clone()));
        activated(inputs, &then, segments);
    }
}

fn activated(inputs: &Inputs, applications: &[usize], segments: &mut Vec<Segment>) {
    let ring = inputs.last_ring();
    for number in applications.iter().copied() {
        let application = &inputs.applications()[number];
        if application.route == Route::SecurityDomain && inputs.is_complete_at_once(application) {
            continue;
        }
        segments.extend(straight(ring, number, application));
        let continued = segments.last().is_some_and(|last| last.work == Work::Store(number));
        let work = Work::Activate { application: number, continued };
        let gate = crate::work::segment::Gate::Open;
        segments.push(Segment { ring, place: place_of(number, application), gate, work });
    }
}

/// An application written anew on a card in use, as on a new one.
pub(super) fn installed(inputs: &Inputs, applications: &[usize], segments: &mut Vec<Segment>) {
    let ring = inputs.last_ring();
    match inputs.proof(ring) {
        Proof::RMac | Proof::None => {
            let write = Work::Write { states: Vec::new(), applications: applications.to_vec() };
            segments.push(Segment::at_home(ring, write));
            for number in applications.iter().copied() {
                segments.extend(straight(ring, number, &inputs.applications()[number]));
            }
            activations(inputs, applications, segments);
        }
        Proof::Cryptogram => believed(inputs, Vec::new(), applications, segments),
    }
}
