//! What the last STORE DATA asks for: everything that a terminal and the card itself will want, and parts that fit.

use cardwright_apdu::{StatusWord, tlv};

use super::Module;
use super::cryptogram::ELEMENTS;
use super::data_objects::{AnswerToGpo, COMBINED_AUTHENTICATION, DYNAMIC_AUTHENTICATION};
use super::groupings::{FCI, GPO, Groupings, INTERNAL, Interface, KEY_CHECK_VALUES, KEYS, PIN, PIN_TRIES};
use super::rsa::{KeyUse, PrivateKey};

const MISSING: StatusWord = StatusWord::INCORRECT_P1_P2;
const WRONG: StatusWord = StatusWord::WRONG_DATA;

/// Number, expiry date, and the lists for GENERATE AC: mandatory in the records.
const MANDATORY_ELEMENTS: [u32; 4] = [0x5A, 0x5F24, 0x8C, 0x8D];

/// # Errors
/// 6A86 where something is missing, 6A80 where parts do not fit together.
pub(super) fn check(module: Module, interface: Interface, groupings: &Groupings) -> Result<(), StatusWord> {
    need(groupings.pending.is_none())?;
    need(groupings.template(interface).is_some())?;
    match module {
        Module::Environment => check_environment(groupings),
        Module::Payment => check_payment(interface, groupings),
    }
}

/// The directory file that a template names has its first record.
fn check_environment(groupings: &Groupings) -> Result<(), StatusWord> {
    for template in FCI.iter().filter_map(|identifier| groupings.get(*identifier)) {
        let inner = tlv::read_one(template).map_err(|_| WRONG)?.value;
        if let Some([file]) = tlv::find(inner, 0x88).ok().flatten() {
            need(groupings.record(*file, 1).is_some())?;
        }
    }
    Ok(())
}

fn check_payment(interface: Interface, groupings: &Groupings) -> Result<(), StatusWord> {
    need([KEYS, KEY_CHECK_VALUES, INTERNAL].iter().all(|identifier| groupings.has(*identifier)))?;
    need(groupings.has(PIN) == groupings.has(PIN_TRIES))?;
    need(groupings.answer_to_gpo(interface).is_some())?;
    let mut authenticates = false;
    for answer in GPO.iter().filter_map(|identifier| AnswerToGpo::parse(groupings.get(*identifier)?)) {
        authenticates |= answer.has(DYNAMIC_AUTHENTICATION) || answer.has(COMBINED_AUTHENTICATION);
        need(answer.records().all(|(file, number)| groupings.record(file, number).is_some()))?;
    }
    check_lists(groupings)?;
    check_key(groupings, KeyUse::Signature, authenticates)?;
    check_key(groupings, KeyUse::Pin, false)
}

/// CDOL1 asks for what the cryptogram is made of, CDOL2 for the authorization response code.
fn check_lists(groupings: &Groupings) -> Result<(), StatusWord> {
    need(MANDATORY_ELEMENTS.iter().all(|tag| groupings.element(*tag).is_some()))?;
    let first = groupings.list(0x8C).ok_or(WRONG)?;
    let second = groupings.list(0x8D).ok_or(WRONG)?;
    let whole = ELEMENTS.iter().all(|(tag, length)| first.asks_for(*tag, *length));
    let short_enough = first.length() <= 252 && second.length() <= 252;
    let list = groupings.element(0x9F49).is_none_or(|_| groupings.list(0x9F49).is_some());
    if whole && short_enough && list && second.asks_for(0x8A, 2) { Ok(()) } else { Err(WRONG) }
}

/// A key is there in one form as a whole, its public exponent in a record, and its parts belong together.
fn check_key(groupings: &Groupings, key_use: KeyUse, wanted: bool) -> Result<(), StatusWord> {
    let (any, whole) = key_use.presence(groupings);
    need(whole || !(any || wanted))?;
    if !any {
        return Ok(());
    }
    let (exponent, remainder) = key_use.public_tags();
    let exponent = groupings.element(exponent).ok_or(MISSING)?;
    let (_, modulus, _) = key_use.identifiers();
    let key = PrivateKey::find(groupings, key_use).ok_or(WRONG)?;
    let right = key.is_consistent(exponent, groupings.element(remainder), groupings.get(modulus));
    if right { Ok(()) } else { Err(WRONG) }
}

fn need(is_there: bool) -> Result<(), StatusWord> {
    if is_there { Ok(()) } else { Err(MISSING) }
}
