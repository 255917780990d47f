//! What a profile says about the whole card: level, validity, retention, and that nothing in it is unused.

use std::collections::BTreeSet;

use super::Profile;
use super::application::ApplicationProfile;
use super::fault::{FaultKind, Faults};
use super::number::NumberSource;
use super::section::Section;
use crate::emv::Pan;
use crate::{Date, Rewrite, SecurityLevel};

/// How long a card is valid from the day of its preparation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// this many months; a year is 12
    Months(u32),
    /// to the last day of the month that is so many months later: payment cards show no day
    EndOfMonth(u32),
    /// this many days
    Days(u32),
}

impl Validity {
    /// The last day of the validity that begins on `from`; `None` after 9999-12-31.
    #[must_use]
    pub fn end(self, from: Date) -> Option<Date> {
        match self {
            Self::Months(months) => from.plus_months(months),
            Self::EndOfMonth(months) => from.plus_months(months).map(Date::end_of_month),
            Self::Days(days) => from.plus_days(days),
        }
    }
}

const LEVELS: [(&str, SecurityLevel); 5] = [
    ("33", SecurityLevel::CommandEncryptionResponseEncryption),
    ("13", SecurityLevel::CommandEncryptionResponseMac),
    ("03", SecurityLevel::CommandEncryption),
    ("11", SecurityLevel::CommandMacResponseMac),
    ("01", SecurityLevel::CommandMac),
];

/// The level of the secure channel.
pub(super) fn security_level(whole: &Section<'_>, faults: &mut Faults<'_>) -> Option<SecurityLevel> {
    whole.choice("security-level", &LEVELS, FaultKind::SecurityLevel, faults)
}

/// Refuses a level that does not encrypt commands where anything personal or secret travels.
pub(super) fn hold_level(
    whole: &Section<'_>,
    level: SecurityLevel,
    applications: &[ApplicationProfile],
    faults: &mut Faults<'_>,
) {
    let mut dgis = applications.iter().flat_map(|application| &application.dgis);
    let closed = dgis.find(|dgi| dgi.personal || dgi.protection.is_under_dek());
    if let (false, Some(dgi)) = (level.encrypts_commands(), closed) {
        let message = format!(
            "level {:02X} does not encrypt commands: whoever carries DGI {:04X} to the card could read it",
            level.byte(),
            dgi.identifier
        );
        let remedy = "use 33, 13 or 03, as the card product allows";
        faults.add(whole.value_span("security-level"), FaultKind::SecurityLevel, message, remedy);
    }
}

/// The validity: exactly one of `years`, `months` and `days`.
pub(super) fn validity(whole: &Section<'_>, faults: &mut Faults<'_>) -> Option<Validity> {
    let section = whole.section("validity", faults)?;
    section.only(&["from", "years", "months", "days", "to"], faults);
    let from = section.choice("from", &[("preparation", ())], FaultKind::DateRule, faults);
    let years = section.optional_number("years", 1..=50, FaultKind::DateRule, faults);
    let months = section.optional_number("months", 1..=600, FaultKind::DateRule, faults);
    let days = section.optional_number("days", 1..=18_250, FaultKind::DateRule, faults);
    let periods = ["years", "months", "days"].iter().filter(|key| section.has(key)).count();
    if periods != 1 {
        let message = format!("the validity has {periods} periods, not one");
        faults.add(section.span(), FaultKind::DateRule, message, "write one of `years`, `months` and `days`");
        return None;
    }
    let whole_months = section.optional_choice("to", &[("day", false), ("end-of-month", true)], false, faults)?;
    if whole_months && section.has("days") {
        let message = "days do not lead to the end of a month";
        faults.add(section.value_span("to"), FaultKind::DateRule, message, "write `years` or `months`, or remove `to`");
    }
    let months = years.map(|years| years * 12).or(months);
    let months = months.map(if whole_months { Validity::EndOfMonth } else { Validity::Months });
    from.and(months.or(days.map(Validity::Days)))
}

/// The days until destruction.
pub(super) fn retention(whole: &Section<'_>, faults: &mut Faults<'_>) -> Option<u32> {
    let section = whole.section("retention", faults)?;
    section.only(&["days"], faults);
    section.number("days", 1..=3_650, FaultKind::OutOfRange, faults)
}

