//! STORE DATA (GPCS §11.11): to the application of a personalization, otherwise to the Security Domain itself.

use cardwright_apdu::{Aid, Command, Dgi, Response, StatusWord, tlv};

use crate::applications;
use crate::memory::{Memory, Stop};
use crate::state::{CardState, DataObject};
use crate::volatile::Volatile;

/// INSTALL [for personalization] named this application.
pub(crate) struct Personalization {
    pub(crate) application: Aid,
}

/// Takes one block. A rejected one brings the block number back to 00 (GPCS §11.11.2.2).
pub(super) fn store_data(memory: &mut Memory, volatile: &mut Volatile, command: &Command) -> Result<Response, Stop> {
    let expected = std::mem::take(&mut volatile.next_block);
    if command.header.p2 != expected {
        return Err(StatusWord::INCORRECT_P1_P2.into());
    }
    let p1 = command.header.p1;
    match (&volatile.personalization, volatile.channel.open()) {
        (Some(personalization), Some(session)) => {
            applications::store_data(memory, &personalization.application, p1, command.data(), session)?;
        }
        _ => store_own(memory, p1, command.data())?,
    }
    if p1 & 0x80 != 0 {
        volatile.personalization = None;
    } else {
        volatile.next_block = expected.wrapping_add(1);
    }
    Ok(Response::new([], StatusWord::SUCCESS))
}

/// The Security Domain's own data objects: BER-TLV, or inside DGI 0070 (GPCS §11.11.2.3), in one write.
fn store_own(memory: &mut Memory, p1: u8, data: &[u8]) -> Result<(), Stop> {
    let groupings;
    let bytes = match p1 & 0x78 {
        0x00 | 0x10 => data,
        0x08 => {
            groupings = Dgi::read_all(data).map_err(|_| StatusWord::WRONG_DATA)?;
            match &groupings[..] {
                [template] if template.identifier == 0x0070 => &template.data,
                _ => return Err(StatusWord::REFERENCED_DATA_NOT_FOUND.into()),
            }
        }
        _ => return Err(StatusWord::INCORRECT_P1_P2.into()),
    };
    let elements = tlv::read_all(bytes).map_err(|_| StatusWord::WRONG_DATA)?;
    let objects: Vec<DataObject> =
        elements.iter().map(|element| DataObject { tag: element.tag.0, value: element.value.to_vec() }).collect();
    check_own(memory.read(), &objects)?;
    memory.write(|state| objects.into_iter().for_each(|object| keep(state, object)))
}

/// Numbers, AID, card data, capabilities and URL can be stored; what the card computes cannot.
fn check_own(state: &CardState, objects: &[DataObject]) -> Result<(), StatusWord> {
    if objects.is_empty() {
        return Err(StatusWord::WRONG_DATA);
    }
    for object in objects {
        match object.tag {
            0x42 | 0x45 | 0x66 | 0x67 | 0x5F50 => {}
            0x4F => {
                let aid = Aid::new(&object.value).map_err(|_| StatusWord::WRONG_DATA)?;
                if state.application(&aid).is_some() || state.package(&aid).is_some() {
                    return Err(StatusWord::WRONG_DATA);
                }
            }
            _ => return Err(StatusWord::REFERENCED_DATA_NOT_FOUND),
        }
    }
    let growth: usize = objects.iter().map(|object| object.value.len() + 8).sum();
    if growth <= state.memory_free() as usize { Ok(()) } else { Err(StatusWord::NOT_ENOUGH_MEMORY) }
}

fn keep(state: &mut CardState, object: DataObject) {
    match (object.tag, Aid::new(&object.value)) {
        (0x4F, Ok(aid)) => state.security_domain = aid,
        _ => {
            state.data_objects.retain(|old| old.tag != object.tag);
            state.data_objects.push(object);
        }
    }
}
