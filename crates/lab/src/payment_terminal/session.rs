//! What a purchase carries from step to step: the link, what the card said, and what the terminal knows.

use std::collections::BTreeMap;

use cardwright_apdu::Command;

use super::data::CardData;
use super::fault::Wrong;
use super::link::{Link, Response, exchange};
use super::object_list::ObjectList;
use super::public_key::PublicKey;
use super::report::Record;
use super::settings::{Purchase, Terminal};

/// A bit of the terminal verification results (B3 §C5): byte, counted from 1, and mask.
pub(super) type Bit = (usize, u8);

pub(super) struct Session<'a> {
    pub(super) terminal: &'a Terminal,
    pub(super) purchase: &'a Purchase,
    link: &'a mut dyn Link,
    pub(super) card: CardData,
    /// the application interchange profile (82)
    pub(super) profile: [u8; 2],
    pub(super) records: Vec<Record>,
    pub(super) dedicated_file_name: Vec<u8>,
    /// the values that the PDOL asked for, as they were sent
    pub(super) options: Vec<u8>,
    /// what the card signed once for all (B3 §10.3)
    pub(super) static_data: Vec<u8>,
    pub(super) issuer_key: Option<PublicKey>,
    pub(super) card_key: Option<PublicKey>,
    terminal_data: BTreeMap<u32, Vec<u8>>,
    /// terminal verification results (95)
    pub(super) verification_results: [u8; 5],
    /// transaction status information (9B)
    pub(super) status: [u8; 2],
}

impl<'a> Session<'a> {
    pub(super) fn new(link: &'a mut dyn Link, terminal: &'a Terminal, purchase: &'a Purchase) -> Self {
        let mut session = Self {
            terminal,
            purchase,
            link,
            card: CardData::default(),
            profile: [0; 2],
            records: Vec::new(),
            dedicated_file_name: Vec::new(),
            options: Vec::new(),
            static_data: Vec::new(),
            issuer_key: None,
            card_key: None,
            terminal_data: terminal_data(terminal, purchase),
            verification_results: [0; 5],
            status: [0; 2],
        };
        session.note_results();
        session
    }

    /// Sends a command, and fetches its response to the end.
    pub(super) fn exchange(&mut self, command: &Command) -> Result<Response, Wrong> {
        exchange(self.link, command)
    }

    /// Sends a command whose data may be empty, and asks for everything.
    pub(super) fn send(&mut self, header: [u8; 4], data: &[u8]) -> Result<Response, Wrong> {
        let [class, instruction, first, second] = header;
        let command = Command::new(class, instruction, first, second)
            .with_data(data)
            .map_err(|error| Wrong::structure("command", error))?;
        self.exchange(&command.expecting_all())
    }

    /// Sends a command that has no answer but its status.
    pub(super) fn tell(&mut self, header: [u8; 4], data: &[u8]) -> Result<u16, Wrong> {
        let [class, instruction, first, second] = header;
        let command = Command::new(class, instruction, first, second)
            .with_data(data)
            .map_err(|error| Wrong::structure("command", error))?;
        Ok(self.exchange(&command)?.status)
    }

    /// A data object of the terminal's own.
    pub(super) fn set(&mut self, tag: u32, value: &[u8]) {
        self.terminal_data.insert(tag, value.to_vec());
    }

    pub(super) fn terminal_value(&self, tag: u32) -> Option<&[u8]> {
        self.terminal_data.get(&tag).map(Vec::as_slice)
    }

    /// Sets a bit of the terminal verification results.
    pub(super) fn note(&mut self, (byte, mask): Bit) {
        self.verification_results[byte - 1] |= mask;
        self.note_results();
    }

    /// Sets a bit of the first byte of the transaction status information.
    pub(super) fn done(&mut self, mask: u8) {
        self.status[0] |= mask;
        self.note_results();
    }

    fn note_results(&mut self) {
        let (results, status) = (self.verification_results, self.status);
        self.set(0x95, &results);
        self.set(0x9B, &status);
    }

    /// The values that a list asks for: the terminal's own before the card's.
    pub(super) fn fill(&self, list: &ObjectList) -> Vec<u8> {
        list.fill(|tag| self.terminal_value(tag).or_else(|| self.card.get(tag)))
    }
}

fn terminal_data(terminal: &Terminal, purchase: &Purchase) -> BTreeMap<u32, Vec<u8>> {
    let values: [(u32, &[u8]); 22] = [
        (0x81, &(purchase.amount as u32).to_be_bytes()),
        (0x9A, &purchase.day.digits()),
        (0x9C, &[purchase.kind]),
        (0x5F2A, &purchase.currency.to_be_bytes()),
        (0x5F36, &[2]),
        (0x9F01, &[0, 0, 0, 0, 0, 1]),
        (0x9F02, &amount(purchase.amount)),
        (0x9F03, &amount(purchase.other_amount)),
        (0x9F04, &(purchase.other_amount as u32).to_be_bytes()),
        (0x9F09, &terminal.version),
        (0x9F15, &[0x53, 0x31]),
        (0x9F16, b"CARDWRIGHT SHOP"),
        (0x9F1A, &terminal.country.to_be_bytes()),
        (0x9F1B, &(terminal.floor_limit as u32).to_be_bytes()),
        (0x9F1C, b"LAB00001"),
        (0x9F1E, b"00000001"),
        (0x9F21, &purchase.time),
        (0x9F33, &terminal.capabilities),
        (0x9F35, &[terminal.kind]),
        (0x9F37, &purchase.unpredictable_number),
        (0x9F40, &terminal.additional_capabilities),
        (0x9F66, &terminal.qualifiers),
    ];
    values.into_iter().map(|(tag, value)| (tag, value.to_vec())).collect()
}

/// Twelve digits in six bytes.
fn amount(mut value: u64) -> [u8; 6] {
    let mut digits = [0; 6];
    for byte in digits.iter_mut().rev() {
        *byte = ((value % 100 / 10) << 4 | (value % 10)) as u8;
        value /= 100;
    }
    digits
}