/// Refuses what is declared and used nowhere: a field that nobody needs would be asked of people for nothing.
pub(super) fn nothing_unused(whole: &Section<'_>, profile: &Profile, faults: &mut Faults<'_>) {
    if !faults.is_empty() {
        return; // what is wrong elsewhere may be what makes it look unused
    }
    let used = profile.used_fields();
    for field in profile.fields.iter().filter(|field| !used.contains(field.name.as_str())) {
        let span = whole.span_of("field", &field.name).unwrap_or_default();
        let message = format!("the field `{}` is used nowhere", field.name);
        faults.add(span, FaultKind::Unused, message, "remove it: what is not needed is not to be asked for");
    }
    nothing_rewritable_in_vain(whole, profile, faults);
    let dgis = profile.applications.iter().flat_map(|application| &application.dgis);
    let used: BTreeSet<&str> = dgis.flat_map(|dgi| profile.all_elements(&dgi.content)).collect();
    for element in profile.elements.iter().filter(|element| !used.contains(element.name.as_str())) {
        let span = whole.span_of("element", &element.name).unwrap_or_default();
        let message = format!("the element `{}` is in no DGI", element.name);
        faults.add(span, FaultKind::Unused, message, "remove it, or name it in the `content` of a DGI");
    }
}

/// Refuses `rewritable` where no script of an issuer could write the element.
fn nothing_rewritable_in_vain(whole: &Section<'_>, profile: &Profile, faults: &mut Faults<'_>) {
    let scripts = profile.applications.iter().filter(|application| application.rewrite == Rewrite::IssuerScript);
    let dgis = scripts.flat_map(|application| &application.dgis);
    let written: BTreeSet<&str> = dgis.flat_map(|dgi| profile.all_elements(&dgi.content)).collect();
    let in_vain = |element: &&super::Element| element.rewritable && !written.contains(element.name.as_str());
    for element in profile.elements.iter().filter(in_vain) {
        let span = whole.span_of("element", &element.name).unwrap_or_default();
        let message = format!("`{}` is rewritable, and no application that scripts change has it", element.name);
        let remedy = "remove `rewritable`, or write rewrite = \"issuer-script\" where it belongs";
        faults.add(span, FaultKind::Rewrite, message, remedy);
    }
}

/// Refuses what is made of a PIN, of keys or of a card number that the profile does not describe.
pub(super) fn nothing_undescribed(whole: &Section<'_>, profile: &Profile, faults: &mut Faults<'_>) {
    if !faults.is_empty() {
        return; // what is wrong elsewhere may be what makes it look undescribed
    }
    let (card, pin) = profile.wanted_values();
    let verification = &profile.verification;
    for (wanted, there, what) in [
        (profile.wants_pin(), profile.pin.is_some(), "a PIN, and there is no [pin]"),
        (card, verification.card_key.is_some(), "a card verification value, and [verification] has no `card-key`"),
        (pin, verification.pin_key.is_some(), "a PIN verification value, and [verification] has no `pin-key`"),
    ] {
        if wanted && !there && (what.contains("verification") || !whole.has("pin")) {
            let message = format!("something is made of {what}");
            faults.add(
                whole.value_span("verification"),
                FaultKind::NotDescribed,
                message,
                "add it, or leave out what needs it",
            );
        }
    }
    let (number, span) = (&profile.number, || whole.value_span("card-number"));
    let pan = number.check_digit
        && Pan::DIGITS.contains(number.lengths.start())
        && Pan::DIGITS.contains(number.lengths.end());
    if (profile.wants_pan() || profile.pin.is_some()) && !pan {
        let message =
            "payment data and PIN blocks under a zone key are made of a number of 12 to 19 digits with a check digit";
        faults.add(span(), FaultKind::CardNumber, message, "write check-digit = true, and limits within 12 and 19");
    }
    if number.source == NumberSource::Range && !number.check_digit {
        let message = "numbers of a range end in a check digit";
        faults.add(span(), FaultKind::CardNumber, message, "write check-digit = true");
    }
    let payment = profile.applications.iter().any(|application| application.payment.is_some());
    if payment && !matches!(profile.validity, Validity::EndOfMonth(_)) {
        let message = "a payment card is valid to the end of a month: track 2 and certificates have no day";
        faults.add(whole.value_span("validity"), FaultKind::DateRule, message, "write to = \"end-of-month\"");
    }
}
