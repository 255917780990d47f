//! Card Recognition Data (GPCS §H.2): which secure channel protocols a card says it has. A hint for making a card
//! product's record, never a reason to believe anything: nothing authenticates it.

use cardwright_apdu::tlv;

use crate::Error;
use crate::commands::{DataObject, read_data_object};

const WHAT: &str = "Card Recognition Data";

/// {globalPlatform}: 1.2.840.114283 (GPCS §H.1.1).
const GLOBAL_PLATFORM: [u8; 6] = [0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B];

/// What a card says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CardRecognition {
    /// version of the Card Specification, for example 2.2.1 as `[2, 2, 1]`
    pub version: Vec<u32>,
    /// protocol identifier and `i` of each secure channel protocol of the Issuer Security Domain
    pub secure_channels: Vec<(u32, u32)>,
    /// whether IIN and CIN together name the card (tag 63)
    pub identified_by_iin_and_cin: bool,
}

impl CardRecognition {
    /// Reads the answer's data to GET DATA 66, in both formats of tag 64 (GPCS Tables H-1 and H-2).
    ///
    /// # Errors
    /// `Error::Malformed`, and `Error::Content` where the data is not GlobalPlatform's.
    pub fn parse(response_data: &[u8]) -> Result<Self, Error> {
        let malformed = |source| Error::Malformed { what: WHAT, source };
        let card_data = read_data_object(DataObject::CardRecognitionData, response_data)?;
        let recognition = tlv::find(card_data, 0x73).map_err(malformed)?;
        let recognition = recognition.ok_or(Error::Content { what: WHAT, problem: "no tag 73" })?;
        let authority = tlv::find(recognition, 0x06).map_err(malformed)?;
        if authority.and_then(suffix) != Some(vec![1]) {
            return Err(Error::Content { what: WHAT, problem: "it is not GlobalPlatform's" });
        }
        let mut card = Self::default();
        for element in tlv::read_all(recognition).map_err(malformed)? {
            if !matches!(element.tag.0, 0x60 | 0x63 | 0x64) {
                continue;
            }
            for identifier in tlv::read_all(element.value).map_err(malformed)? {
                card.note(suffix(identifier.value).unwrap_or_default());
            }
        }
        Ok(card)
    }

    /// Takes what an object identifier under {globalPlatform} says (notes 2 to 4 of GPCS §H.2).
    fn note(&mut self, identifier: Vec<u32>) {
        match identifier[..] {
            [2, ref version @ ..] => self.version = version.to_vec(),
            [3] => self.identified_by_iin_and_cin = true,
            [4, protocol, i] => self.secure_channels.push((protocol, i)),
            _ => {}
        }
    }
}

/// The numbers of an object identifier after {globalPlatform} (ISO/IEC 8825-1 §8.19); `None` for another's.
fn suffix(identifier: &[u8]) -> Option<Vec<u32>> {
    let rest = identifier.strip_prefix(&GLOBAL_PLATFORM)?;
    let mut numbers = Vec::new();
    let mut number = 0u32;
    for byte in rest {
        number = number.checked_mul(0x80)? | u32::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            numbers.push(std::mem::take(&mut number));
        }
    }
    Some(numbers)
}
