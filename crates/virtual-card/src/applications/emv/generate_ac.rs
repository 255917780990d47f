//! GENERATE AC, first and second, with and without a combined signature (CDA).

use cardwright_apdu::{Command, Response, StatusWord, tlv};

use super::cryptogram::{CryptogramKey, ELEMENTS, Input, Version};
use super::data_objects::{COMBINED_AUTHENTICATION, Dol, ISSUER_AUTHENTICATION};
use super::decision::{Facts, IssuerAuthentication, Kind, OnlineResult};
use super::groupings::KEYS;
use super::script::{ScriptTime, Tally};
use super::{Blocking, EmvData, data, signature, write};
use crate::applications::Running;
use crate::memory::Stop;

/// A transaction: from GET PROCESSING OPTIONS to the last cryptogram.
pub(crate) struct Transaction {
    counter: u16,
    /// the AIP
    profile: [u8; 2],
    /// for the PDOL
    options: Values,
    /// INTERNAL AUTHENTICATE was answered
    pub(super) signed: bool,
    pub(super) stage: Stage,
}

/// Where a transaction stands.
pub(super) enum Stage {
    Begun,
    /// the first cryptogram was an ARQC
    Online(Online),
    /// the last cryptogram is out; the issuer's scripts may come after an ARQC, and where the application is blocked
    Finished(Option<ScriptTime>),
}

/// What the second GENERATE AC needs of the first.
pub(super) struct Online {
    /// for CDOL1
    values: Values,
    cryptogram: [u8; 8],
    /// as they were then: the second cryptogram speaks of the transactions before, not of this one
    facts: Facts,
    pub(super) authentication: IssuerAuthentication,
}

/// A list and the values that the terminal gave for it.
struct Values {
    list: Dol,
    bytes: Vec<u8>,
}

impl Values {
    /// 6700 where the list asks for another number of bytes.
    fn new(list: Dol, bytes: &[u8]) -> Result<Self, StatusWord> {
        if list.length() != bytes.len() {
            return Err(StatusWord::WRONG_LENGTH);
        }
        Ok(Self { list, bytes: bytes.to_vec() })
    }

    fn get(&self, tag: u32) -> Option<&[u8]> {
        self.list.value(tag, &self.bytes)
    }
}

impl Transaction {
    pub(super) fn new(counter: u16, profile: [u8; 2], list: Dol, values: &[u8]) -> Self {
        let options = Values { list, bytes: values.to_vec() };
        Self { counter, profile, options, signed: false, stage: Stage::Begun }
    }

    /// The time for issuer scripts, where it has come.
    pub(super) fn script_time(&mut self) -> Option<&mut ScriptTime> {
        if let Stage::Finished(time) = &mut self.stage { time.as_mut() } else { None }
    }

    fn has(&self, bit: u8) -> bool {
        self.profile[0] & bit != 0
    }

    /// Verifies what the issuer answered to the ARQC.
    pub(super) fn authenticate_issuer(&self, card: &EmvData, online: &Online, proof: &[u8]) -> IssuerAuthentication {
        let says = self.key(card).and_then(|key| key.verify(online.cryptogram, proof));
        says.map_or(IssuerAuthentication::Failed, IssuerAuthentication::Succeeded)
    }

    /// Whether EXTERNAL AUTHENTICATE is for this card.
    pub(super) fn authenticates_issuer(&self) -> bool {
        self.has(ISSUER_AUTHENTICATION)
    }

    fn key(&self, card: &EmvData) -> Option<CryptogramKey> {
        let version = Version::of(card.groupings.internal(0x9F10)?)?;
        CryptogramKey::new(version, card.groupings.get(KEYS)?.get(..16)?, self.counter)
    }
}

/// P1: what the terminal asks for, and whether it wants it signed.
#[derive(Clone, Copy)]
struct Request {
    kind: Kind,
    signed: bool,
}

