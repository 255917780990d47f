//! What may go wrong once in a session.

use cardwright_virtual_card::PowerCut;

/// One fault, or none. Commands and messages are counted from 0, the preamble's commands with the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// nothing
    Nothing,
    /// the card loses its power
    Torn {
        /// at this command
        command: usize,
        /// when
        cut: PowerCut,
    },
    /// the line or the center fails
    Line {
        /// at this message
        message: usize,
        /// how
        how: LineFault,
    },
}

/// How line or center fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineFault {
    /// the message never comes to the center; the terminal gives up, and says so later
    RequestLost,
    /// the same, and nothing is heard of the terminal any more
    RequestLostSilently,
    /// the center's answer never comes back; the terminal gives up, and says so later
    AnswerLost,
    /// the same, and nothing is heard of the terminal any more
    AnswerLostSilently,
    /// the answer is lost, and the message comes again
    AnswerLostOnce,
    /// the center dies before the message comes to it
    DiedBefore,
    /// the center dies after its commit and before its answer; the message comes again
    DiedAfter,
}

impl LineFault {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::RequestLost,
        Self::RequestLostSilently,
        Self::AnswerLost,
        Self::AnswerLostSilently,
        Self::AnswerLostOnce,
        Self::DiedBefore,
        Self::DiedAfter,
    ];
}

impl Fault {
    pub(super) fn of_command(self, place: usize) -> Option<PowerCut> {
        match self {
            Self::Torn { command, cut } if command == place => Some(cut),
            _ => None,
        }
    }

    pub(super) fn of_message(self, place: usize) -> Option<LineFault> {
        match self {
            Self::Line { message, how } if message == place => Some(how),
            _ => None,
        }
    }

    /// Whether the terminal's farewell, where it has one, gets through.
    #[must_use]
    pub fn is_told(self) -> bool {
        let silent = [LineFault::RequestLostSilently, LineFault::AnswerLostSilently];
        !matches!(self, Self::Line { how, .. } if silent.contains(&how))
    }
}

/// The faults of a session's messages.
#[must_use]
pub fn of_the_line(messages: usize) -> Vec<Fault> {
    let of_message = |message| LineFault::ALL.map(|how| Fault::Line { message, how });
    (0..messages).flat_map(of_message).collect()
}
