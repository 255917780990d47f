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
    /// whatever comes
    Random(Chance),
}

/// Chance from a seed: every command and every message of a session goes wrong so often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chance {
    /// another one for each session
    pub seed: u64,
    /// of a hundred commands and messages
    pub of_a_hundred: u64,
}

impl Chance {
    /// A number that hangs on the seed, `what` and `place` alone (SplitMix64).
    fn number(self, what: u64, place: usize) -> u64 {
        let mut value = self.seed ^ what.wrapping_mul(0xBF58_476D_1CE4_E5B9) ^ (place as u64).rotate_left(40);
        value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
        value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        value ^ (value >> 31)
    }

    fn command(self, place: usize) -> Option<PowerCut> {
        let number = self.number(1, place);
        let cuts = [PowerCut::Before, PowerCut::AfterWrites(0), PowerCut::AfterWrites(1), PowerCut::BeforeAnswer];
        (number % 100 < self.of_a_hundred).then(|| cuts[(number / 100 % 4) as usize])
    }

    fn message(self, place: usize) -> Option<LineFault> {
        let number = self.number(2, place);
        let how = LineFault::ALL[(number / 100) as usize % LineFault::ALL.len()];
        (number % 100 < self.of_a_hundred).then_some(how)
    }
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
            Self::Random(chance) => chance.command(place),
            _ => None,
        }
    }

    pub(super) fn of_message(self, place: usize) -> Option<LineFault> {
        match self {
            Self::Line { message, how } if message == place => Some(how),
            Self::Random(chance) => chance.message(place),
            _ => None,
        }
    }

    /// Whether the terminal's farewell, where it has one, gets through.
    #[must_use]
    pub fn is_told(self) -> bool {
        let silent = [LineFault::RequestLostSilently, LineFault::AnswerLostSilently];
        match self {
            Self::Line { how, .. } => !silent.contains(&how),
            Self::Random(chance) => chance.number(3, 0) % 2 == 0,
            Self::Nothing | Self::Torn { .. } => true,
        }
    }
}

/// The faults of a session's messages.
#[must_use]
pub fn of_the_line(messages: usize) -> Vec<Fault> {
    let of_message = |message| LineFault::ALL.map(|how| Fault::Line { message, how });
    (0..messages).flat_map(of_message).collect()
}
