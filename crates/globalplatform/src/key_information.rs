//! The Key Information Template (GPCS §11.3.3.1.1): which keys a Security Domain says it has.

use cardwright_apdu::tlv;

use crate::Error;
use crate::commands::{DataObject, read_data_object};

const WHAT: &str = "the Key Information Template";

/// One key (GPCS Tables 11-28 and 11-29).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyInformation {
    /// key identifier
    pub identifier: u8,
    /// key version number
    pub version: u8,
    /// type (GPCS Table 11-16; of an extended type the second byte) and length in bytes of each component
    pub components: Vec<(u8, u16)>,
}

/// Reads the answer's data to GET DATA E0.
///
/// # Errors
/// `Error::Malformed`, and `Error::Content` for an entry that is cut or has no component, for a key that is there twice,
/// and for anything that is no entry.
pub fn read_key_information(response_data: &[u8]) -> Result<Vec<KeyInformation>, Error> {
    let template = read_data_object(DataObject::KeyInformation, response_data)?;
    let entries = tlv::read_all(template).map_err(|source| Error::Malformed { what: WHAT, source })?;
    let content = |problem| Error::Content { what: WHAT, problem };
    let mut keys: Vec<KeyInformation> = Vec::with_capacity(entries.len());
    for entry in entries {
        if entry.tag.0 != 0xC0 {
            return Err(content("an element that is no key (C0)"));
        }
        let key = read_entry(entry.value).ok_or(content("an entry that is cut"))?;
        if keys.iter().any(|known| (known.version, known.identifier) == (key.version, key.identifier)) {
            return Err(content("a key is there twice"));
        }
        keys.push(key);
    }
    Ok(keys)
}

fn read_entry(value: &[u8]) -> Option<KeyInformation> {
    let (head, components) = value.split_first_chunk::<2>()?;
    let [identifier, version] = *head;
    let components = if components.first()? == &0xFF { extended(components)? } else { basic(components)? };
    Some(KeyInformation { identifier, version, components })
}

/// Type 1, length 1, for each component.
fn basic(components: &[u8]) -> Option<Vec<(u8, u16)>> {
    let pairs = components.chunks_exact(2);
    let whole = pairs.remainder().is_empty() && pairs.clone().all(|pair| pair[0] != 0xFF);
    whole.then(|| pairs.map(|pair| (pair[0], u16::from(pair[1]))).collect())
}

/// FF, type 1, length 2, for each component; then usage and access, each behind its length of one byte.
fn extended(mut rest: &[u8]) -> Option<Vec<(u8, u16)>> {
    let mut components = Vec::new();
    while let [0xFF, kind, high, low, after @ ..] = rest {
        components.push((*kind, u16::from_be_bytes([*high, *low])));
        rest = after;
    }
    let (usage_length, rest) = rest.split_first()?;
    let (access_length, access) = rest.get(usize::from(*usage_length)..)?.split_first()?;
    (access.len() == usize::from(*access_length)).then_some(components)
}
