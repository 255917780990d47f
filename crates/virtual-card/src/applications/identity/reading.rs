//! SELECT of a file, READ BINARY and VERIFY (ISO/IEC 7816-4 §11.2.2, §11.3.3, §11.5.6).

use cardwright_apdu::{Aid, Command, Response, StatusWord, tlv};

use super::{IdentityData, IdentitySession, NAME, PHOTO, PIN, PIN_TRIES, content, data, write};
use crate::applications::Running;
use crate::memory::{Memory, Stop};
use crate::secret::equal;

/// 6282: the file ended before Le bytes were read.
const END_OF_FILE: StatusWord = StatusWord(0x6282);
/// 6986: no file is selected.
const NO_FILE_SELECTED: StatusWord = StatusWord(0x6986);
/// 6B00: the offset is behind the end of the file.
const WRONG_OFFSET: StatusWord = StatusWord(0x6B00);

/// Runs one command of a selected identity application.
pub(crate) fn process(running: Running<'_>, command: &Command) -> Result<Response, Stop> {
    let Running { memory, aid, session, .. } = running;
    let session = &mut session.identity;
    if command.header.cla != 0x00 {
        return Err(StatusWord::CLASS_NOT_SUPPORTED.into());
    }
    let identity = data(memory, aid)?;
    if !identity.complete {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED.into());
    }
    match command.header.ins {
        0xA4 => Ok(select_file(identity, session, command)?),
        0xCA if memory.read().program_version(aid) >= 2 => Ok(get_data(identity, command)?),
        0xB0 => Ok(read_binary(identity, session, command)?),
        0x20 => verify(memory, aid, session, command),
        _ => Err(StatusWord::INSTRUCTION_NOT_SUPPORTED.into()),
    }
}

/// SELECT by file identifier: P1 00 or 02; P2 0C answers nothing, 04 and 00 the FCP `62 {80 length, 83 identifier}`.
fn select_file(
    identity: &IdentityData,
    session: &mut IdentitySession,
    command: &Command,
) -> Result<Response, StatusWord> {
    let header = command.header;
    if !matches!(header.p1, 0x00 | 0x02) || !matches!(header.p2, 0x00 | 0x04 | 0x0C) {
        return Err(StatusWord::INCORRECT_P1_P2);
    }
    let identifier: [u8; 2] = command.data().try_into().map_err(|_| StatusWord::WRONG_LENGTH)?;
    let number = u16::from_be_bytes(identifier);
    let readable = (number != PIN).then(|| identity.content(number)).flatten().ok_or(StatusWord::NOT_FOUND)?;
    session.selected_file = Some(number);
    let parameters = if header.p2 == 0x0C {
        Vec::new()
    } else {
        let length = (readable.len() as u16).to_be_bytes();
        tlv::element(0x62, &[tlv::element(0x80, &length), tlv::element(0x83, &identifier)].concat())
    };
    Ok(Response::new(parameters, StatusWord::SUCCESS))
}

/// GET DATA, from version 2 on: 0104 is the holder's name in upper case (Unicode's default case conversion).
fn get_data(identity: &IdentityData, command: &Command) -> Result<Response, StatusWord> {
    if (command.header.p1, command.header.p2) != (0x01, 0x04) {
        return Err(StatusWord::REFERENCED_DATA_NOT_FOUND);
    }
    let name = identity.content(NAME).and_then(|name| std::str::from_utf8(name).ok());
    let name = name.ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
    Ok(Response::new(name.to_uppercase(), StatusWord::SUCCESS))
}

/// READ BINARY of the selected file: P1 P2 is the offset; Le 00 asks for what is left, 256 bytes at most.
fn read_binary(identity: &IdentityData, session: &IdentitySession, command: &Command) -> Result<Response, StatusWord> {
    let header = command.header;
    if header.p1 & 0x80 != 0 {
        return Err(StatusWord::INCORRECT_P1_P2);
    }
    let number = session.selected_file.ok_or(NO_FILE_SELECTED)?;
    if number == PHOTO && !session.pin_verified {
        return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED);
    }
    let file = identity.content(number).ok_or(NO_FILE_SELECTED)?;
    let asked = command.expected().ok_or(StatusWord::WRONG_LENGTH)? as usize;
    let rest = file.get(usize::from(u16::from_be_bytes([header.p1, header.p2]))..).ok_or(WRONG_OFFSET)?;
    let all = asked == if command.is_extended() { 0x1_0000 } else { 0x100 };
    let status = if all || asked <= rest.len() { StatusWord::SUCCESS } else { END_OF_FILE };
    Ok(Response::new(&rest[..asked.min(rest.len())], status))
}

/// VERIFY: P2 01, data a format 2 block or nothing. A try is written off before the comparison, so that a cut
/// of the power cannot give it back.
fn verify(memory: &mut Memory, aid: &Aid, session: &mut IdentitySession, command: &Command) -> Result<Response, Stop> {
    if (command.header.p1, command.header.p2) != (0x00, 0x01) {
        return Err(StatusWord::INCORRECT_P1_P2.into());
    }
    let identity = data(memory, aid)?;
    let reference = identity.content(PIN).ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
    let tries = identity.pin_tries;
    if command.data().is_empty() {
        return Ok(Response::new([], if session.pin_verified { StatusWord::SUCCESS } else { tries_left(tries) }));
    }
    if tries == 0 {
        return Err(StatusWord::AUTHENTICATION_BLOCKED.into());
    }
    if !content::is_pin_block(command.data()) {
        return Err(StatusWord::WRONG_DATA.into());
    }
    session.pin_verified = false;
    let right = equal(reference, command.data());
    write(memory, aid, |data| data.pin_tries = tries - 1)?;
    if !right {
        return Err(tries_left(tries - 1).into());
    }
    write(memory, aid, |data| data.pin_tries = PIN_TRIES)?;
    session.pin_verified = true;
    Ok(Response::new([], StatusWord::SUCCESS))
}

/// 63Cx; 6983 when none is left.
fn tries_left(tries: u8) -> StatusWord {
    if tries == 0 { StatusWord::AUTHENTICATION_BLOCKED } else { StatusWord(0x63C0 | u16::from(tries)) }
}
