//! GENERATE AC: the request, its answer in either format, and the signature around it (B3 §6.5.5, B2 §6.6).

use cardwright_apdu::tlv;
use openssl::sha::sha1;

use super::authentication::{dynamic_data, dynamic_number};
use super::data::{elements, get, need, only};
use super::fault::{Certificate, Wrong};
use super::object_list::ObjectList;
use super::report::{Cryptogram, CryptogramKind};
use super::session::Session;

const WHAT: &str = "answer to GENERATE AC";

/// The data objects that every cryptogram of the versions here covers, in their order, with their lengths.
const COVERED: [(u32, usize); 8] =
    [(0x9F02, 6), (0x9F03, 6), (0x9F1A, 2), (0x95, 5), (0x5F2A, 2), (0x9A, 3), (0x9C, 1), (0x9F37, 4)];

/// One GENERATE AC: which list it is filled by, what is asked for, and whether it is to be signed.
pub(super) struct Request<'a> {
    /// 8C or 8D
    pub(super) list: u32,
    pub(super) asked: CryptogramKind,
    pub(super) combined: bool,
    /// what the first GENERATE AC sent, before the second
    pub(super) sent_before: &'a [u8],
}

/// Asks for a cryptogram; answers with it and with the data that was sent.
pub(super) fn generate(session: &mut Session<'_>, request: &Request<'_>) -> Result<(Cryptogram, Vec<u8>), Wrong> {
    let list = ObjectList::read(request.list, session.card.need(request.list)?)?;
    if COVERED.iter().any(|(tag, length)| !list.asks_for(*tag, *length)) {
        return Err(Wrong::value(request.list, "it lacks what the cryptogram covers"));
    }
    let data = session.fill(&list);
    let reference = request.asked.code() | if request.combined { 0x10 } else { 0x00 };
    let answer = session.send([0x80, 0xAE, reference, 0x00], &data)?.succeeded("GENERATE AC")?;
    session.done(0x20);
    let cryptogram = match answer.first() {
        Some(0x80) => format_one(only(WHAT, &answer, 0x80)?)?,
        _ => format_two(session, request, &answer, &data)?,
    };
    check(&cryptogram, request)?;
    Ok((cryptogram, data))
}

/// The values that the cryptogram covers, out of the terminal's.
pub(super) fn covered(session: &Session<'_>) -> Vec<u8> {
    COVERED.iter().flat_map(|(tag, _)| session.terminal_value(*tag).unwrap_or_default().to_vec()).collect()
}

impl CryptogramKind {
    /// P1 of GENERATE AC, and the high half of 9F27.
    fn code(self) -> u8 {
        match self {
            Self::Decline => 0x00,
            Self::Approve => 0x40,
            Self::Online => 0x80,
        }
    }

    fn of(information: u8) -> Result<Self, Wrong> {
        match information & 0xC0 {
            0x00 => Ok(Self::Decline),
            0x40 => Ok(Self::Approve),
            0x80 => Ok(Self::Online),
            _ => Err(Wrong::value(0x9F27, "it is no kind of cryptogram")),
        }
    }
}

/// 9F27, 9F36, 9F26 and 9F10 one after the other.
fn format_one(answer: &[u8]) -> Result<Cryptogram, Wrong> {
    let short = || Wrong::structure(WHAT, "it is shorter than 11 bytes");
    let (information, rest) = answer.split_first().ok_or_else(short)?;
    let (counter, rest) = rest.split_first_chunk::<2>().ok_or_else(short)?;
    let (value, issuer_data) = rest.split_first_chunk::<8>().ok_or_else(short)?;
    cryptogram(*information, *counter, *value, issuer_data)
}

fn cryptogram(information: u8, counter: [u8; 2], value: [u8; 8], issuer_data: &[u8]) -> Result<Cryptogram, Wrong> {
    if issuer_data.len() > 32 {
        return Err(Wrong::value(0x9F10, "it is longer than 32 bytes"));
    }
    Ok(Cryptogram {
        kind: CryptogramKind::of(information)?,
        reason: information & 0x3F,
        counter: u16::from_be_bytes(counter),
        value,
        issuer_data: issuer_data.to_vec(),
        signed_number: None,
        is_checked: false,
    })
}

