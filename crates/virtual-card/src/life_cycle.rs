//! Life cycles of card and applications, and their coding (GPCS §5, §11.1.1).

use serde::{Deserialize, Serialize};

/// The card's life cycle, which the Issuer Security Domain inherits (GPCS §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CardLifeCycle {
    /// 01
    OpReady,
    /// 07
    Initialized,
    /// 0F
    Secured,
    /// 7F
    CardLocked,
    /// FF
    Terminated,
}

impl CardLifeCycle {
    /// The state that `code` names (GPCS Table 11-6).
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            0x01 => Some(Self::OpReady),
            0x07 => Some(Self::Initialized),
            0x0F => Some(Self::Secured),
            0x7F => Some(Self::CardLocked),
            0xFF => Some(Self::Terminated),
            _ => None,
        }
    }

    /// The code (GPCS Table 11-6).
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::OpReady => 0x01,
            Self::Initialized => 0x07,
            Self::Secured => 0x0F,
            Self::CardLocked => 0x7F,
            Self::Terminated => 0xFF,
        }
    }

    /// Whether a Security Domain may bring the card from here to `next` (GPCS Figure 5-1).
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::OpReady, Self::Initialized)
                | (Self::Initialized, Self::Secured)
                | (Self::Secured, Self::CardLocked)
                | (Self::CardLocked, Self::Secured)
                | (Self::OpReady | Self::Initialized | Self::Secured | Self::CardLocked, Self::Terminated)
        )
    }

    /// Whether card content and keys may be changed (GPCS §5.1.1.4, §5.1.1.5).
    #[must_use]
    pub fn allows_changes(self) -> bool {
        !matches!(self, Self::CardLocked | Self::Terminated)
    }
}

/// Where an application stands (GPCS §5.3.1), apart from being locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApplicationState {
    /// 03
    Installed,
    /// 07
    Selectable,
    /// 0F: the application's own, set by itself when it has all its data; it is selectable too
    Personalized,
}

impl ApplicationState {
    /// Whether INSTALL [for make selectable] is behind it: there is no way back (GPCS §5.3.1.2).
    #[must_use]
    pub fn is_selectable(self) -> bool {
        matches!(self, Self::Selectable | Self::Personalized)
    }

    /// The code, with bit 8 where the application is locked (GPCS Table 11-4).
    #[must_use]
    pub fn code(self, locked: bool) -> u8 {
        let code = match self {
            Self::Installed => 0x03,
            Self::Selectable => 0x07,
            Self::Personalized => 0x0F,
        };
        if locked { code | 0x80 } else { code }
    }
}
