//! Security levels of a channel: P1 of EXTERNAL AUTHENTICATE (GPCS Table E-11; Amd D Table 7-6).

/// What protects commands and answers of an open channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct SecurityLevel(u8);

impl SecurityLevel {
    /// The level that `p1` asks for, where a protocol `scp` with parameter `i` knows it.
    pub(crate) fn new(p1: u8, scp: u8, i: u8) -> Option<Self> {
        let response_mac = scp == 3 && i & 0x20 != 0;
        let response_encryption = response_mac && i & 0x40 != 0;
        let known = match p1 {
            0x00 | 0x01 | 0x03 => true,
            0x11 | 0x13 => response_mac,
            0x33 => response_encryption,
            _ => false,
        };
        known.then_some(Self(p1))
    }

    pub(crate) fn command_mac(self) -> bool {
        self.0 & 0x01 != 0
    }

    pub(crate) fn command_encryption(self) -> bool {
        self.0 & 0x02 != 0
    }

    pub(crate) fn response_mac(self) -> bool {
        self.0 & 0x10 != 0
    }

    pub(crate) fn response_encryption(self) -> bool {
        self.0 & 0x20 != 0
    }
}
