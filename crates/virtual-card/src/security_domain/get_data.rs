//! GET DATA (GPCS §11.3): the TLV for CLA 80, its value alone for CLA 00.

use cardwright_apdu::{Command, Response, StatusWord, tlv};

use crate::state::CardState;

/// Volatile bytes that an instance may have: this card runs its programs in the memory of its host.
const VOLATILE_MEMORY: u16 = 4096;

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
        0xFF21 => Some(card_resources(state)),
        0x9F7F => Some(identity.production_life_cycle.clone()),
        _ => None,
    }
}

/// `73 {06 OID, 60 version, 63 identification, 64 protocol and i, for each protocol}` (GPCS §H.2, §H.3).
fn card_recognition_data(state: &CardState) -> Vec<u8> {
    /// {iso member-body us globalplatform}
    const ROOT: [u8; 6] = [0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B];
    let object = |arcs: &[u8]| tlv::element(0x06, &[&ROOT, arcs].concat());
    let mut content =
        [object(&[1]), tlv::element(0x60, &object(&[2, 2, 3, 1])), tlv::element(0x63, &object(&[3]))].concat();
    for protocol in state.product.protocols() {
        tlv::write(&mut content, 0x64, &object(&[4, protocol.scp, protocol.i]));
    }
    tlv::element(0x73, &content)
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
    let (set, protocol) = state.key_sets.iter().find_map(|set| Some((set, state.protocol_of(set)?)))?;
    let counter = set.sequence_counter.to_be_bytes();
    match protocol.scp {
        2 => Some(counter[2..].to_vec()),
        _ if protocol.has_pseudo_random_challenge() => Some(counter[1..].to_vec()),
        _ => None,
    }
}

/// `81 number of instances, 82 free persistent bytes, 83 free volatile bytes`, as cards have it (GPCS §11.3.3.1.2 leaves
/// the coding to TS 102 226).
fn card_resources(state: &CardState) -> Vec<u8> {
    let instances = u16::try_from(state.applications.len()).unwrap_or(u16::MAX);
    let number = if instances < 0x100 { vec![instances as u8] } else { instances.to_be_bytes().to_vec() };
    [
        tlv::element(0x81, &number),
        tlv::element(0x82, &state.memory_free().to_be_bytes()),
        tlv::element(0x83, &VOLATILE_MEMORY.to_be_bytes()),
    ]
    .concat()
}
