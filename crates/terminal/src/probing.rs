//! What a card that nobody knows says of itself, and the product file that would describe it.

use std::fmt::Write as _;
use std::time::Duration;

use cardwright_apdu::{Command, Response, StatusWord, tlv};
use cardwright_relay::Code;
use cardwright_relay::terminal::CardEvent;

use crate::card::CardLink;
use crate::failure::Failure;

const LIMIT: Duration = Duration::from_secs(10);

/// What was found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    /// answer to reset
    pub atr: Vec<u8>,
    /// AID of the Security Domain that is selected by default, in hexadecimal
    pub security_domain: Option<String>,
    /// secure channel protocol, 2 or 3
    pub scp: u8,
    /// its parameter i, where the card tells
    pub i: Option<u8>,
    /// key version
    pub key_version: u8,
    /// key diversification data, 10 bytes
    pub diversification_data: Vec<u8>,
    /// bytes of the host challenge: 16 in S16 mode
    pub challenge_length: usize,
    /// card production life cycle data
    pub cplc: Option<Vec<u8>>,
    /// the most bytes of a static key that the card data name; none where they do not
    pub key_length: Option<u8>,
}

/// Asks the card: SELECT, GET DATA (CPLC, card data, key information), INITIALIZE UPDATE; EXTERNAL AUTHENTICATE is not
/// sent, so no try is spent.
///
/// # Errors
/// `CW-3010` and its kin where the card goes, `CW-3003` where it is no GlobalPlatform card.
pub async fn probe(card: &mut impl CardLink, atr: &[u8]) -> Result<Findings, Failure> {
    let selected = ask(card, &Command::new(0x00, 0xA4, 0x04, 0x00).expecting_all()).await?;
    if selected.status != StatusWord::SUCCESS {
        return Err(refused("SELECT of the default application"));
    }
    let cplc = data_object(card, 0x9F7F).await?;
    let card_data = data_object(card, 0x66).await?;
    let key_information = data_object(card, 0xE0).await?;
    let (update, challenge_length) = initialize_update(card).await?;
    let [diversification_data @ .., key_version, scp] =
        update.get(..12).ok_or_else(|| refused("the answer to INITIALIZE UPDATE"))?
    else {
        return Err(refused("the answer to INITIALIZE UPDATE"));
    };
    Ok(Findings {
        atr: atr.to_vec(),
        security_domain: security_domain(&selected.data),
        scp: *scp,
        // the third byte of the key information is i for SCP03 (Amd D §7.1.1.6); SCP02 leaves it to the card data
        i: if *scp == 3 { update.get(12).copied() } else { card_data.as_deref().and_then(parameter_i) },
        key_version: *key_version,
        diversification_data: diversification_data.to_vec(),
        challenge_length,
        cplc,
        key_length: key_information.as_deref().and_then(longest_key),
    })
}

/// INITIALIZE UPDATE with 8 bytes; a card in S16 mode wants 16 and says 6700 (Amd D §7.1.1.5).
async fn initialize_update(card: &mut impl CardLink) -> Result<(Vec<u8>, usize), Failure> {
    for length in [8, 16] {
        let mut challenge = [0; 16];
        aws_lc_rs::rand::fill(&mut challenge).map_err(|error| Failure::file("randomness".as_ref(), &error))?;
        let command = Command::new(0x80, 0x50, 0x00, 0x00).with_data(&challenge[..length]);
        let command = command.map_err(|_| refused("INITIALIZE UPDATE"))?.expecting_all();
        let answer = ask(card, &command).await?;
        match answer.status {
            StatusWord::SUCCESS => return Ok((answer.into_data(), length)),
            StatusWord::WRONG_LENGTH | StatusWord::WRONG_DATA => (),
            _ => break,
        }
    }
    Err(refused("INITIALIZE UPDATE"))
}