/// A template of data objects; with CDA the cryptogram is inside the signature.
fn format_two(
    session: &mut Session<'_>,
    request: &Request<'_>,
    answer: &[u8],
    sent: &[u8],
) -> Result<Cryptogram, Wrong> {
    let template = only(WHAT, answer, 0x77)?;
    let objects = elements(WHAT, template)?;
    let information = exactly::<1>(&objects, 0x9F27)?[0];
    let counter = exactly::<2>(&objects, 0x9F36)?;
    let issuer_data = get(&objects, 0x9F10).unwrap_or_default();
    let Some(signature) = get(&objects, 0x9F4B) else {
        return cryptogram(information, counter, exactly(&objects, 0x9F26)?, issuer_data);
    };
    if !request.combined {
        return Err(Wrong::value(0x9F4B, "nobody asked for a signature"));
    }
    if get(&objects, 0x9F26).is_some() {
        return Err(Wrong::value(0x9F26, "it stands beside the signature that it is inside of"));
    }
    let hashed = [request.sent_before, sent, &without_signature(template)?].concat();
    let (number, value) = signed(session, signature, information, &hashed)?;
    session.set(0x9F4C, &number);
    let cryptogram = cryptogram(information, counter, value, issuer_data)?;
    Ok(Cryptogram { signed_number: Some(number), ..cryptogram })
}

fn exactly<const N: usize>(objects: &[(u32, &[u8])], tag: u32) -> Result<[u8; N], Wrong> {
    need(objects, tag)?.try_into().map_err(|_| Wrong::value(tag, "its length is wrong"))
}

/// The data objects of the answer as they came, but for 9F4B.
fn without_signature(template: &[u8]) -> Result<Vec<u8>, Wrong> {
    let objects = tlv::read_all(template).map_err(|error| Wrong::structure(WHAT, error))?;
    let kept = objects.into_iter().filter(|object| object.tag.0 != 0x9F4B);
    Ok(kept.flat_map(|object| tlv::element(object.tag.0, object.value)).collect())
}

/// Dynamic number and cryptogram out of the signature: `length, number, 9F27, cryptogram, hash of the transaction`, and
/// the hash is over what PDOL and CDOLs asked for and the rest of the answer (B2 §6.6.2).
fn signed(
    session: &Session<'_>,
    signature: &[u8],
    information: u8,
    hashed: &[u8],
) -> Result<(Vec<u8>, [u8; 8]), Wrong> {
    let wrong = |why| Err(Wrong::certificate(Certificate::DynamicData, why));
    let key = session.card_key.as_ref().ok_or(Wrong::Missing(0x9F46))?;
    let data = dynamic_data(key, signature, &session.purchase.unpredictable_number)?;
    let (number, rest) = dynamic_number(&data)?;
    let Some(([signed_information, value @ ..], hash)) = rest.split_first_chunk::<9>() else {
        return wrong("it has no cryptogram");
    };
    if *signed_information != information {
        return wrong("its cryptogram information data is another");
    }
    if sha1(&[&session.options, hashed].concat()) != hash {
        return wrong("its transaction data hash is wrong");
    }
    Ok((number.to_vec(), *value))
}

/// A card may answer less than what was asked for, and never more; and whatever it does not decline is signed.
fn check(cryptogram: &Cryptogram, request: &Request<'_>) -> Result<(), Wrong> {
    use CryptogramKind::{Approve, Decline, Online};
    let allowed = match (request.asked, cryptogram.kind) {
        (_, Decline) | (Approve, Approve) | (Online, Online) => true,
        (Approve, Online) => request.list == 0x8C,
        _ => false,
    };
    if !allowed {
        return Err(Wrong::value(0x9F27, "the card answers more than it was asked for"));
    }
    match (request.combined, cryptogram.kind, &cryptogram.signed_number) {
        (true, Approve | Online, None) => Err(Wrong::Missing(0x9F4B)),
        (_, Decline, Some(_)) => Err(Wrong::value(0x9F4B, "a cryptogram that declines is signed")),
        _ => Ok(()),
    }
}