impl Request {
    fn parse(command: &Command) -> Result<Self, StatusWord> {
        let kind = match command.header.p1 & 0xC0 {
            0x00 => Kind::Aac,
            0x40 => Kind::Tc,
            0x80 => Kind::Arqc,
            _ => return Err(StatusWord::INCORRECT_P1_P2),
        };
        if command.header.p1 & 0x2F != 0 || command.header.p2 != 0 {
            return Err(StatusWord::INCORRECT_P1_P2);
        }
        Ok(Self { kind, signed: command.header.p1 & 0x10 != 0 })
    }
}

/// The first, or after an ARQC the second; 6985 otherwise.
pub(super) fn generate(running: &mut Running<'_>, command: &Command) -> Result<Response, Stop> {
    let request = Request::parse(command)?;
    let mut transaction = running.session.emv.transaction.take().ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
    let answer = if request.signed && !transaction.has(COMBINED_AUTHENTICATION) {
        Err(StatusWord::CONDITIONS_NOT_SATISFIED.into())
    } else {
        match &transaction.stage {
            Stage::Begun => first(running, &transaction, request, command),
            Stage::Online(online) => second(running, &transaction, online, request, command),
            Stage::Finished(_) => Err(StatusWord::CONDITIONS_NOT_SATISFIED.into()),
        }
    };
    let answer = answer.map(|(response, stage)| {
        transaction.stage = stage;
        response
    });
    running.session.emv.transaction = Some(transaction);
    answer
}

/// That an ARQC goes out is written before it does: until the issuer's answer has come the card wants to go online.
fn first(
    running: &mut Running<'_>,
    transaction: &Transaction,
    request: Request,
    command: &Command,
) -> Result<(Response, Stage), Stop> {
    let card = data(running.memory, running.aid)?;
    let values = Values::new(card.groupings.list(0x8C).ok_or(StatusWord(0x6400))?, command.data())?;
    let facts = Facts::gather(card, running.session.emv.pin, transaction.signed);
    let kind = facts.decide_first(request.kind);
    let making = Making {
        card,
        transaction,
        values: &[&values],
        kind,
        signed: request.signed,
        results: facts.results(kind, None),
    };
    let (response, cryptogram) = making.answer(&mut *running.entropy).ok_or(StatusWord(0x6400))?;
    if kind != Kind::Arqc {
        let time = (card.blocking != Blocking::None).then(|| ScriptTime::new(transaction.counter, cryptogram));
        return Ok((response, Stage::Finished(time)));
    }
    write(running.memory, running.aid, |data| data.online_not_completed = true)?;
    let authentication = IssuerAuthentication::NotPerformed;
    Ok((response, Stage::Online(Online { values, cryptogram, facts, authentication })))
}

/// What the issuer has proven is written before the cryptogram goes out.
fn second(
    running: &mut Running<'_>,
    transaction: &Transaction,
    online: &Online,
    request: Request,
    command: &Command,
) -> Result<(Response, Stage), Stop> {
    if request.kind == Kind::Arqc {
        return Err(StatusWord::INCORRECT_P1_P2.into());
    }
    let card = data(running.memory, running.aid)?;
    let values = Values::new(card.groupings.list(0x8D).ok_or(StatusWord(0x6400))?, command.data())?;
    let result = online_result(card, transaction, online, &values).ok_or(StatusWord(0x6400))?;
    let facts = &online.facts;
    let kind = facts.decide_second(request.kind, &result);
    let results = facts.results(Kind::Arqc, Some((kind, &result)));
    let both = [&values, &online.values];
    let making = Making { card, transaction, values: &both, kind, signed: request.signed, results };
    let (response, _) = making.answer(&mut *running.entropy).ok_or(StatusWord(0x6400))?;
    write(running.memory, running.aid, |data| {
        data.issuer_not_authenticated = result.authentication == IssuerAuthentication::Failed
            || data.issuer_not_authenticated && !result.is_completed();
        if result.is_completed() {
            data.online_not_completed = false;
            data.last_online = data.transaction_counter;
            data.scripts = Tally::default();
        }
    })?;
    let time = ScriptTime::new(transaction.counter, online.cryptogram);
    Ok((response, Stage::Finished(Some(time))))
}

