//! The dynamic authentication template of GENERAL AUTHENTICATE (SP 800-73-5 part 2 §3.2.4).

use cardwright_apdu::{StatusWord, tlv};

use super::Answer;

/// Tag of the template.
const TEMPLATE: u32 = 0x7C;

/// What a template `7C` holds; each at most once.
#[derive(Default)]
pub(super) struct Template<'a> {
    /// 80
    pub(super) witness: Option<&'a [u8]>,
    /// 81
    pub(super) challenge: Option<&'a [u8]>,
    /// 82; empty: asks for one
    pub(super) response: Option<&'a [u8]>,
    /// 85
    pub(super) exponentiation: Option<&'a [u8]>,
}

impl<'a> Template<'a> {
    /// 6A80 where `data` is no such template.
    pub(super) fn read(data: &'a [u8]) -> Result<Self, StatusWord> {
        let outer = tlv::read_one(data).ok().filter(|outer| outer.tag.0 == TEMPLATE).ok_or(StatusWord::WRONG_DATA)?;
        let mut template = Self::default();
        for element in tlv::read_all(outer.value).map_err(|_| StatusWord::WRONG_DATA)? {
            let place = match element.tag.0 {
                0x80 => &mut template.witness,
                0x81 => &mut template.challenge,
                0x82 => &mut template.response,
                0x85 => &mut template.exponentiation,
                _ => return Err(StatusWord::WRONG_DATA),
            };
            if place.replace(element.value).is_some() {
                return Err(StatusWord::WRONG_DATA);
            }
        }
        Ok(template)
    }
}

/// A template that holds `value` under `tag`.
pub(super) fn answer(tag: u32, value: &[u8]) -> Answer {
    let inner = Answer::new(tlv::element(tag, value));
    Answer::new(tlv::element(TEMPLATE, &inner))
}
