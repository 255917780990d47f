//! GET DATA (GPCS §11.3): the TLV for CLA 80, its value alone for CLA 00.

use cardwright_apdu::{Command, Response, StatusWord, tlv};

use crate::state::CardState;

/// Needs no channel (GPCS Table 11-2).
pub(super) fn get_data(state: &CardState, command: &Command) -> Result<Response, StatusWord> {
    let tag = u32::from(command.header.p1) << 8 | u32::from(command.header.p2);
    let value = value(state, tag).ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
    let answer = if command.header.cla & 0x80 == 0 { value } else { tlv::element(tag, &value) };
    Ok(Response::new(answer, StatusWord::SUCCESS))
}

fn value(state: &CardState, tag: u32) -> Option<Vec<u8>> {
    if let Some(stored) = state.data_objects.iter().find(|object| object.tag == tag) {
        return Some(stored.value.clone());
    }
    let identity = &state.identity;
    match tag {
        0x42 => Some(identity.issuer_identification_number.clone()),
        0x45 => Some(identity.card_image_number.clone()),
        0x66 => Some(card_recognition_data(state)),
        0xE0 => Some(key_information(state)),
        0xC1 => sequence_counter(state),
        0x9F7F => Some(identity.production_life_cycle.clone()),
        _ => None,
    }
}

/// `73 {06 OID, 60 version, 63 identification, 64 protocol and i}` (GPCS §H.2, §H.3).
fn card_recognition_data(state: &CardState) -> Vec<u8> {
    /// {iso member-body us globalplatform}
    const ROOT: [u8; 6] = [0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B];
    let object = |arcs: &[u8]| tlv::element(0x06, &[&ROOT, arcs].concat());
    let content = [
        object(&[1]),
        tlv::element(0x60, &object(&[2, 2, 3, 1])),
        tlv::element(0x63, &object(&[3])),
        tlv::element(0x64, &object(&[4, state.product.scp, state.product.i])),
    ];
    tlv::element(0x73, &content.concat())
}

/// `C0 {identifier, version, type, length}` for each key (GPCS Table 11-28).
fn key_information(state: &CardState) -> Vec<u8> {
    let keys = state.key_sets.iter().flat_map(|set| set.keys.iter().map(move |key| (set.version, key)));
    keys.flat_map(|(version, key)| {
        tlv::element(0xC0, &[key.identifier, version, key.kind.code(), key.value.expose().len() as u8])
    })
    .collect()
}

/// The counter of the default key set: SCP02 2 bytes, SCP03 with pseudo-random challenge 3 (GPCS §11.3.2.1).
fn sequence_counter(state: &CardState) -> Option<Vec<u8>> {
    let counter = state.key_sets.first()?.sequence_counter.to_be_bytes();
    match state.product.scp {
        2 => Some(counter[2..].to_vec()),
        _ if state.product.has_pseudo_random_challenge() => Some(counter[1..].to_vec()),
        _ => None,
    }
}