/// GET DATA (GPCS §11.3); `None` where the card has no such object.
async fn data_object(card: &mut impl CardLink, tag: u16) -> Result<Option<Vec<u8>>, Failure> {
    let [high, low] = tag.to_be_bytes();
    let answer = ask(card, &Command::new(0x80, 0xCA, high, low).expecting_all()).await?;
    let value = tlv::find(&answer.data, tag.into()).ok().flatten().map(<[u8]>::to_vec);
    Ok(value.filter(|_| answer.status == StatusWord::SUCCESS))
}

async fn ask(card: &mut impl CardLink, command: &Command) -> Result<Response, Failure> {
    match card.transmit(&command.to_bytes(), LIMIT).await {
        CardEvent::Answer(answer) => Response::parse(&answer).map_err(|_| Failure::machine(Code::READER_LOST, &[])),
        CardEvent::CardGone => Err(Failure::card(Code::CARD_GONE, &[])),
        CardEvent::TimedOut => Err(Failure::card(Code::CARD_SILENT, &[])),
        CardEvent::ReaderGone => Err(Failure::machine(Code::READER_LOST, &[])),
    }
}

fn refused(what: &str) -> Failure {
    Failure::card(Code::CARD_ANSWER_REFUSED, &[what])
}

/// Tag 84 in the file control information (GPCS §11.9.3.1).
fn security_domain(information: &[u8]) -> Option<String> {
    let template = tlv::find(information, 0x6F).ok()??;
    tlv::find(template, 0x84).ok()?.map(hex::encode_upper)
}

/// i of SCP02 or SCP03: the last arc of the object identifier under tag 64 (GPCS §H.2).
fn parameter_i(card_data: &[u8]) -> Option<u8> {
    let recognition = tlv::find(card_data, 0x73).ok()??;
    let channel = tlv::find(recognition, 0x64).ok()??;
    tlv::find(channel, 0x06).ok()??.last().copied()
}

/// The longest key of the key information template, entries C0: id, version, then type and length pairs
/// (GPCS §11.3.3.1).
fn longest_key(template: &[u8]) -> Option<u8> {
    let entries = tlv::read_all(template).ok()?;
    let lengths = entries.iter().filter(|entry| entry.tag.0 == 0xC0).filter_map(|entry| entry.value.get(3).copied());
    lengths.max()
}

impl Findings {
    /// The product file for a card like this, with what only the card's maker knows left to be filled in.
    #[must_use]
    pub fn product(&self) -> String {
        let mut text =
            String::from("# What the card told. Lines that say \"maker\" are to be taken from the card's manual.\n");
        let response_mac = self.scp == 3 && self.i.is_some_and(|i| i & 0x20 != 0);
        let unknown = "\"\" # maker: the card does not tell".to_owned();
        let lines = [
            ("format", "1".to_owned()),
            ("name", "\"new-product\"".to_owned()),
            ("atr", format!("\"{}\"", hex::encode_upper(&self.atr))),
            ("security_domain", self.security_domain.as_ref().map_or(unknown, |aid| format!("\"{aid}\""))),
            ("scp", self.scp.to_string()),
            ("i", self.i.map_or("0 # maker: the card does not tell".to_owned(), |i| format!("0x{i:02X}"))),
            ("key_length", self.key_length.map_or("16 # maker".to_owned(), |length| length.to_string())),
            ("transport_key_version", format!("0x{:02X}", self.key_version)),
            ("diversification", if self.scp == 3 { "\"kdf3\" # maker" } else { "\"visa2\" # maker" }.to_owned()),
            ("max_failures", "1 # maker: the least there is, so that no card is locked".to_owned()),
            ("memory", "1 # maker: bytes".to_owned()),
            ("preloaded", "[] # maker".to_owned()),
            ("store_data_in", "\"selectable\" # maker".to_owned()),
            ("install", "[0x0C] # maker".to_owned()),
            ("proof", if response_mac { "\"r-mac\"" } else { "\"none\"" }.to_owned()),
            ("timing", "\"none\"".to_owned()),
        ];
        for (key, value) in lines {
            // writing to a String cannot fail
            let _ = writeln!(text, "{key} = {value}");
        }
        text
    }
}
