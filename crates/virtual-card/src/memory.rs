//! Persistent memory: every change is one atomic write, and the power may fail between two of them.

use cardwright_apdu::StatusWord;

use crate::state::CardState;

/// Why a command ended without the answer it was meant to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// the card refuses
    Refused(StatusWord),
    /// the power failed: no answer, no further write
    PowerLost,
}

impl From<StatusWord> for Stop {
    fn from(status: StatusWord) -> Self {
        Self::Refused(status)
    }
}

/// The state and the only way to change it.
pub(crate) struct Memory {
    state: CardState,
    writes: u64,
    /// writes that are left before the power fails
    power: Option<u64>,
}

impl Memory {
    pub(crate) fn new(state: CardState) -> Self {
        Self { state, writes: 0, power: None }
    }

    /// The state.
    pub(crate) fn read(&self) -> &CardState {
        &self.state
    }

    pub(crate) fn into_state(self) -> CardState {
        self.state
    }

    /// Changes the state by one atomic write.
    ///
    /// # Errors
    /// `Stop::PowerLost` where the power failed before it: nothing is changed.
    pub(crate) fn write<R>(&mut self, change: impl FnOnce(&mut CardState) -> R) -> Result<R, Stop> {
        match &mut self.power {
            Some(0) => return Err(Stop::PowerLost),
            Some(left) => *left -= 1,
            None => {}
        }
        self.writes += 1;
        Ok(change(&mut self.state))
    }

    /// Writes since the card was made or loaded.
    pub(crate) fn writes(&self) -> u64 {
        self.writes
    }

    /// Lets the power fail before the write after the next `writes`; `None`: it holds.
    pub(crate) fn limit_power(&mut self, writes: Option<u64>) {
        self.power = writes;
    }
}
