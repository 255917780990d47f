//! The card's own life cycle: locked, in use again, ended for good.

use cardwright_globalplatform::commands::CardState;

use crate::work::segment::{Gate, Segment, Work};
use crate::work::{Inputs, Observed};

/// The card in `state`, and asked for it.
pub(super) fn set(inputs: &Inputs, seen: &Observed, state: CardState) -> Vec<Segment> {
    let ring = inputs.last_ring();
    let set = (seen.card != state.byte()).then(|| Segment::at_home(ring, Work::SetCard(state)));
    set.into_iter().chain([Segment::at_home(ring, Work::Ask { card: state })]).collect()
}

/// The card locked and proven to be; only then ended: afterwards nothing can be asked of it any more.
pub(super) fn end(inputs: &Inputs, seen: &Observed) -> Vec<Segment> {
    let ring = inputs.last_ring();
    let mut segments = set(inputs, seen, CardState::Locked);
    segments.push(Segment { gate: Gate::Proof, ..Segment::at_home(ring, Work::EndCard) });
    segments
}
