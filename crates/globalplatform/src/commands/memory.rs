//! What a load file asks of a card's memory: system specific parameters of INSTALL [for load] (GPCS Table 11-48).

use cardwright_apdu::tlv;

/// The largest number that is written in two bytes; above it there are four (GPCS §11.5.2.3.7).
const LARGEST_IN_TWO_BYTES: u32 = 0x7FFF;

/// Memory that must be free before a load file comes, in bytes. A card that manages memory refuses the load with 6A84
/// where it has less; one that does not may ignore all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MemoryRequirement {
    /// C6: non-volatile memory for code
    pub non_volatile_code: Option<u32>,
    /// C7: volatile memory
    pub volatile_data: Option<u32>,
    /// C8: non-volatile memory for data. A card that does not tell code from data takes the sum of C6 and C8
    pub non_volatile_data: Option<u32>,
}

impl MemoryRequirement {
    /// The parameters field of INSTALL [for load]: a template EF, or nothing where nothing is required.
    #[must_use]
    pub fn load_parameters(&self) -> Vec<u8> {
        let tagged = [(0xC6, self.non_volatile_code), (0xC7, self.volatile_data), (0xC8, self.non_volatile_data)];
        let mut requirements = Vec::new();
        for (tag, bytes) in tagged {
            if let Some(bytes) = bytes {
                let number = bytes.to_be_bytes();
                let number = if bytes <= LARGEST_IN_TWO_BYTES { &number[2..] } else { &number[..] };
                tlv::write(&mut requirements, tag, number);
            }
        }
        if requirements.is_empty() { requirements } else { tlv::element(0xEF, &requirements) }
    }
}
