//! The transaction in which a script is sent: its answer to the card, then the commands with their MACs.

use cardwright_apdu::Command;
use zeroize::Zeroizing;

use super::ScriptCommand;
use super::question::{ScriptQuestion, values};
use crate::emv::cryptogram::{CryptogramVersion, response_by_method_1, working_key};
use crate::emv::dol::Dol;
use crate::emv::script::{command_mac, enciphered, session_key};

/// The authorisation response code (8A), and its value: approved (`EMV B3`, ISO 8583).
pub(super) const RESPONSE_CODE: u32 = 0x8A;
const APPROVED: [u8; 2] = *b"00";

/// What the issuer authenticates itself by (91).
const ISSUER_DATA: u32 = 0x91;

/// The bit of the interchange profile that asks for EXTERNAL AUTHENTICATE (`EMV B3`).
const ISSUER_AUTHENTICATION: u8 = 0x04;

/// P1 of the second GENERATE AC: a transaction that was approved.
const APPROVING: u8 = 0x40;

/// A transaction whose cryptogram was right. Its keys are erased when dropped.
pub struct ScriptSession<'a> {
    question: &'a ScriptQuestion,
    version: CryptogramVersion,
    counter: u16,
    cryptogram: [u8; 8],
    mac: Zeroizing<[u8; 16]>,
    encipherment: Zeroizing<[u8; 16]>,
}

impl<'a> ScriptSession<'a> {
    pub(super) fn new(
        question: &'a ScriptQuestion,
        version: CryptogramVersion,
        counter: u16,
        cryptogram: [u8; 8],
    ) -> Self {
        let [_, mac, encipherment] = &*question.keys;
        let session = |key| session_key(version, key, counter, cryptogram);
        let (mac, encipherment) = (session(mac), session(encipherment));
        Self { question, version, counter, cryptogram, mac, encipherment }
    }

    /// Everything that follows the card's answer: the transaction completed, then the script's commands.
    #[must_use]
    pub fn commands(&self) -> Vec<Command> {
        let mut commands = self.completion();
        commands.extend(self.question.commands.iter().map(|command| self.secured(command)));
        commands
    }

    /// The transaction completed and approved, and nothing changed: EXTERNAL AUTHENTICATE where the interchange profile
    /// asks for it, then the second GENERATE AC.
    #[must_use]
    pub fn completion(&self) -> Vec<Command> {
        let [key, ..] = &*self.question.keys;
        let working = working_key(self.version, key, self.counter);
        let response = response_by_method_1(&working, self.cryptogram, APPROVED);
        let data = [&response[..], &APPROVED].concat();
        let apart = self.question.interchange_profile[0] & ISSUER_AUTHENTICATION != 0;
        let list = Dol::read(&self.question.second).expect("the question was made with a list that reads");
        let given = |tag| match tag {
            RESPONSE_CODE => Some(APPROVED.to_vec()),
            ISSUER_DATA if !apart => Some(data.clone()),
            _ => None,
        };
        let transaction = values(&list, self.question.unpredictable, given);
        let external = apart.then(|| command([0x00, 0x82, 0x00, 0x00], &data));
        let second = command([0x80, 0xAE, APPROVING, 0x00], &transaction).expecting_all();
        external.into_iter().chain([second]).collect()
    }

    /// `wanted` as it is sent in this transaction: its data enciphered where it is secret, and its MAC.
    #[must_use]
    pub fn secured(&self, wanted: &ScriptCommand) -> Command {
        let data = match wanted.is_secret() {
            true => enciphered(self.version, &self.encipherment, wanted.data()),
            false => wanted.data().to_vec(),
        };
        let [class, instruction, first, second] = wanted.head();
        let length = (data.len() + crate::emv::script::MAC) as u8;
        let header = [class, instruction, first, second, length];
        let mac = command_mac(&self.mac, header, self.counter, self.cryptogram, &data);
        command(wanted.head(), &[&data[..], &mac].concat())
    }

    /// How many script commands [`ScriptSession::commands`] ends in: what the card is to count.
    #[must_use]
    pub fn changes(&self) -> usize {
        self.question.commands.len()
    }
}

fn command([class, instruction, first, second]: [u8; 4], data: &[u8]) -> Command {
    let command = Command::new(class, instruction, first, second).with_data(data);
    command.expect("records of a script were held to 247 bytes, values of a list to 252")
}
