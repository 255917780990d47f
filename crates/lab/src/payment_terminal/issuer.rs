//! The issuer behind the terminal: it computes the card's cryptogram from its master key, and answers (B2 §8).

use std::fmt;

use zeroize::Zeroizing;

use super::cipher::{self, Key};
use super::data::CardData;
use super::fault::Wrong;
use super::pin::Pin;
use super::report::Cryptogram;
use super::script::{CardKeys, Script, template};

/// How the card's key comes from the master key (B2 §A1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Derivation {
    /// option A
    A,
    /// option B
    B,
}

/// How the issuer proves itself (B2 §8.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// 8 bytes over cryptogram and response code
    One,
    /// 4 bytes over cryptogram and card status update
    Two,
}

/// An issuer.
#[derive(Clone)]
pub struct Issuer {
    /// the master key for application cryptograms
    pub master_key: Zeroizing<[u8; 16]>,
    /// how it is derived
    pub derivation: Derivation,
    /// how it answers
    pub method: Method,
    /// whether it says yes
    pub approves: bool,
    /// whether its answer proves nothing: a planted fault
    pub lies: bool,
    /// the PIN that it compares, where one comes online
    pub pin: Option<Pin>,
    /// what it wants of the card besides
    pub script: Option<Script>,
}

impl Issuer {
    /// An issuer that says yes, by method 1.
    #[must_use]
    pub fn new(master_key: [u8; 16], derivation: Derivation) -> Self {
        let master_key = Zeroizing::new(master_key);
        Self { master_key, derivation, method: Method::One, approves: true, lies: false, pin: None, script: None }
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Issuer({:?}, {:?})", self.derivation, self.method)
    }
}

/// What the issuer answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// 8A: 00 approved, 05 declined, 55 wrong PIN
    pub response_code: [u8; 2],
    /// 91
    pub authentication_data: Vec<u8>,
    /// 71 and 72, whole
    pub scripts: Vec<Vec<u8>>,
}

/// What the terminal knows of a cryptogram's making.
pub(super) struct Request<'a> {
    pub(super) card: &'a CardData,
    /// the values of 9F02, 9F03, 9F1A, 95, 5F2A, 9A, 9C, 9F37 as they were sent
    pub(super) transaction: &'a [u8],
    pub(super) cryptogram: &'a Cryptogram,
}

/// The cryptogram versions that the issuer knows; the issuer application data is `length, key index, version, CVR ..`.
pub(super) enum Version {
    /// 0A: the card's key itself; zeros as padding; CVR only
    Ten,
    /// 12: a session key; 80 as padding; all issuer application data
    Eighteen,
}

impl Issuer {
    /// Computes the cryptogram and compares it (B2 §8.1).
    pub(super) fn check(&self, request: &Request<'_>) -> Result<(), Wrong> {
        let version = version(request.cryptogram)?;
        let key = self.cryptogram_key(&version, request)?;
        let cryptogram = request.cryptogram;
        let mut data = request.transaction.to_vec();
        data.extend_from_slice(request.card.need(0x82)?);
        data.extend_from_slice(&cryptogram.counter.to_be_bytes());
        let padded = match version {
            Version::Ten => {
                data.extend_from_slice(&cryptogram.issuer_data[3..7]);
                cipher::zero_padded(data)
            }
            Version::Eighteen => {
                data.extend_from_slice(&cryptogram.issuer_data);
                cipher::padded(data)
            }
        };
        let same = cipher::mac(&key, &padded)? == cryptogram.value;
        if same { Ok(()) } else { Err(Wrong::Cryptogram("it was computed over other data, or with another key")) }
    }

    /// Answers an ARQC that was found right; `typed` is the PIN that came with it.
    pub(super) fn answer(&self, request: &Request<'_>, typed: Option<&Pin>) -> Result<Answer, Wrong> {
        let pin_is_right = typed.is_none() || typed == self.pin.as_ref();
        let response_code = match (self.approves, pin_is_right) {
            (true, true) => *b"00",
            (false, true) => *b"05",
            (_, false) => *b"55",
        };
        let version = version(request.cryptogram)?;
        let key = self.cryptogram_key(&version, request)?;
        let mut authentication_data = match self.method {
            Method::One => method_one(&key, request.cryptogram.value, response_code)?,
            Method::Two => method_two(&key, request.cryptogram.value, &response_code == b"00")?,
        };
        if self.lies {
            authentication_data[0] ^= 0x01;
        }
        let scripts =
            self.script.iter().map(|script| self.scripted(script, &version, request)).collect::<Result<_, _>>()?;
        Ok(Answer { response_code, authentication_data, scripts })
    }

    fn scripted(&self, script: &Script, version: &Version, request: &Request<'_>) -> Result<Vec<u8>, Wrong> {
        let keys = CardKeys {
            integrity: self.card_key(&script.integrity, request)?,
            confidentiality: self.card_key(&script.confidentiality, request)?,
        };
        template(script, &keys, version, request.cryptogram)
    }

    fn cryptogram_key(&self, version: &Version, request: &Request<'_>) -> Result<Key, Wrong> {
        let card_key = self.card_key(&self.master_key, request)?;
        match version {
            Version::Ten => Ok(card_key),
            Version::Eighteen => cipher::session_key(&card_key, request.cryptogram.counter),
        }
    }
}

impl Issuer {
    /// The card's own key out of a master key.
    fn card_key(&self, master_key: &[u8; 16], request: &Request<'_>) -> Result<Key, Wrong> {
        let (account_number, sequence) = (request.card.account_number()?, request.card.sequence_number());
        match self.derivation {
            Derivation::A => cipher::card_key_a(master_key, &account_number, sequence),
            Derivation::B => cipher::card_key_b(master_key, &account_number, sequence),
        }
    }
}

fn version(cryptogram: &Cryptogram) -> Result<Version, Wrong> {
    match cryptogram.issuer_data[..] {
        [length, _, version, 0x03, ..] if usize::from(length) < cryptogram.issuer_data.len() && length >= 6 => {
            match version {
                0x0A => Ok(Version::Ten),
                0x12 => Ok(Version::Eighteen),
                _ => Err(Wrong::value(0x9F10, "its cryptogram version is neither 0A nor 12")),
            }
        }
        _ => Err(Wrong::value(0x9F10, "it is not length, key index, version and a CVR of 3 bytes")),
    }
}

/// Method 1 (B2 §8.2.1): the cryptogram, mixed with the response code, enciphered; then the response code.
fn method_one(key: &[u8; 16], cryptogram: [u8; 8], response_code: [u8; 2]) -> Result<Vec<u8>, Wrong> {
    let mut block = cryptogram;
    block[0] ^= response_code[0];
    block[1] ^= response_code[1];
    Ok([cipher::encrypt(key, &block)?, response_code.to_vec()].concat())
}

/// Method 2 (B2 §8.2.2): 4 bytes of MAC over the cryptogram and the card status update, which follows.
fn method_two(key: &[u8; 16], cryptogram: [u8; 8], approved: bool) -> Result<Vec<u8>, Wrong> {
    let update = [0x00, if approved { 0x80 } else { 0x00 }, 0x00, 0x00];
    let mac = cipher::mac(key, &cipher::padded([&cryptogram[..], &update].concat()))?;
    Ok([&mac[..4], &update].concat())
}
