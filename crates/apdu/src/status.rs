//! Status words and what they mean (ISO/IEC 7816-4 §5.6; GPCS Table 11-10 and the tables of §11).

use std::fmt;

/// SW1 SW2 of an answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusWord(pub u16);

/// What kind of answer a status word announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusClass {
    /// 9000 and 61xx
    Normal,
    /// 62xx and 63xx: done, with a remark
    Warning,
    /// 64xx to 6Fxx: not done, or not to the end
    Error,
    /// anything else; an application's own
    Proprietary,
}

impl StatusWord {
    /// 9000
    pub const SUCCESS: Self = Self(0x9000);
    /// 6310: more data available (GPCS §11.4.3.2)
    pub const MORE_DATA: Self = Self(0x6310);
    /// 6300: authentication of the host cryptogram failed (GPCS §E.5.2.8)
    pub const AUTHENTICATION_FAILED: Self = Self(0x6300);
    /// 6581: memory failure
    pub const MEMORY_FAILURE: Self = Self(0x6581);
    /// 6700
    pub const WRONG_LENGTH: Self = Self(0x6700);
    /// 6982
    pub const SECURITY_STATUS_NOT_SATISFIED: Self = Self(0x6982);
    /// 6983
    pub const AUTHENTICATION_BLOCKED: Self = Self(0x6983);
    /// 6985
    pub const CONDITIONS_NOT_SATISFIED: Self = Self(0x6985);
    /// 6999
    pub const SELECT_FAILED: Self = Self(0x6999);
    /// 6A80
    pub const WRONG_DATA: Self = Self(0x6A80);
    /// 6A81
    pub const FUNCTION_NOT_SUPPORTED: Self = Self(0x6A81);
    /// 6A82
    pub const NOT_FOUND: Self = Self(0x6A82);
    /// 6A84
    pub const NOT_ENOUGH_MEMORY: Self = Self(0x6A84);
    /// 6A86
    pub const INCORRECT_P1_P2: Self = Self(0x6A86);
    /// 6A88
    pub const REFERENCED_DATA_NOT_FOUND: Self = Self(0x6A88);
    /// 6D00
    pub const INSTRUCTION_NOT_SUPPORTED: Self = Self(0x6D00);
    /// 6E00
    pub const CLASS_NOT_SUPPORTED: Self = Self(0x6E00);

    /// The kind of answer.
    #[must_use]
    pub fn class(self) -> StatusClass {
        match self.0 >> 8 {
            0x90 if self.0 == 0x9000 => StatusClass::Normal,
            0x61 => StatusClass::Normal,
            0x62 | 0x63 => StatusClass::Warning,
            0x64..=0x6F => StatusClass::Error,
            _ => StatusClass::Proprietary,
        }
    }

    /// Whether an SCP03 card puts an R-MAC on an answer with this status: 9000, 62xx and 63xx (Amd D §6.2.5).
    #[must_use]
    pub fn carries_response_mac(self) -> bool {
        self == Self::SUCCESS || self.class() == StatusClass::Warning
    }

    /// The meaning in the standards' words.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self.0 {
            0x9000 => "success",
            0x6200 => "warning: logical channel already closed",
            0x6283 => "warning: the card or the application is locked",
            0x6300 => "authentication of the host cryptogram failed",
            0x6310 => "more data available",
            0x6400 => "execution error, no specific diagnosis",
            0x6438 => "the imported package is not available",
            0x6581 => "memory failure",
            0x6700 => "wrong length",
            0x6881 => "logical channel not supported or not active",
            0x6882 => "secure messaging not supported",
            0x6982 => "security status not satisfied",
            0x6983 => "authentication method blocked",
            0x6984 => "reference data not usable",
            0x6985 => "conditions of use not satisfied",
            0x6999 => "selection of the application failed",
            0x6A80 => "wrong data",
            0x6A81 => "function not supported, or the card is locked",
            0x6A82 => "file or application not found",
            0x6A84 => "not enough memory space",
            0x6A86 => "incorrect P1 or P2",
            0x6A88 => "referenced data not found",
            0x6D00 => "instruction not supported",
            0x6E00 => "class not supported",
            0x6F00 => "no precise diagnosis",
            0x9484 => "algorithm not supported",
            0x9485 => "key check value wrong",
            other => match other >> 8 {
                0x61 => "response bytes are still available",
                0x62 => "warning, memory unchanged",
                0x63 if other & 0xF0 == 0xC0 => "verification failed, SW2 holds the tries left",
                0x63 => "warning, memory changed",
                0x6C => "wrong Le, SW2 holds the right one",
                0x64..=0x6F => "error",
                _ => "a status word of the application's own",
            },
        }
    }
}

impl From<u16> for StatusWord {
    fn from(value: u16) -> Self {
        Self(value)
    }
}

impl fmt::Display for StatusWord {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:04X}", self.0)
    }
}

impl fmt::Debug for StatusWord {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SW {self}")
    }
}
