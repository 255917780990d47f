//! Application programs: added, replaced by another version, removed.
//!
//! The new load file goes onto the card under its own AID first; then the old instance is deleted and the new one
//! installed under the same AID; what the old one was made from goes after the proof. Where memory does not hold both,
//! the operator confirms before anything is deleted.

use cardwright_apdu::Aid;
use cardwright_relay::Code;
use cardwright_relay::message::Refusal;

use super::{asked, asked_at_the_end, deletion, loads, new_card};
use crate::admission::refusal;
use crate::content::Content;
use crate::work::segment::life_cycle;
use crate::work::segment::{Gate, Segment, Work};
use crate::work::{Inputs, Observed};

/// Bytes of an instance beside its data, as a rule.
const INSTANCE: u32 = 512;

pub(super) fn remaining(inputs: &Inputs, seen: &Observed) -> Result<Vec<Segment>, Refusal> {
    let ring = inputs.last_ring();
    let wanted = wanted(inputs, seen);
    let instances: Vec<Aid> = wanted.iter().map(|number| inputs.applications()[*number].instance).collect();
    let left: Vec<Aid> = instances.into_iter().filter(|instance| seen.has(instance)).collect();
    let loads = loads(inputs, seen, &wanted)?;
    let mut segments = Vec::new();
    let deletes_first = deletes_first(inputs, seen, &loads, &wanted)?;
    let old = replaced_load_files(inputs, seen, deletes_first);
    if deletes_first {
        segments.extend(deletion(ring, left, old.clone()));
        segments.extend(loads);
    } else {
        segments.extend(loads);
        segments.extend(deletion(ring, left, Vec::new()));
    }
    if !wanted.is_empty() {
        new_card::installed(inputs, &wanted, &mut segments);
    }
    if !deletes_first {
        let last = deletion(ring, Vec::new(), old);
        segments.extend(last.map(|segment| Segment { gate: Gate::Proof, ..segment }));
    }
    asked_at_the_end(inputs, &mut segments);
    Ok(segments)
}

/// The applications that are not on the card as the order wants them. One that was written and proven before is
/// wanted no more; one that is there without such a proof is written again.
fn wanted(inputs: &Inputs, seen: &Observed) -> Vec<usize> {
    let applications = inputs.applications().iter().enumerate();
    let is_wanted = |(_, application): &(usize, &cardwright_data_preparation::Application)| {
        let known = inputs.basis.content.application(&application.instance);
        let is_other = known.is_none_or(|known| known.package.as_slice() != application.package.as_bytes());
        let is_active = seen.applications.get(&application.instance) == Some(&life_cycle(application, true));
        is_other && !(inputs.basis.verified && is_active)
    };
    applications.filter(is_wanted).map(|(number, _)| number).collect()
}

/// Load files that the order's applications were made from, and nothing else on the card is. Those that the blank had
/// are left where they are, but where they are in the way.
fn replaced_load_files(inputs: &Inputs, seen: &Observed, preloaded: bool) -> Vec<Aid> {
    let content = &inputs.basis.content;
    let is_replaced = |package: &Aid| {
        let users = content.applications.iter().filter(|known| known.package.as_slice() == package.as_bytes());
        let mut users = users.peekable();
        let replaced = |instance: &[u8]| {
            let by = inputs.applications().iter().find(|application| application.instance.as_bytes() == instance);
            by.is_some_and(|application| application.package != *package)
        };
        users.peek().is_some() && users.all(|known| replaced(&known.instance))
    };
    seen.load_files
        .iter()
        .copied()
        .filter(|package| (preloaded || !inputs.product.has_preloaded(*package)) && is_replaced(package))
        .collect()
}

/// Whether the old application goes before the new one comes: where the card says that it cannot hold both, and
/// somebody confirmed it.
fn deletes_first(inputs: &Inputs, seen: &Observed, loads: &[Segment], wanted: &[usize]) -> Result<bool, Refusal> {
    // an old application that is gone already was deleted by an attempt that somebody had confirmed
    let gone = |number: &usize| {
        let instance = inputs.applications()[*number].instance;
        inputs.basis.content.application(&instance).is_some() && seen.lacks(&instance)
    };
    let confirmed = inputs.basis.deletion_confirmed || (inputs.basis.survey && wanted.iter().any(gone));
    let Some(free) = seen.free_memory else { return Ok(confirmed) };
    let program = |segment: &Segment| match segment.work {
        Work::Load(number) => inputs.programs[number].memory,
        _ => 0,
    };
    let data = |number: &usize| {
        let dgis = inputs.applications()[*number].dgis.iter().map(|dgi| dgi.dgi().data.len() as u32 + 8);
        dgis.sum::<u32>() + INSTANCE
    };
    // the old instance is gone before the new one is written, so that the data needs room once
    let has_old = wanted.iter().any(|number| seen.has(&inputs.applications()[*number].instance));
    let instances: u32 = if has_old { 0 } else { wanted.iter().map(data).sum() };
    let needed = loads.iter().map(program).sum::<u32>() + instances;
    match (needed > free, confirmed) {
        (false, _) => Ok(false),
        (true, true) => Ok(true),
        (true, false) => Err(refusal(Code::MEMORY_TOO_SMALL, &[&needed.to_string(), &free.to_string()])),
    }
}

/// The instance that the order's argument names, away; and the load file that nothing else was made from.
pub(super) fn removal(inputs: &Inputs, seen: &Observed) -> Result<Vec<Segment>, Refusal> {
    let instance = removed(inputs)?;
    let ring = inputs.last_ring();
    let mut segments = Vec::new();
    // an instance that is not proven to be gone is deleted: a 9000 shows that it is
    let instances = if seen.lacks(&instance) { Vec::new() } else { vec![instance] };
    let mut after = inputs.basis.content.clone();
    without_removed(inputs, &mut after);
    let loaded = |package: &Aid| inputs.basis.content.has_loaded(package) && !after.has_loaded(package);
    let load_files = seen.load_files.iter().copied().filter(loaded).collect();
    segments.extend(deletion(ring, instances, load_files));
    asked_at_the_end(inputs, &mut segments);
    if segments.is_empty() {
        segments.push(asked(inputs));
    }
    Ok(segments)
}

fn removed(inputs: &Inputs) -> Result<Aid, Refusal> {
    let argument = inputs.argument.as_deref().unwrap_or_default();
    argument.parse().map_err(|_| refusal(Code::APPLICATION_MISSING, &[argument]))
}

/// What the card holds without the instance that the order's argument names.
pub(super) fn without_removed(inputs: &Inputs, content: &mut Content) {
    let Ok(instance) = removed(inputs) else { return };
    content.applications.retain(|known| known.instance.as_slice() != instance.as_bytes());
    let in_use: Vec<_> = content.applications.iter().map(|known| known.package.clone()).collect();
    content.load_files.retain(|loaded| in_use.contains(loaded));
}
