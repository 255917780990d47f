//! What an order asks for, as work on the card: a function of the order and of what the card holds.
//!
//! The same function says what is to be done on a card as it is recorded, and what remains on one that was left in the
//! middle of it: every step looks at what is there, so that a flow that was cut is finished by computing it again.

mod keys;
mod new_card;
mod programs;
mod rewrite;
mod status;

use cardwright_apdu::Aid;
use cardwright_data_preparation::Application;
use cardwright_globalplatform::commands::CardState;
use cardwright_relay::Code;
use cardwright_relay::message::Refusal;

use crate::admission::refusal;
use crate::content::{Content, Installed};
use crate::kind::OrderKind;
use crate::proof::Proof;
use crate::work::segment::life_cycle;
use crate::work::segment::{Gate, Place, Segment, Work, place_of};
use crate::work::{Inputs, NOT_THERE, Observed, Ring};

/// The first part of the order's flow: all of it, or where something must be found out first, the survey.
pub(crate) fn first(inputs: &Inputs) -> Result<Vec<Segment>, Refusal> {
    if looks_first(inputs) {
        return Ok(vec![Segment::at_home(Ring::Opened, Work::Survey)]);
    }
    remaining(inputs, &Observed::recorded(inputs))
}

/// Whether the card is surveyed before anything is decided: where an outcome is unknown, where a program may not fit
/// beside the one that is there, and where a card that was blocked at the issuer may not have heard of it: a card refuses
/// to go to the state that it is in.
fn looks_first(inputs: &Inputs) -> bool {
    let by_memory = matches!(inputs.kind, OrderKind::AddApplication | OrderKind::UpgradeApplication);
    let by_state = matches!(inputs.kind, OrderKind::Unblock | OrderKind::Terminate);
    inputs.basis.survey || by_memory || (by_state && Observed::recorded(inputs).card == 0)
}

/// What remains to be done on a card that holds `seen`.
///
/// # Errors
/// A refusal where the order cannot be carried out on it; nothing was written then.
pub(crate) fn remaining(inputs: &Inputs, seen: &Observed) -> Result<Vec<Segment>, Refusal> {
    match inputs.kind {
        OrderKind::New | OrderKind::Replace | OrderKind::Renew => new_card::remaining(inputs, seen),
        OrderKind::PersonalData | OrderKind::Pin => rewrite::remaining(inputs, seen),
        OrderKind::AddApplication | OrderKind::UpgradeApplication => programs::remaining(inputs, seen),
        OrderKind::RemoveApplication => programs::removal(inputs, seen),
        OrderKind::ChangeKeys => Ok(keys::remaining(inputs, seen)),
        OrderKind::Block => Ok(status::set(inputs, seen, CardState::Locked)),
        OrderKind::Unblock => Ok(status::set(inputs, seen, CardState::Secured)),
        OrderKind::Terminate => Ok(status::end(inputs, seen)),
    }
}

/// What the card holds when the order is carried out.
pub(crate) fn content_after(inputs: &Inputs) -> Content {
    let mut content = inputs.basis.content.clone();
    if inputs.kind == OrderKind::RemoveApplication {
        programs::without_removed(inputs, &mut content);
        return content;
    }
    if inputs.kind.is_new_card() {
        content.applications.clear();
    }
    for application in inputs.applications() {
        let profile = inputs.data.as_ref().map_or("", |data| &data.profile.name);
        let installed =
            Installed::new(&application.instance, &application.package, profile, life_cycle(application, true));
        let place = content.applications.iter().position(|known| known.instance == installed.instance);
        match place {
            Some(place) => content.applications[place] = installed,
            None => content.applications.push(installed),
        }
        let is_loaded = content.has_loaded(&application.package);
        if !inputs.product.has_preloaded(application.package) && !is_loaded {
            content.load_files.push(application.package.as_bytes().to_vec().into());
        }
    }
    let in_use: Vec<_> = content.applications.iter().map(|installed| installed.package.clone()).collect();
    content.load_files.retain(|loaded| in_use.contains(loaded));
    content
}

/// Loading of every program that `applications` need and that is not there.
fn loads(inputs: &Inputs, seen: &Observed, applications: &[usize]) -> Result<Vec<Segment>, Refusal> {
    let mut packages: Vec<Aid> = Vec::new();
    for application in applications.iter().map(|number| &inputs.applications()[*number]) {
        let package = application.package;
        // what the blank had may be gone, to make room
        let tells = !seen.load_files.is_empty() && looks_first(inputs);
        let is_preloaded = inputs.product.has_preloaded(package) && !tells;
        let is_there = is_preloaded || seen.load_files.contains(&package);
        if !is_there && !packages.contains(&package) {
            packages.push(package);
        }
    }
    let load = |package: Aid| {
        let number = inputs.programs.iter().position(|program| program.aid == package);
        let number = number.ok_or_else(|| refusal(Code::PROFILE_REFUSED, &[inputs.about(), NOT_THERE]))?;
        Ok(Segment::at_home(inputs.last_ring(), Work::Load(number)))
    };
    packages.into_iter().map(load).collect()
}

/// Deletion of instances and load files; nothing where there are none.
fn deletion(ring: Ring, instances: Vec<Aid>, load_files: Vec<Aid>) -> Option<Segment> {
    let is_something = !instances.is_empty() || !load_files.is_empty();
    is_something.then(|| Segment::at_home(ring, Work::Delete { instances, load_files }))
}

/// The commit points of `applications`, the first behind the proof of everything before where that is asked for.
fn activations(inputs: &Inputs, applications: &[usize], segments: &mut Vec<Segment>) {
    let ring = inputs.last_ring();
    let mut gated = false;
    for number in applications.iter().copied() {
        let application = &inputs.applications()[number];
        let place = place_of(number, application);
        let continued = segments.last().is_some_and(|last| last.work == Work::Store(number));
        let first_after_proof = is_after_proof(application) && !gated;
        gated |= first_after_proof;
        let gate = if first_after_proof { Gate::Proof } else { Gate::Open };
        segments.push(Segment { ring, place, gate, work: Work::Activate { application: number, continued } });
    }
}

fn is_after_proof(application: &Application) -> bool {
    application.activation == cardwright_data_preparation::Activation::AfterProof
}

/// The states after everything, where asking does not cost a channel that nobody can foresee. Where no answer has a MAC,
/// none to it would say anything: a cryptogram does.
fn asked_at_the_end(inputs: &Inputs, segments: &mut Vec<Segment>) {
    let ring = inputs.last_ring();
    if inputs.proof(ring) == Proof::Cryptogram && !inputs.applications().is_empty() {
        return;
    }
    let at_home = segments.last().is_none_or(|last| last.place == Place::Domain);
    if at_home || inputs.is_foreseeable(ring) {
        segments.push(asked(inputs));
    }
}

/// The states of the card, which is in use, and of each application.
fn asked(inputs: &Inputs) -> Segment {
    Segment::at_home(inputs.last_ring(), Work::Ask { card: CardState::Secured })
}

/// The states that bring the card to SECURED from what it is in.
fn to_secured(seen: &Observed) -> Vec<CardState> {
    match seen.card {
        0x0F => Vec::new(),
        0x07 => vec![CardState::Secured],
        _ => vec![CardState::Initialized, CardState::Secured],
    }
}
