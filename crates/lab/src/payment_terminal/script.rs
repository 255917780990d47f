//! The issuer's scripts: commands for the card, each with a MAC, in templates 71 and 72 (B2 §9, B3 §10.10).

use cardwright_apdu::tlv;
use zeroize::Zeroizing;

use super::cipher::{self, Key};
use super::fault::Wrong;
use super::issuer::Version;
use super::pin::Pin;
use super::report::Cryptogram;

/// What the issuer wants of the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScriptCommand {
    /// PUT DATA
    PutData {
        /// the data object
        tag: u16,
        /// its new value
        value: Vec<u8>,
    },
    /// UPDATE RECORD
    UpdateRecord {
        /// short file identifier
        file: u8,
        /// number in the file
        number: u8,
        /// the record with 70
        record: Vec<u8>,
    },
    /// PIN CHANGE/UNBLOCK, P2 00
    UnblockPin,
    /// PIN CHANGE/UNBLOCK, P2 02
    ChangePin(Pin),
    /// APPLICATION BLOCK
    BlockApplication,
    /// CARD BLOCK
    BlockCard,
}

/// When the terminal hands a script to the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScriptTime {
    /// template 71: before the second GENERATE AC
    Before,
    /// template 72: after it
    After,
}

/// A script that the issuer sends with its next answers.
#[derive(Clone)]
pub struct Script {
    /// which template
    pub time: ScriptTime,
    /// the master key for MACs
    pub integrity: Zeroizing<[u8; 16]>,
    /// the master key for what is enciphered
    pub confidentiality: Zeroizing<[u8; 16]>,
    /// in their order
    pub commands: Vec<ScriptCommand>,
    /// whether its MACs prove nothing: a planted fault
    pub lies: bool,
}

impl ScriptTime {
    /// The template's tag.
    pub(super) fn tag(self) -> u32 {
        match self {
            Self::Before => 0x71,
            Self::After => 0x72,
        }
    }
}

/// The card's own keys for scripts.
pub(super) struct CardKeys {
    pub(super) integrity: Key,
    pub(super) confidentiality: Key,
}

/// The template, with the identifier 00000001 before the commands.
pub(super) fn template(
    script: &Script,
    keys: &CardKeys,
    version: &Version,
    cryptogram: &Cryptogram,
) -> Result<Vec<u8>, Wrong> {
    let transaction = [&cryptogram.counter.to_be_bytes()[..], &cryptogram.value].concat();
    let integrity = session_key(&keys.integrity, version, cryptogram)?;
    let confidentiality = session_key(&keys.confidentiality, version, cryptogram)?;
    let mut content = tlv::element(0x9F18, &[0, 0, 0, 1]);
    for command in &script.commands {
        let (header, data) = parts(command, &confidentiality, version)?;
        let length = u8::try_from(data.len() + 8).map_err(|_| Wrong::Terminal("a script command too long".into()))?;
        let begun = [&header[..], &[length]].concat();
        let mut mac = cipher::mac(&integrity, &cipher::padded([&begun[..], &transaction, &data].concat()))?;
        mac[0] ^= u8::from(script.lies);
        tlv::write(&mut content, 0x86, &[&begun[..], &data, &mac].concat());
    }
    Ok(tlv::element(script.time.tag(), &content))
}

fn parts(command: &ScriptCommand, key: &Key, version: &Version) -> Result<([u8; 4], Vec<u8>), Wrong> {
    Ok(match command {
        ScriptCommand::PutData { tag, value } => {
            let [first, second] = tag.to_be_bytes();
            ([0x04, 0xDA, first, second], value.clone())
        }
        ScriptCommand::UpdateRecord { file, number, record } => {
            ([0x04, 0xDC, *number, file << 3 | 0x04], record.clone())
        }
        ScriptCommand::UnblockPin => ([0x84, 0x24, 0x00, 0x00], Vec::new()),
        ScriptCommand::ChangePin(pin) => ([0x84, 0x24, 0x00, 0x02], enciphered(pin, key, version)?),
        ScriptCommand::BlockApplication => ([0x84, 0x1E, 0x00, 0x00], Vec::new()),
        ScriptCommand::BlockCard => ([0x84, 0x16, 0x00, 0x00], Vec::new()),
    })
}

/// The PIN block: of version 10 behind its length, each block for itself; of version 18 in a chain.
fn enciphered(pin: &Pin, key: &Key, version: &Version) -> Result<Vec<u8>, Wrong> {
    match version {
        Version::Ten => cipher::encrypt(key, &cipher::padded([&[8][..], &pin.block()[..]].concat())),
        Version::Eighteen => cipher::encrypt_chained(key, &cipher::padded(pin.block().to_vec())),
    }
}

/// Of version 10 the counter and its complement are mixed into the halves; of version 18 the cryptogram is the
/// diversifier of the common derivation (B2 §A1.3.1).
fn session_key(card_key: &Key, version: &Version, cryptogram: &Cryptogram) -> Result<Key, Wrong> {
    match version {
        Version::Ten => {
            let mut key = card_key.clone();
            for (place, byte) in cryptogram.counter.to_be_bytes().into_iter().enumerate() {
                key[6 + place] ^= byte;
                key[14 + place] ^= byte ^ 0xFF;
            }
            Ok(key)
        }
        Version::Eighteen => cipher::common_session_key(card_key, cryptogram.value),
    }
}
