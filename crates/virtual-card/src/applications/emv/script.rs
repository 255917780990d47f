//! Issuer scripts: what the issuer has the card do after the last cryptogram (EMV Book 3 §6.5.1 to §6.5.3, §6.5.10,
//! §10.10; docs/emv-application.md, section 6). One command is one atomic write, its count included.

use cardwright_apdu::{Command, Response, StatusWord, tlv};
use serde::{Deserialize, Serialize};

use super::groupings::{Groupings, INTERNAL, Interface, PIN};
use super::pin::Pin;
use super::secure_messaging::{Proven, ScriptKeys, Transaction};
use super::{Blocking, EmvData, Module, completeness, content, data, disable_all, write};
use crate::applications::{Program, Running};
use crate::memory::{Memory, Stop};
use crate::secret::Secret;

/// Commands that one transaction takes, and the highest count.
const MOST: u8 = 15;
/// 6A83: no such record.
const RECORD_NOT_FOUND: StatusWord = StatusWord(0x6A83);
/// 6988: the MAC is wrong.
const WRONG_MAC: StatusWord = StatusWord(0x6988);
/// What the card's keys are derived from: number and sequence number.
const IDENTITY: [u32; 2] = [0x5A, 0x5F34];

/// What became of script commands since the last transaction that was completed online.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tally {
    obeyed: u8,
    refused: bool,
}

