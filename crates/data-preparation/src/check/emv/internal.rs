//! What the card keeps for itself: PIN block and tries, how it makes cryptograms, how long it decides alone.

use cardwright_apdu::tlv;
use zeroize::Zeroizing;

use super::EmvFault;
use super::groupings::Groupings;
use super::view::{Found, View, find};
use crate::emv::cryptogram::IssuerApplicationData;
use crate::emv::dol::Dol;
use crate::emv::pin_block::{Pin, PinBlockFault};

const INTERNAL: u16 = 0x3000;

pub(super) fn check<'a>(groupings: &Groupings<'_>, views: impl Iterator<Item = &'a View<'a>>) -> Result<(), EmvFault> {
    check_pin(groupings)?;
    let bytes = groupings.get(INTERNAL).unwrap_or_default();
    let elements = tlv::read_all(bytes).map_err(|_| EmvFault::Template(INTERNAL))?;
    let elements: Vec<_> =
        elements.iter().map(|element| Found { dgi: INTERNAL, tag: element.tag.0, value: element.value }).collect();
    for (position, element) in elements.iter().enumerate() {
        if !matches!(element.tag, 0x9F10 | 0x9F58 | 0x9F59 | 0x9F4F) {
            return Err(EmvFault::Misplaced { dgi: INTERNAL, tag: element.tag });
        }
        super::elements::is_first(element, &elements[..position])?;
    }
    if !find(&elements, 0x9F10).is_some_and(is_issuer_data) {
        return Err(EmvFault::ElementValue { dgi: INTERNAL, tag: 0x9F10 });
    }
    if find(&elements, 0x9F4F).is_some_and(|list| Dol::read(list).is_none()) {
        return Err(EmvFault::ElementValue { dgi: INTERNAL, tag: 0x9F4F });
    }
    check_limits(&elements, views)
}

/// Seven bytes that say how cryptograms are made, three of verification results among them, and what the issuer adds.
fn is_issuer_data(value: &[u8]) -> bool {
    let form = value.first_chunk::<7>().and_then(|form| IssuerApplicationData::read(form));
    value.len() <= 32 && form.is_some_and(|form| form.verification_results[0] == 0x03)
}

/// The PIN block, where there is one.
pub(super) fn check_block(groupings: &Groupings<'_>) -> Result<(), EmvFault> {
    let Some(block) = groupings.get(0x8010) else { return Ok(()) };
    let block: Zeroizing<[u8; 8]> = Zeroizing::new(block.try_into().map_err(|_| PinBlockFault::Length)?);
    Pin::of_the_card(&block)?;
    Ok(())
}

fn check_pin(groupings: &Groupings<'_>) -> Result<(), EmvFault> {
    if groupings.get(0x8010).is_none() {
        return Ok(());
    }
    check_block(groupings)?;
    match groupings.get(0x9010) {
        Some([left, allowed]) if left == allowed && (1..=15).contains(allowed) => Ok(()),
        _ => Err(EmvFault::PinTries),
    }
}

/// Both offline limits or neither, in their order, and the same as in the records (9F14, 9F23), where these have them.
fn check_limits<'a>(elements: &[Found<'_>], views: impl Iterator<Item = &'a View<'a>>) -> Result<(), EmvFault> {
    let limit = |tag| match find(elements, tag) {
        Some([limit]) => Ok(Some(*limit)),
        Some(other) => Err(EmvFault::ElementLength { dgi: INTERNAL, tag, length: other.len() }),
        None => Ok(None),
    };
    let limits = (limit(0x9F58)?, limit(0x9F59)?);
    match limits {
        (Some(lower), Some(upper)) if lower > upper => return Err(EmvFault::OfflineLimits),
        (Some(_), None) => return Err(EmvFault::Disagreement(0x9F58, 0x9F59)),
        (None, Some(_)) => return Err(EmvFault::Disagreement(0x9F59, 0x9F58)),
        _ => {}
    }
    for view in views {
        for (tag, own, limit) in [(0x9F14, 0x9F58, limits.0), (0x9F23, 0x9F59, limits.1)] {
            if view.record(tag).is_some_and(|value| Some(value) != limit.as_ref().map(std::slice::from_ref)) {
                return Err(EmvFault::Disagreement(tag, own));
            }
        }
    }
    Ok(())
}
