//! SET STATUS (GPCS §11.10). A request for the state that holds already is refused by the card, so none of these
//! can be repeated.

use cardwright_apdu::{Aid, Command};

use crate::channel::with_short_data;
use crate::plan::{Content, PlannedCommand};

/// The card's life cycle state (GPCS Table 11-6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CardState {
    /// 01
    OpReady,
    /// 07
    Initialized,
    /// 0F
    Secured,
    /// 7F: reached from SECURED only (GPCS §5.1.1.4), and left again
    Locked,
    /// FF: never left again
    Terminated,
}

impl CardState {
    /// P2 of SET STATUS, and the life cycle state in GET STATUS.
    #[must_use]
    pub fn byte(self) -> u8 {
        match self {
            Self::OpReady => 0x01,
            Self::Initialized => 0x07,
            Self::Secured => 0x0F,
            Self::Locked => 0x7F,
            Self::Terminated => 0xFF,
        }
    }

    /// The state that `byte` codes; `None` for the values between.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        [Self::OpReady, Self::Initialized, Self::Secured, Self::Locked, Self::Terminated]
            .into_iter()
            .find(|state| state.byte() == byte)
    }
}

/// Brings the card to `state`.
#[must_use]
pub fn set_card_state(state: CardState) -> PlannedCommand {
    PlannedCommand::new(Command::new(0x80, 0xF0, 0x80, state.byte()), Content::Management)
}

/// Locks an application: it can be selected no more.
#[must_use]
pub fn lock_application(aid: &Aid) -> PlannedCommand {
    application(aid, 0x80)
}

/// Brings a locked application back to the state it had. Only its Security Domain or one with Global Lock may.
#[must_use]
pub fn unlock_application(aid: &Aid) -> PlannedCommand {
    application(aid, 0x00)
}

/// Bit 8 of P2 says locked or back; the other bits are ignored (GPCS §11.10.2.2).
fn application(aid: &Aid, p2: u8) -> PlannedCommand {
    let command = with_short_data(Command::new(0x80, 0xF0, 0x40, p2), aid.as_bytes());
    PlannedCommand::new(command, Content::Management)
}
