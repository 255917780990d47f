//! Offline data authentication: that the data is the issuer's, and the card the one it was given to (B3 §10.3).

use super::certificates::{card_key, issuer_key};
use super::data::{elements, need, only};
use super::fault::{Certificate, Wrong};
use super::object_list::ObjectList;
use super::public_key::PublicKey;
use super::report::Authentication;
use super::session::Session;

/// Profile byte 1 (B3 §C1).
const STATIC: u8 = 0x40;
const DYNAMIC: u8 = 0x20;
const COMBINED: u8 = 0x01;

/// Verification results, byte 1 (B3 §C5).
const NOT_PERFORMED: (usize, u8) = (1, 0x80);
const STATIC_SELECTED: (usize, u8) = (1, 0x02);

/// Performs the best way that both can: CDA before DDA before SDA.
pub(super) fn authenticate(session: &mut Session<'_>) -> Result<Authentication, Wrong> {
    let (card, terminal) = (session.profile[0], session.terminal.capabilities[2]);
    let both = |of_card, of_terminal| card & of_card != 0 && terminal & of_terminal != 0;
    let authentication = if both(COMBINED, 0x08) {
        let key = keys(session)?;
        session.card_key = Some(key);
        Authentication::Combined
    } else if both(DYNAMIC, 0x40) {
        dynamic(session)?
    } else if both(STATIC, 0x80) {
        session.note(STATIC_SELECTED);
        static_data(session)?
    } else {
        session.note(NOT_PERFORMED);
        return Ok(Authentication::NotPerformed);
    };
    session.done(0x80);
    Ok(authentication)
}

/// The issuer's key under the authority that 8F names (B2 §5.2, §5.3).
fn issuer(session: &mut Session<'_>) -> Result<(), Wrong> {
    let [index] = session.card.need_exactly(0x8F)?;
    let mut provider = [0; 5];
    provider.copy_from_slice(&session.dedicated_file_name[..5]);
    let authority = session.terminal.authorities.iter().find(|authority| authority.is(provider, index));
    let authority = authority.ok_or(Wrong::Authority { provider, index })?;
    session.issuer_key = Some(issuer_key(&session.card, authority.key(), session.purchase.day)?);
    Ok(())
}

/// What is signed once for all: the records', then the profile where 9F4A says so, which it can say in one way only
/// (B3 §10.3).
fn signed_once(session: &mut Session<'_>) -> Result<Vec<u8>, Wrong> {
    let mut data = session.static_data.clone();
    match session.card.get(0x9F4A) {
        None => {}
        Some([0x82]) => data.extend_from_slice(&session.profile),
        Some(_) => return Err(Wrong::value(0x9F4A, "it names something else than 82")),
    }
    session.static_data.clone_from(&data);
    Ok(data)
}

/// SDA (B2 §5.4): `03 01 code-2 BB..`
fn static_data(session: &mut Session<'_>) -> Result<Authentication, Wrong> {
    let which = Certificate::StaticData;
    issuer(session)?;
    let signed = signed_once(session)?;
    let key = session.issuer_key.as_ref().ok_or(Wrong::Missing(0x90))?;
    let body = key.recover(which, 0x03, session.card.need(0x93)?, &[&signed])?;
    let [_, 0x01, first, second, filler @ ..] = &body[..] else {
        return Err(Wrong::certificate(which, "it names another hash than SHA-1"));
    };
    if filler.iter().any(|byte| *byte != 0xBB) {
        return Err(Wrong::certificate(which, "it is not filled up with BB"));
    }
    let code = [*first, *second];
    session.set(0x9F45, &code);
    Ok(Authentication::Static { code })
}

/// The card's key, for DDA and CDA (B2 §6.4).
fn keys(session: &mut Session<'_>) -> Result<PublicKey, Wrong> {
    issuer(session)?;
    let signed = signed_once(session)?;
    let issuer = session.issuer_key.as_ref().ok_or(Wrong::Missing(0x90))?;
    card_key(&session.card, issuer, &signed, session.purchase.day)
}

/// DDA (B2 §6.5): INTERNAL AUTHENTICATE over what the DDOL asks for, `05 01 length {length, number} BB..`
fn dynamic(session: &mut Session<'_>) -> Result<Authentication, Wrong> {
    let key = keys(session)?;
    let list = ObjectList::read(0x9F49, session.card.get(0x9F49).unwrap_or(&[0x9F, 0x37, 0x04]))?;
    if !list.asks_for(0x9F37, 4) {
        return Err(Wrong::value(0x9F49, "it does not ask for the unpredictable number"));
    }
    let data = session.fill(&list);
    let answer = session.send([0x00, 0x88, 0x00, 0x00], &data)?.succeeded("INTERNAL AUTHENTICATE")?;
    let what = "answer to INTERNAL AUTHENTICATE";
    let signature = if answer.first() == Some(&0x80) {
        only(what, &answer, 0x80)?
    } else {
        need(&elements(what, only(what, &answer, 0x77)?)?, 0x9F4B)?
    };
    let dynamic_data = dynamic_data(&key, signature, &data)?;
    let (number, rest) = dynamic_number(&dynamic_data)?;
    if !rest.is_empty() {
        return Err(Wrong::certificate(Certificate::DynamicData, "something follows the dynamic number"));
    }
    session.set(0x9F4C, number);
    session.card_key = Some(key);
    Ok(Authentication::Dynamic { number: number.to_vec() })
}

/// What the card signed: `05 01 length data BB..`, hashed with `further` (B2 §6.5.2, §6.6.2).
pub(super) fn dynamic_data(key: &PublicKey, signature: &[u8], further: &[u8]) -> Result<Vec<u8>, Wrong> {
    let which = Certificate::DynamicData;
    let body = key.recover(which, 0x05, signature, &[further])?;
    let [_, 0x01, length, rest @ ..] = &body[..] else {
        return Err(Wrong::certificate(which, "it names another hash than SHA-1"));
    };
    let (data, filler) = rest
        .split_at_checked(usize::from(*length))
        .ok_or(Wrong::certificate(which, "its data is longer than there is room"))?;
    if filler.iter().any(|byte| *byte != 0xBB) {
        return Err(Wrong::certificate(which, "it is not filled up with BB"));
    }
    Ok(data.to_vec())
}

/// The ICC dynamic number of 2 to 8 bytes, and what follows it.
pub(super) fn dynamic_number(data: &[u8]) -> Result<(&[u8], &[u8]), Wrong> {
    let wrong = Wrong::certificate(Certificate::DynamicData, "its dynamic number is not 2 to 8 bytes long");
    let Some((length @ 2..=8, rest)) = data.split_first() else { return Err(wrong) };
    rest.split_at_checked(usize::from(*length)).ok_or(wrong)
}