impl Tally {
    /// The bits F8 of the card verification results' third byte.
    pub(super) fn results(self) -> u8 {
        self.obeyed.min(MOST) << 4 | if self.refused { 0x08 } else { 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The time for scripts: from the last cryptogram to the end of the session.
pub(super) struct ScriptTime {
    transaction: Transaction,
    /// MACs that were right
    taken: Vec<[u8; 8]>,
    /// a wrong MAC came
    over: bool,
}

impl ScriptTime {
    pub(super) fn new(counter: u16, cryptogram: [u8; 8]) -> Self {
        Self { transaction: Transaction { counter, cryptogram }, taken: Vec::new(), over: false }
    }

    fn is_over(&self) -> bool {
        self.over || self.taken.len() >= usize::from(MOST)
    }

    /// # Errors
    /// 6988 for a wrong MAC and for one that was taken, which end the time.
    fn prove<'a>(&mut self, keys: &ScriptKeys, command: &'a Command) -> Result<Proven<'a>, StatusWord> {
        match keys.prove(command).filter(|proven| !self.taken.contains(&proven.mac)) {
            Some(proven) => {
                self.taken.push(proven.mac);
                Ok(proven)
            }
            None => {
                self.over = true;
                Err(WRONG_MAC)
            }
        }
    }
}

/// What a command changes.
enum Effect {
    /// a record, or the internal data
    Grouping(u16, Secret),
    /// the PIN has all its tries, and is another where there is a block
    Pin {
        block: Option<Secret>,
        limit: u8,
    },
    Block(Blocking),
    DisableAll,
}

/// Obeys one command or refuses it; either is counted, where it is the time for it.
pub(super) fn obey(running: &mut Running<'_>, command: &Command) -> Result<Response, Stop> {
    let transaction = running.session.emv.transaction.as_mut();
    let time = transaction.and_then(super::generate_ac::Transaction::script_time).filter(|time| !time.is_over());
    let time = time.ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
    let card = data(running.memory, running.aid)?;
    match effect(running.memory, card, time, command) {
        Ok(effect) => {
            let aid = running.aid;
            running.memory.write(|state| {
                if matches!(effect, Effect::DisableAll) {
                    disable_all(state);
                }
                if let Some(Program::Emv(data)) = state.application_mut(aid).map(|found| &mut found.program) {
                    data.apply(effect);
                }
            })?;
            Ok(Response::new([], StatusWord::SUCCESS))
        }
        Err(status) => {
            if !card.scripts.refused {
                write(running.memory, running.aid, |data| data.scripts.refused = true)?;
            }
            Err(status.into())
        }
    }
}

impl EmvData {
    fn apply(&mut self, effect: Effect) {
        match effect {
            Effect::Grouping(identifier, content) => self.groupings.replace(identifier, content),
            Effect::Pin { block, limit } => {
                self.pin_tries = limit;
                if let Some(block) = block {
                    self.groupings.replace(PIN, block);
                }
            }
            Effect::Block(blocking) => self.blocking = blocking,
            Effect::DisableAll => {}
        }
        self.scripts.obeyed = self.scripts.obeyed.saturating_add(1).min(MOST);
    }
}

fn effect(memory: &Memory, card: &EmvData, time: &mut ScriptTime, command: &Command) -> Result<Effect, StatusWord> {
    if command.is_extended() || command.data().len() < 8 {
        return Err(StatusWord::WRONG_LENGTH);
    }
    let keys = ScriptKeys::new(&card.groupings, time.transaction).ok_or(StatusWord(0x6400))?;
    let body = time.prove(&keys, command)?.data;
    let (p1, p2) = (command.header.p1, command.header.p2);
    match (command.header.ins, p1, p2) {
        (0xDA, ..) => put_data(&card.groupings, u16::from_be_bytes([p1, p2]), body),
        (0xDC, ..) if command.header.cla == 0x84 => {
            let record = keys.decipher(body).ok_or(StatusWord::WRONG_DATA)?;
            update_record(memory, &card.groupings, p1, p2, record.expose())
        }
        (0xDC, ..) => update_record(memory, &card.groupings, p1, p2, body),
        (0x24, 0x00, 0x00 | 0x02) => change_pin(card, &keys, p2 == 0x02, body),
        (0x1E, 0x00, 0x00) => nothing_more(body, Effect::Block(Blocking::Application)),
        (0x18, 0x00, 0x00) => nothing_more(body, Effect::Block(Blocking::None)),
        (0x16, 0x00, 0x00) => nothing_more(body, Effect::DisableAll),
        _ => Err(StatusWord::INCORRECT_P1_P2),
    }
}

fn nothing_more(body: &[u8], effect: Effect) -> Result<Effect, StatusWord> {
    if body.is_empty() { Ok(effect) } else { Err(StatusWord::WRONG_LENGTH) }
}

/// The limits 9F58 and 9F59, where the card has any; the internal data stays what the last STORE DATA took.
fn put_data(groupings: &Groupings, tag: u16, value: &[u8]) -> Result<Effect, StatusWord> {
    if !matches!(tag, 0x9F58 | 0x9F59) || groupings.internal(tag.into()).is_none() {
        return Err(StatusWord::REFERENCED_DATA_NOT_FOUND);
    }
    if value.len() != 1 {
        return Err(StatusWord::WRONG_LENGTH);
    }
    let internal = groupings.get(INTERNAL).ok_or(StatusWord(0x6400))?;
    let elements = tlv::read_all(internal).map_err(|_| StatusWord(0x6400))?;
    let changed: Vec<u8> = elements
        .into_iter()
        .flat_map(|element| {
            let value = if element.tag.0 == u32::from(tag) { value } else { element.value };
            tlv::element(element.tag.0, value)
        })
        .collect();
    if !content::is_well_formed(Module::Payment, INTERNAL, &changed) {
        return Err(StatusWord::WRONG_DATA);
    }
    Ok(Effect::Grouping(INTERNAL, Secret::new(changed)))
}

/// A record that is there and that nothing signs. The application must be whole with the new one too.
fn update_record(
    memory: &Memory,
    groupings: &Groupings,
    number: u8,
    p2: u8,
    record: &[u8],
) -> Result<Effect, StatusWord> {
    let file = p2 >> 3;
    if p2 & 0x07 != 0x04 || !(1..=30).contains(&file) {
        return Err(StatusWord::INCORRECT_P1_P2);
    }
    if !groupings.has_file(file) {
        return Err(StatusWord::NOT_FOUND);
    }
    let old = groupings.record(file, number).ok_or(RECORD_NOT_FOUND)?;
    if groupings.is_signed(file, number) {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
    }
    let identifier = u16::from_be_bytes([file, number]);
    if !content::is_well_formed(Module::Payment, identifier, record) {
        return Err(StatusWord::WRONG_DATA);
    }
    if record.len().saturating_sub(old.len()) > memory.read().memory_free() as usize {
        return Err(StatusWord::NOT_ENOUGH_MEMORY);
    }
    let mut after = groupings.duplicate();
    after.replace(identifier, Secret::new(record.to_vec()));
    let same_card = IDENTITY.iter().all(|tag| after.element(*tag) == groupings.element(*tag));
    let interface = Interface::of(&memory.read().product.atr);
    if !same_card || completeness::check(Module::Payment, interface, &after).is_err() {
        return Err(StatusWord::WRONG_DATA);
    }
    Ok(Effect::Grouping(identifier, Secret::new(record.to_vec())))
}

fn change_pin(card: &EmvData, keys: &ScriptKeys, to_another: bool, body: &[u8]) -> Result<Effect, StatusWord> {
    let (_, limit) = card.groupings.pin_tries_and_limit().ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
    if body.len() != if to_another { 16 } else { 0 } {
        return Err(StatusWord::WRONG_LENGTH);
    }
    if !to_another {
        return Ok(Effect::Pin { block: None, limit });
    }
    let block = keys.decipher(body).filter(|block| Pin::of_format_2(block.expose()).is_some());
    Ok(Effect::Pin { block: Some(block.ok_or(StatusWord::WRONG_DATA)?), limit })
}
