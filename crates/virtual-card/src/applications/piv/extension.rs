//! Two harmless commands of Yubico's PIV tokens, which `yubico-piv-tool` asks before everything else.

use cardwright_apdu::{Command, StatusWord};

use super::Answer;
use crate::state::CardState;

/// The version that GET VERSION names: from 5 on the tool takes the serial number from this application, and below 5.3
/// it does not ask for metadata of keys, which this card has not.
const VERSION: [u8; 3] = [5, 0, 0];

/// GET VERSION `00 FD 00 00`.
pub(super) fn version(command: &Command) -> Result<Answer, StatusWord> {
    require_no_parameters(command)?;
    Ok(Answer::new(VERSION.to_vec()))
}

/// GET SERIAL `00 F8 00 00`: the chip's serial number, bytes 13 to 16 of the production life cycle data (tag 9F7F).
pub(super) fn serial_number(command: &Command, state: &CardState) -> Result<Answer, StatusWord> {
    require_no_parameters(command)?;
    let number = state.identity.production_life_cycle.get(12..16).ok_or(StatusWord::NOT_FOUND)?;
    Ok(Answer::new(number.to_vec()))
}

fn require_no_parameters(command: &Command) -> Result<(), StatusWord> {
    match (command.header.p1, command.header.p2, command.data()) {
        (0x00, 0x00, []) => Ok(()),
        (0x00, 0x00, _) => Err(StatusWord::WRONG_LENGTH),
        _ => Err(StatusWord::INCORRECT_P1_P2),
    }
}
