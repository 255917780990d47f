//! GET DATA and PUT DATA (SP 800-73-5 part 2 §3.1.2, §3.3.1), and which object needs the PIN (part 1 Table 2).

use cardwright_apdu::{Aid, Command, StatusWord, tlv};

use super::{Answer, Visit, nothing};
use crate::memory::Stop;
use crate::secret::Secret;

const TAG_LIST: u32 = 0x5C;
const DATA: u32 = 0x53;
const DISCOVERY: u32 = 0x7E;
const BIOMETRIC_GROUP: u32 = 0x7F61;
/// PIN usage policy: the application's own PIN, and nothing else (part 1 §3.3.2).
const PIN_POLICY: [u8; 2] = [0x40, 0x00];

/// Who may read an object.
#[derive(PartialEq, Eq)]
enum Access {
    Always,
    Pin,
}

/// `None`: there is no such object.
fn access(tag: u32) -> Option<Access> {
    match tag {
        // fingerprints, face, printed information, iris, pairing code
        0x5F_C1_03 | 0x5F_C1_08 | 0x5F_C1_09 | 0x5F_C1_21 | 0x5F_C1_23 => Some(Access::Pin),
        0x5F_C1_01..=0x5F_C1_22 if tag != 0x5F_C1_04 => Some(Access::Always),
        BIOMETRIC_GROUP => Some(Access::Always),
        _ => None,
    }
}

impl Visit<'_> {
    /// `5C tag` answers `53 {content}`, `7E {..}` or `7F61 {..}`. The discovery object is always there.
    pub(super) fn get_data(&self, command: &Command) -> Result<Answer, StatusWord> {
        require_current_application(command)?;
        let list = tlv::read_one(command.data()).ok().filter(|list| list.tag.0 == TAG_LIST);
        let tag = number(list.ok_or(StatusWord::WRONG_DATA)?.value).ok_or(StatusWord::NOT_FOUND)?;
        if tag == DISCOVERY {
            return Ok(Answer::new(tlv::element(DISCOVERY, &discovery(self.aid))));
        }
        let access = access(tag).ok_or(StatusWord::NOT_FOUND)?;
        if access == Access::Pin && !self.session.pin_verified {
            return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED);
        }
        let content = self.data()?.object(tag).ok_or(StatusWord::NOT_FOUND)?;
        let outer = if tag == BIOMETRIC_GROUP { BIOMETRIC_GROUP } else { DATA };
        Ok(Answer::new(tlv::element(outer, content)))
    }

    /// `5C tag 53 {content}` replaces an object as a whole, empty content removes it; `7F61 {..}` and `7E {..}` name
    /// themselves. The discovery object may be written as what it is, and not otherwise. With its certificate a key
    /// that waited takes its place, in the same write.
    pub(super) fn put_data(&mut self, command: &Command) -> Result<Answer, Stop> {
        self.require_administrator()?;
        require_current_application(command)?;
        let (tag, content) = named_content(command.data())?;
        if tag == DISCOVERY {
            return if content == discovery(self.aid) { Ok(nothing()) } else { Err(StatusWord::WRONG_DATA.into()) };
        }
        if access(tag).is_none() {
            return Err(StatusWord::FUNCTION_NOT_SUPPORTED.into());
        }
        let held = self.data()?.object(tag).map_or(0, |old| old.len() + 8);
        self.require_memory((content.len() + 8).saturating_sub(held))?;
        let certified = self.data()?.certified_by(tag, content);
        let value = Secret::new(content.to_vec());
        self.write(|data| {
            data.keep_object(tag, value);
            if let Some(reference) = certified {
                data.put_in_use(reference);
            }
        })?;
        Ok(nothing())
    }
}

fn require_current_application(command: &Command) -> Result<(), StatusWord> {
    match (command.header.p1, command.header.p2) {
        (0x3F, 0xFF) => Ok(()),
        _ => Err(StatusWord::INCORRECT_P1_P2),
    }
}

/// The object that PUT DATA writes. A sender that knows no exceptions may wrap 7E and 7F61 as the others.
fn named_content(data: &[u8]) -> Result<(u32, &[u8]), StatusWord> {
    let elements = tlv::read_all(data).map_err(|_| StatusWord::WRONG_DATA)?;
    match elements[..] {
        [itself] if matches!(itself.tag.0, DISCOVERY | BIOMETRIC_GROUP) => Ok((itself.tag.0, itself.value)),
        [list, content] if (list.tag.0, content.tag.0) == (TAG_LIST, DATA) => {
            Ok((number(list.value).ok_or(StatusWord::FUNCTION_NOT_SUPPORTED)?, content.value))
        }
        _ => Err(StatusWord::WRONG_DATA),
    }
}

/// A tag of 1 to 3 bytes as a number.
fn number(tag: &[u8]) -> Option<u32> {
    matches!(tag.len(), 1..=3).then(|| tag.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
}

/// `4F AID, 5F2F policy`.
fn discovery(aid: &Aid) -> Vec<u8> {
    [tlv::element(0x4F, aid.as_bytes()), tlv::element(0x5F2F, &PIN_POLICY)].concat()
}
