//! Elements that say the same thing must say the same: number, expiry, service code; and days in their order.

use super::EmvFault;
use super::view::View;
use crate::Date;
use crate::emv::{ExpiryMonth, Pan, Track2};

pub(super) fn check(view: &View<'_>) -> Result<(), EmvFault> {
    let fault = |tag| EmvFault::ElementValue { dgi: dgi_of(view, tag), tag };
    let pan = view.record(0x5A).map(|value| Pan::from_compressed(value).ok_or(fault(0x5A))).transpose()?;
    let track = view.record(0x57).map(|value| Track2::read(value).ok_or(fault(0x57))).transpose()?;
    let end = view.record(0x5F24).map(|value| day(value).ok_or(fault(0x5F24))).transpose()?;
    let start = view.record(0x5F25).map(|value| day(value).ok_or(fault(0x5F25))).transpose()?;
    if start.zip(end).is_some_and(|(start, end)| start > end) {
        return Err(EmvFault::Validity);
    }
    let Some(track) = track else { return Ok(()) };
    if pan.is_some_and(|pan| pan.digits() != track.pan.digits()) {
        return Err(EmvFault::Disagreement(0x57, 0x5A));
    }
    if view.record(0x5F24).is_some_and(|value| month(value) != Some(track.expiry)) {
        return Err(EmvFault::Disagreement(0x57, 0x5F24));
    }
    let [first, second, third] = track.service_code.map(|digit| digit - b'0');
    match view.record(0x5F30) {
        Some(value) if value != [first, second << 4 | third] => Err(EmvFault::Disagreement(0x57, 0x5F30)),
        _ => Ok(()),
    }
}

/// What both interfaces say of one card.
pub(super) fn of_both(contact: &View<'_>, contactless: &View<'_>) -> Result<(), EmvFault> {
    let number = |view| pan(view).map(|pan| pan.in_certificate());
    if number(contact) != number(contactless) {
        return Err(EmvFault::Disagreement(0x5A, 0x57));
    }
    if last_month(contact) != last_month(contactless) {
        return Err(EmvFault::Disagreement(0x5F24, 0x57));
    }
    for tag in [0x5F24, 0x5F34, 0x5F28] {
        let (one, other) = (contact.record(tag), contactless.record(tag));
        if one.zip(other).is_some_and(|(one, other)| one != other) {
            return Err(EmvFault::Disagreement(tag, tag));
        }
    }
    Ok(())
}

/// The card number of 5A or 57. `None` where neither reads.
pub(super) fn pan(view: &View<'_>) -> Option<Pan> {
    let pan = view.record(0x5A).and_then(Pan::from_compressed);
    pan.or_else(|| view.record(0x57).and_then(Track2::read).map(|track| track.pan))
}

/// The month that the card expires in, of 5F24 or 57.
pub(super) fn last_month(view: &View<'_>) -> Option<ExpiryMonth> {
    let of_track = || view.record(0x57).and_then(Track2::read).map(|track| track.expiry);
    view.record(0x5F24).and_then(month).or_else(of_track)
}

fn month(value: &[u8]) -> Option<ExpiryMonth> {
    ExpiryMonth::from_bcd(*value.first_chunk()?)
}

/// A day of this century's first half: YYMMDD. Terminals read later years as the last century's.
fn day(value: &[u8]) -> Option<Date> {
    let [year, month, day] = value.try_into().ok()?;
    if year >= 0x50 { None } else { Date::from_bcd([0x20, year, month, day]) }
}

fn dgi_of(view: &View<'_>, tag: u32) -> u16 {
    view.records.iter().find(|element| element.tag == tag).map_or(0, |element| element.dgi)
}
