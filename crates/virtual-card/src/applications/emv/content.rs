//! Which groupings there are, how each travels, and what each must look like.

use cardwright_apdu::tlv;

use super::Module;
use super::cryptogram::Version;
use super::data_objects::{AnswerToGpo, Dol, record_content};
use super::groupings::{INTERNAL, KEY_CHECK_VALUES, KEYS, PIN, PIN_TRIES};
use super::pin::Pin;
use crate::block_cipher::{BlockCipher, unpad};
use crate::secret::Secret;

/// Bytes of an FCI proprietary template that leave room for the FCI around it.
const LONGEST_TEMPLATE: usize = 232;
/// A key part of 1984 bits and its padding to whole AES blocks.
const LONGEST_KEY_PART: usize = 256;

/// What is known of a grouping before it has arrived.
pub(super) struct Rule {
    /// bytes on the way, at most
    pub(super) longest: usize,
    /// `None`: it travels in clear
    pub(super) under_dek: Option<DekForm>,
}

/// How a grouping fills the blocks of the DEK's cipher.
#[derive(Debug, Clone, Copy)]
pub(super) enum DekForm {
    /// so many bytes; padded with 80 00 .. where these are no whole blocks, and only there
    Exactly(usize),
    /// always padded with 80 00 ..
    Padded,
}

/// The rule for a grouping that `module` knows.
pub(super) fn rule(module: Module, identifier: u16) -> Option<Rule> {
    let clear = |longest| Some(Rule { longest, under_dek: None });
    let encrypted = |longest, form| Some(Rule { longest, under_dek: Some(form) });
    match (module, identifier) {
        (_, 0x0101..=0x1EFF) if identifier & 0xFF != 0 => clear(254),
        (_, 0x9102 | 0x9103) => clear(LONGEST_TEMPLATE),
        (Module::Environment, _) => None,
        (_, KEYS) => encrypted(48, DekForm::Exactly(48)),
        (_, KEY_CHECK_VALUES) => clear(9),
        (_, PIN) => encrypted(16, DekForm::Exactly(8)),
        (_, PIN_TRIES) => clear(2),
        (_, 0x8101 | 0x8102 | 0x8201..=0x8205 | 0x8301..=0x8305) => encrypted(LONGEST_KEY_PART, DekForm::Padded),
        (_, 0x8103 | 0x8104) => clear(248),
        (_, 0x9104 | 0x9204) => clear(248),
        (_, INTERNAL) => clear(254),
        _ => None,
    }
}

/// Whether `content` is what a grouping with a rule may hold.
pub(super) fn is_well_formed(module: Module, identifier: u16, content: &[u8]) -> bool {
    match identifier {
        0x0101..=0x0AFF => record_content(content).is_some(),
        0x0B01..=0x1EFF => !content.is_empty(),
        0x9102 | 0x9103 => is_template(module, content),
        KEYS => content.len() == 48,
        KEY_CHECK_VALUES => content.len() == 9,
        PIN => Pin::parse(content).is_some(),
        PIN_TRIES => matches!(content, [tries, limit] if tries <= limit && (1..=15).contains(limit)),
        0x8103 | 0x8104 => (64..=248).contains(&content.len()) && content[0] & 0x80 != 0,
        0x9104 | 0x9204 => AnswerToGpo::parse(content).is_some(),
        INTERNAL => is_internal_data(content),
        _ => !content.is_empty(),
    }
}

/// `A5 {..}`, whose PDOL is a list; an environment's names its directory: the file (88) or the entries (BF0C).
fn is_template(module: Module, content: &[u8]) -> bool {
    let Ok(template) = tlv::read_one(content) else { return false };
    if template.tag.0 != 0xA5 || tlv::read_all(template.value).is_err() {
        return false;
    }
    let find = |tag| tlv::find(template.value, tag).ok().flatten();
    match module {
        Module::Payment => find(0x9F38).is_none_or(|list| Dol::parse(list).is_some()),
        Module::Environment => match (find(0x88), find(0xBF0C)) {
            (Some(file), _) => matches!(file, [1..=10]),
            (None, entries) => entries.is_some(),
        },
    }
}

/// Issuer application data (9F10), lower and upper consecutive offline limit (9F58, 9F59), log format (9F4F).
fn is_internal_data(content: &[u8]) -> bool {
    let Ok(elements) = tlv::read_all(content) else { return false };
    let known = elements.iter().all(|element| match element.tag.0 {
        0x9F10 => Version::of(element.value).is_some(),
        0x9F58 | 0x9F59 => element.value.len() == 1,
        0x9F4F => Dol::parse(element.value).is_some(),
        _ => false,
    });
    let once =
        elements.iter().enumerate().all(|(at, element)| elements[..at].iter().all(|other| other.tag != element.tag));
    let find = |tag| elements.iter().find(|element| element.tag.0 == tag).map(|element| element.value);
    let limits = match (find(0x9F58), find(0x9F59)) {
        (None, None) => true,
        (Some(lower), Some(upper)) => lower <= upper,
        _ => false,
    };
    known && once && limits && find(0x9F10).is_some()
}

/// What stands before 80 00 .., which takes `block` bytes at most.
pub(super) fn without_padding(padded: &Secret, block: usize) -> Option<Secret> {
    unpad(padded.expose(), block).map(|content| Secret::new(content.to_vec()))
}

/// The check values of AC, MAC and ENC key: the first 3 bytes of 3DES of 8 bytes 00.
pub(super) fn check_values(keys: &[u8]) -> Vec<u8> {
    keys.chunks(16)
        .flat_map(|key| {
            let mut block = [0; 8];
            if let Some(cipher) = BlockCipher::triple_des(key) {
                cipher.encrypt_block(&mut block);
            }
            [block[0], block[1], block[2]]
        })
        .collect()
}
