//! Signed dynamic application data: INTERNAL AUTHENTICATE (DDA), and the signature that GENERATE AC gives (CDA).

use cardwright_apdu::{Command, Response, StatusWord, tlv};

use super::rsa::{KeyUse, PrivateKey};
use super::{EmvData, data};
use crate::applications::Running;
use crate::entropy::Entropy;

/// Bytes of a signature besides the card's dynamic data: header, format, hash algorithm, length, hash, trailer.
const OVERHEAD: usize = 25;

/// `00 88 00 00` with the values of the DDOL, in a transaction: `77 {9F4B}`. A card without a DDOL takes any values
/// of 4 bytes or more, for the terminal's own list begins with its unpredictable number.
pub(super) fn internal_authenticate(running: &mut Running<'_>, command: &Command) -> Result<Response, StatusWord> {
    if (command.header.p1, command.header.p2) != (0, 0) {
        return Err(StatusWord::INCORRECT_P1_P2);
    }
    let card = data(running.memory, running.aid)?;
    let right_length = match card.groupings.list(0x9F49) {
        Some(list) => command.data().len() == list.length(),
        None => command.data().len() >= 4,
    };
    if !right_length {
        return Err(StatusWord::WRONG_LENGTH);
    }
    let transaction = running.session.emv.transaction.as_mut().ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
    let number = dynamic_number(&mut *running.entropy);
    let signed = sign(card, &number, command.data()).ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
    transaction.signed = true;
    Ok(Response::new(tlv::element(0x77, &tlv::element(0x9F4B, &signed)), StatusWord::SUCCESS))
}

/// The card's dynamic number and its length.
pub(super) fn dynamic_number(entropy: &mut dyn Entropy) -> [u8; 9] {
    let mut number = [8; 9];
    entropy.fill(&mut number[1..]);
    number
}

/// `6A 05 01 length dynamic BB .. hash BC`, the hash over all between header and hash and `of_terminal`, under the
/// card's key; `None` where there is no key that is long enough.
pub(super) fn sign(card: &EmvData, dynamic: &[u8], of_terminal: &[u8]) -> Option<Vec<u8>> {
    let key = PrivateKey::find(&card.groupings, KeyUse::Signature)?;
    let padding = key.length().checked_sub(dynamic.len() + OVERHEAD)?;
    let mut block = vec![0x05, 0x01, u8::try_from(dynamic.len()).ok()?];
    block.extend_from_slice(dynamic);
    block.resize(block.len() + padding, 0xBB);
    let hash = openssl::sha::sha1(&[&block, of_terminal].concat());
    key.apply(&[&[0x6A][..], &block, &hash, &[0xBC]].concat())
}
