//! The way to the card: raw commands and responses, and what 61xx and 6Cxx ask for in between.

use std::ffi::CString;

use cardwright_apdu::Command;
use thiserror::Error;

use super::fault::Wrong;
use super::settings::Interface;

/// Carries one command to the card and brings its response, status word last.
pub trait Link {
    /// Sends the bytes of a command APDU; answers with the bytes of the response APDU.
    ///
    /// # Errors
    /// The card did not answer.
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkFailure>;
}

/// Nobody answered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("link: {0}")]
pub struct LinkFailure(pub String);

/// A card in a PC/SC reader.
pub struct PcscLink {
    card: pcsc::Card,
}

impl PcscLink {
    /// Connects to the card in the reader of this name, of the daemon that `PCSCLITE_CSOCK_NAME` names.
    ///
    /// # Errors
    /// No daemon, no such reader, or no card in it.
    pub fn connect(reader: &str) -> Result<Self, LinkFailure> {
        let failed = |error: pcsc::Error| LinkFailure(format!("{reader}: {error}"));
        let name = CString::new(reader).map_err(|_| LinkFailure("a reader's name without 00".to_owned()))?;
        let context = pcsc::Context::establish(pcsc::Scope::User).map_err(failed)?;
        let card = context.connect(&name, pcsc::ShareMode::Exclusive, pcsc::Protocols::ANY).map_err(failed)?;
        Ok(Self { card })
    }

    /// Whether the card is read by contacts or by field, after its answer to reset.
    ///
    /// # Errors
    /// The card is gone.
    pub fn interface(&self) -> Result<Interface, LinkFailure> {
        let mut buffer = [0; pcsc::MAX_ATR_SIZE];
        let status = self.card.status2(&mut [0; 256], &mut buffer).map(|status| status.atr().to_vec());
        status.map(|answer| Interface::of_answer_to_reset(&answer)).map_err(|error| LinkFailure(error.to_string()))
    }
}

impl Link for PcscLink {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkFailure> {
        let mut buffer = [0; pcsc::MAX_BUFFER_SIZE_EXTENDED];
        let response = self.card.transmit(command, &mut buffer).map_err(|error| LinkFailure(error.to_string()))?;
        Ok(response.to_vec())
    }
}

/// A response whose pieces are together.
pub(super) struct Response {
    pub(super) data: Vec<u8>,
    pub(super) status: u16,
}

impl Response {
    /// The data, where the status is 9000.
    pub(super) fn succeeded(self, command: &'static str) -> Result<Vec<u8>, Wrong> {
        if self.status == 0x9000 { Ok(self.data) } else { Err(Wrong::Status { command, status: self.status }) }
    }
}

/// How many pieces a response may come in before it counts as endless.
const PIECES: usize = 32;

/// Sends a command, again with the right Le after 6Cxx, and fetches what 61xx announces (B1 §9.3.1).
pub(super) fn exchange(link: &mut dyn Link, command: &Command) -> Result<Response, Wrong> {
    let mut response = answered(link, &command.to_bytes())?;
    if response.status >> 8 == 0x6C {
        response = answered(link, &with_length(command, response.status as u8)?)?;
    }
    for _ in 0..PIECES {
        if response.status >> 8 != 0x61 {
            return Ok(response);
        }
        let more = Command::new(0x00, 0xC0, 0x00, 0x00);
        let piece = answered(link, &with_length(&more, response.status as u8)?)?;
        response.data.extend_from_slice(&piece.data);
        response.status = piece.status;
    }
    Err(Wrong::structure("response", "61xx without an end"))
}

fn with_length(command: &Command, length: u8) -> Result<Vec<u8>, Wrong> {
    let count = if length == 0 { 0x100 } else { u32::from(length) };
    let command = command.clone().expecting(count).map_err(|error| Wrong::structure("Le", error))?;
    Ok(command.to_bytes())
}

fn answered(link: &mut dyn Link, command: &[u8]) -> Result<Response, Wrong> {
    let mut data = link.transmit(command)?;
    match data.split_off(data.len().saturating_sub(2))[..] {
        [first, second] => Ok(Response { data, status: u16::from_be_bytes([first, second]) }),
        _ => Err(Wrong::structure("response", "shorter than a status word")),
    }
}
