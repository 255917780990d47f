//! Other keys of the Security Domain: the new key set is put beside the old one where the card has room, proven by a
//! channel that is opened with it, and then the old one goes.

use super::asked;

use crate::work::segment::{Segment, Work};
use crate::work::{Inputs, Observed, Ring};

pub(super) fn remaining(inputs: &Inputs, seen: &Observed) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut delete = |ring, versions: Vec<u8>| {
        if !versions.is_empty() {
            segments.push(Segment::at_home(ring, Work::DeleteKeys(versions)));
        }
    };
    let left = |version: &u8| inputs.basis.other_versions.contains(version) && *version != inputs.opened_with.version;
    let stale: Vec<u8> = seen.key_versions.iter().copied().filter(left).collect();
    delete(Ring::Opened, stale);
    if inputs.new_keys.is_some() {
        let old = inputs.opened_with.version;
        let beside = inputs.product.has_spare_key_set();
        let replaced = (!beside).then_some(old);
        segments.push(Segment::at_home(Ring::Opened, Work::PutKeys { replaced }));
        if beside {
            segments.push(Segment::at_home(Ring::New, Work::DeleteKeys(vec![old])));
        }
    }
    segments.push(asked(inputs));
    segments
}
