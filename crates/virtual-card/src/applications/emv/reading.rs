//! GET PROCESSING OPTIONS, READ RECORD and GET DATA.

use cardwright_apdu::{Command, Response, StatusWord, tlv};

use super::data_objects::Dol;
use super::generate_ac::Transaction;
use super::groupings::{Groupings, Interface};
use super::{EmvData, data, write};
use crate::applications::Running;
use crate::memory::Stop;

/// 6A83: no such record.
const RECORD_NOT_FOUND: StatusWord = StatusWord(0x6A83);

/// Begins a transaction: the counter is stepped before anything is answered, so that no cut of the power brings one
/// back. `83 L values` answers `77 {82 AIP, 94 AFL}`, once in a session.
pub(super) fn get_processing_options(running: &mut Running<'_>, command: &Command) -> Result<Response, Stop> {
    if (command.header.p1, command.header.p2) != (0, 0) {
        return Err(StatusWord::INCORRECT_P1_P2.into());
    }
    let card = data(running.memory, running.aid)?;
    let interface = Interface::of(&running.memory.read().product.atr);
    let list = options_list(&card.groupings, interface).ok_or(StatusWord(0x6400))?;
    let values = tlv::read_one(command.data()).map_err(|_| StatusWord::WRONG_DATA)?;
    if values.tag.0 != 0x83 || values.value.len() != list.length() {
        return Err(StatusWord::WRONG_DATA.into());
    }
    let answer = card.groupings.answer_to_gpo(interface).ok_or(StatusWord(0x6400))?;
    let counter = card.transaction_counter.checked_add(1).filter(|_| running.session.emv.transaction.is_none());
    let counter = counter.ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
    let transaction = Transaction::new(counter, answer.profile, list, values.value);
    let response = Response::new(answer.template(), StatusWord::SUCCESS);
    write(running.memory, running.aid, |data| data.transaction_counter = counter)?;
    running.session.emv.transaction = Some(transaction);
    Ok(response)
}

/// The PDOL; none in the FCI is one of no object.
fn options_list(groupings: &Groupings, interface: Interface) -> Option<Dol> {
    let template = tlv::read_one(groupings.template(interface)?).ok()?;
    tlv::find(template.value, 0x9F38).ok()?.map_or_else(|| Some(Dol::empty()), Dol::parse)
}

/// `00 B2 number file`: P2 is the file's number and 100. 6A82: no such file; 6A83: no such record.
pub(super) fn read_record(groupings: &Groupings, command: &Command) -> Result<Response, StatusWord> {
    let (number, file) = (command.header.p1, command.header.p2 >> 3);
    if command.header.p2 & 0x07 != 0x04 || !(1..=30).contains(&file) {
        return Err(StatusWord::INCORRECT_P1_P2);
    }
    if !groupings.has_file(file) {
        return Err(StatusWord::NOT_FOUND);
    }
    let record = groupings.record(file, number).ok_or(RECORD_NOT_FOUND)?;
    Ok(Response::new(record, StatusWord::SUCCESS))
}

/// `80 CA 9F 08`, from version 2 of the program on: its version.
pub(super) fn program_version(version: u8, command: &Command) -> Result<Response, StatusWord> {
    if version < 2 || (command.header.p1, command.header.p2) != (0x9F, 0x08) {
        return Err(StatusWord::REFERENCED_DATA_NOT_FOUND);
    }
    Ok(Response::new(tlv::element(0x9F08, &[0x00, version]), StatusWord::SUCCESS))
}

/// The counters (9F36, 9F13), the PIN's tries (9F17), the log format (9F4F), the limits (9F58, 9F59), from version 2 of the
/// program on that (9F08).
pub(super) fn get_data(card: &EmvData, version: u8, command: &Command) -> Result<Response, StatusWord> {
    let tag = u32::from(u16::from_be_bytes([command.header.p1, command.header.p2]));
    let value = match tag {
        0x9F36 => Some(card.transaction_counter.to_be_bytes().to_vec()),
        0x9F13 => Some(card.last_online.to_be_bytes().to_vec()),
        0x9F17 => card.pin_tries().map(|tries| vec![tries]),
        0x9F4F | 0x9F58 | 0x9F59 => card.groupings.internal(tag).map(<[u8]>::to_vec),
        _ => None,
    };
    match value {
        Some(value) => Ok(Response::new(tlv::element(tag, &value), StatusWord::SUCCESS)),
        None => program_version(version, command),
    }
}
