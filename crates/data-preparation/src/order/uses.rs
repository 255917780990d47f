//! What a value, right by itself, breaks of what the profile makes of its field.

use super::{Broken, FieldFault, FieldRule};
use crate::Profile;
use crate::piv::{self, DistinguishedName, Unfit};
use crate::profile::{Element, PivObjectProfile, PivProfile, TextSource};
use crate::transliteration::{Untransliterable, transliterate, written_plainly};

/// Lower and upper consecutive offline limit.
const LOWER_LIMIT: u32 = 0x9F58;
const UPPER_LIMIT: u32 = 0x9F59;

/// The first thing that `bytes` break.
pub(super) fn fault(profile: &Profile, field: &str, bytes: &[u8]) -> Option<Broken> {
    let piv = profile.applications().iter().filter_map(|application| application.piv.as_ref());
    number_fault(profile, field, bytes).or_else(|| transliteration_fault(profile, field, bytes)).or_else(|| {
        piv.into_iter().find_map(|piv| object_fault(piv, field, bytes).or_else(|| key_fault(piv, field, bytes)))
    })
}

/// What stands against the offline limits of a payment application, which the card holds against each other.
pub(super) fn limits_fault<'a>(profile: &Profile, value: impl Fn(&str) -> Option<&'a [u8]>) -> Option<FieldFault> {
    let field = |tag: u32| {
        let limit = profile.elements().iter().find(|element| element.tag == Some(tag) && element.field().is_some());
        limit.and_then(Element::field)
    };
    let number = |field: &str| std::str::from_utf8(value(field)?).ok()?.parse::<u32>().ok();
    let (lower, upper) = (field(LOWER_LIMIT)?, field(UPPER_LIMIT)?);
    (number(lower)? > number(upper)?).then(|| FieldFault {
        field: lower.to_owned(),
        rule: FieldRule::Limits,
        message: format!("it is over `{upper}`"),
        remedy: "ask the issuer for both offline limits: the lower first".to_owned(),
    })
}

fn broken(rule: FieldRule, message: impl Into<String>, remedy: &str) -> Option<Broken> {
    Some((rule, message.into(), remedy.to_owned()))
}

fn number_fault(profile: &Profile, field: &str, bytes: &[u8]) -> Option<Broken> {
    if profile.number().field() != Some(field) {
        return None;
    }
    let remedy = "compare it digit by digit with what the issuer's host assigned";
    broken(FieldRule::CardNumber, profile.number().fault_of(bytes)?, remedy)
}

fn transliteration_fault(profile: &Profile, field: &str, bytes: &[u8]) -> Option<Broken> {
    let text = std::str::from_utf8(bytes).ok()?;
    match transliterate(text).err().filter(|_| profile.transliterates(field))? {
        Untransliterable::Character(at) => no_rule(at, "tag 5F20"),
        Untransliterable::Length(length) => {
            let message = format!("the name has {length} characters on the card, where tag 5F20 has 2 to 26");
            let remedy = "ask the holder which part of the name to leave out or shorten";
            broken(FieldRule::Transliteration, message, remedy)
        }
    }
}

fn no_rule(at: usize, of: &str) -> Option<Broken> {
    let message = format!("character {at} has no rule for being written with the letters A to Z of {of}");
    broken(FieldRule::Transliteration, message, "ask the holder how the name is written in Latin letters")
}

/// What stands against the field in a data object of PIV.
fn object_fault(piv: &PivProfile, field: &str, bytes: &[u8]) -> Option<Broken> {
    piv.objects.iter().find_map(|object| match object {
        PivObjectProfile::PrintedInformation { name, affiliation, transliterated } => {
            let text = std::str::from_utf8(bytes).ok()?;
            let is = |source: &TextSource| source.field() == Some(field);
            let name = is(name).then(|| printed_fault(text, *transliterated, piv::LONGEST_NAME));
            let affiliation = is(affiliation).then(|| printed_fault(text, false, piv::LONGEST_AFFILIATION));
            name.flatten().or_else(|| affiliation.flatten())
        }
        PivObjectProfile::FaceImage { field: of } if of == field => {
            let Unfit { reason, remedy, .. } = piv::face_fault(bytes)?;
            broken(FieldRule::Image, reason, remedy)
        }
        _ => None,
    })
}

fn printed_fault(text: &str, transliterated: bool, longest: usize) -> Option<Broken> {
    let length = if transliterated {
        match written_plainly(text) {
            Ok(written) => written.len(),
            Err(at) => return no_rule(at, "printed information (5FC109)"),
        }
    } else {
        if let Some(at) = text.chars().position(|character| !matches!(character, ' '..='~')) {
            let message =
                format!("character {} is not ASCII, and printed information (5FC109) takes nothing else", at + 1);
            return broken(FieldRule::Characters, message, "ask the holder how it is written in ASCII");
        }
        text.len()
    };
    let message = || format!("{length} characters, where printed information (5FC109) takes {longest}");
    (length > longest).then(|| broken(FieldRule::Length, message(), "shorten the text")).flatten()
}

/// What stands against the field in a certificate of PIV.
fn key_fault(piv: &PivProfile, field: &str, bytes: &[u8]) -> Option<Broken> {
    let text = std::str::from_utf8(bytes).ok()?;
    let is = |source: &TextSource| source.field() == Some(field);
    piv.keys.iter().find_map(|key| {
        let email = key.email.as_ref().is_some_and(is).then(|| piv::address_fault(text)).flatten();
        if let Some(Unfit { reason, .. }) = email {
            return broken(FieldRule::Characters, reason, "compare it with what the customer gave");
        }
        let mut parts = key.subject.iter().filter(|part| is(&part.value));
        let Unfit { reason, .. } = parts.find_map(|part| DistinguishedName::new(&[(part.attribute, text)]).err())?;
        let rule = if text.chars().count() > 64 { FieldRule::Length } else { FieldRule::Characters };
        broken(rule, format!("for the subject of a certificate: {reason}"), "shorten or correct the text")
    })
}