/// Issuer authentication data in CDOL2 (tag 91) count where EXTERNAL AUTHENTICATE has brought none; 00 .. is none.
fn online_result(card: &EmvData, transaction: &Transaction, online: &Online, values: &Values) -> Option<OnlineResult> {
    let code = values.get(0x8A)?.try_into().ok()?;
    let proof = values.get(0x91);
    let authentication = match (online.authentication, proof) {
        (IssuerAuthentication::NotPerformed, Some(proof)) if proof.iter().any(|byte| *byte != 0) => {
            transaction.authenticate_issuer(card, online, proof)
        }
        (authentication, _) => authentication,
    };
    let authentication_wanted = transaction.authenticates_issuer() || proof.is_some();
    Some(OnlineResult { code, authentication, authentication_wanted })
}

/// Everything a cryptogram and its answer are made of.
struct Making<'a> {
    card: &'a EmvData,
    transaction: &'a Transaction,
    /// the present list's first
    values: &'a [&'a Values],
    kind: Kind,
    signed: bool,
    /// the CVR after its length
    results: [u8; 3],
}

impl Making<'_> {
    /// `77 {9F27, 9F36, 9F26, 9F10}`, or signed `77 {9F27, 9F36, 9F4B, 9F10}`; an AAC is never signed.
    fn answer(&self, entropy: &mut dyn crate::entropy::Entropy) -> Option<(Response, [u8; 8])> {
        let mut issuer_data = self.card.groupings.internal(0x9F10)?.to_vec();
        issuer_data.get_mut(4..7)?.copy_from_slice(&self.results);
        let cryptogram = self.cryptogram(&issuer_data)?;
        let counter = self.transaction.counter.to_be_bytes();
        let before = [tlv::element(0x9F27, &[self.kind.code()]), tlv::element(0x9F36, &counter)].concat();
        let after = tlv::element(0x9F10, &issuer_data);
        let middle = if self.signed && self.kind != Kind::Aac {
            let number = signature::dynamic_number(entropy);
            let hash = openssl::sha::sha1(&[&self.all_values()[..], &before, &after].concat());
            let signed = [&number[..], &[self.kind.code()], &cryptogram, &hash].concat();
            tlv::element(0x9F4B, &signature::sign(self.card, &signed, self.value(0x9F37, 4)?)?)
        } else {
            tlv::element(0x9F26, &cryptogram)
        };
        let template = tlv::element(0x77, &[before, middle, after].concat());
        Some((Response::new(template, StatusWord::SUCCESS), cryptogram))
    }

    fn cryptogram(&self, issuer_data: &[u8]) -> Option<[u8; 8]> {
        let mut elements = Vec::with_capacity(29);
        for (tag, length) in ELEMENTS {
            elements.extend_from_slice(self.value(tag, length)?);
        }
        let Transaction { profile, counter, .. } = *self.transaction;
        self.transaction.key(self.card)?.cryptogram(&Input { elements: &elements, profile, counter, issuer_data })
    }

    /// An element from the present list, the one before, or the PDOL.
    fn value(&self, tag: u32, length: usize) -> Option<&[u8]> {
        let lists = self.values.iter().copied().chain([&self.transaction.options]);
        lists.filter_map(|values| values.get(tag)).find(|value| value.len() == length)
    }

    /// For PDOL, CDOL1 and CDOL2, one after the other.
    fn all_values(&self) -> Vec<u8> {
        let mut all = self.transaction.options.bytes.clone();
        self.values.iter().rev().for_each(|values| all.extend_from_slice(&values.bytes));
        all
    }
}
