//! How long a command takes: the card says, the edge waits.

use std::time::Duration;

use crate::product::Timing;

/// Figures of one chip and line, in microseconds.
struct Figures {
    /// one character on the line: 12 elementary time units of T=1 at 115,200 baud are 104 µs
    character: u64,
    /// characters that a T=1 block adds to command and answer: NAD, PCB, LEN, LRC (ISO/IEC 7816-3 §11.3)
    block: u64,
    /// dispatch, MAC and decryption
    command: u64,
    /// one atomic write to flash
    write: u64,
}

const MODERN: Figures = Figures { character: 104, block: 4, command: 6_000, write: 2_500 };

impl Timing {
    /// The time for a command of `command` bytes that is answered by `answer` bytes after `writes` writes.
    #[must_use]
    pub fn duration(self, command: usize, answer: usize, writes: u64) -> Duration {
        match self {
            Self::None => Duration::ZERO,
            Self::Modern115200 => {
                let characters = (command + answer) as u64 + 2 * MODERN.block;
                Duration::from_micros(characters * MODERN.character + MODERN.command + writes * MODERN.write)
            }
        }
    }
}
