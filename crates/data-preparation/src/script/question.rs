//! The question: a cryptogram of a transaction that is to go online.

use cardwright_apdu::tlv;
use zeroize::Zeroizing;

use super::{ScriptCommand, ScriptSession};
use crate::check::emv::{Answer, IN_CRYPTOGRAMS, UNPREDICTABLE};
use crate::emv::cryptogram::{CryptogramData, IssuerApplicationData, application_cryptogram};
use crate::emv::dol::Dol;
use crate::{EmvFault, Interface, IssuerScript};

/// P1 of GENERATE AC, and the upper bits of the answer's 9F27: a transaction that goes online (ARQC).
const ONLINE: u8 = 0x80;

/// The upper bits of the third byte of the verification results count the script commands that were carried out; this
/// one says that one of them was not.
const FAILED: u8 = 0x08;

/// What a card says of the script commands that reached it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CarriedOut {
    /// how many it carried out; 15 for more
    pub commands: usize,
    /// whether it refused one
    pub refused: bool,
}

/// A question to a payment application, with what its answer must be made from. Its keys are erased when dropped.
pub struct ScriptQuestion {
    options: Vec<u8>,
    transaction: Vec<u8>,
    /// what the terminal gives to the cryptogram: 29 bytes
    terminal: Vec<u8>,
    pub(super) interchange_profile: [u8; 2],
    issuer_application_data: IssuerApplicationData,
    pub(super) second: Vec<u8>,
    pub(super) unpredictable: [u8; 4],
    pub(super) keys: Zeroizing<[[u8; 16]; 3]>,
    pub(super) commands: Vec<ScriptCommand>,
}

impl ScriptQuestion {
    pub(super) fn new(
        script: &IssuerScript,
        commands: Vec<ScriptCommand>,
        interface: Interface,
        unpredictable: [u8; 4],
    ) -> Result<Self, EmvFault> {
        let lists = script.lists(interface);
        let first = Dol::read(&lists.first).ok_or(EmvFault::NotAskedFor { list: 0x8C, missing: UNPREDICTABLE })?;
        if let Some((missing, _)) = IN_CRYPTOGRAMS.iter().find(|(tag, length)| first.wants(*tag) != Some(*length)) {
            return Err(EmvFault::NotAskedFor { list: 0x8C, missing: *missing });
        }
        let second = Dol::read(&lists.second).filter(|list| list.wants(super::session::RESPONSE_CODE) == Some(2));
        if second.is_none() {
            return Err(EmvFault::NotAskedFor { list: 0x8D, missing: super::session::RESPONSE_CODE });
        }
        let options = Dol::read(&lists.options).map_or_else(Vec::new, |list| values(&list, unpredictable, |_| None));
        Ok(Self {
            options: tlv::element(0x83, &options),
            transaction: values(&first, unpredictable, |_| None),
            terminal: [&[0; 25][..], &unpredictable].concat(),
            interchange_profile: lists.interchange_profile,
            issuer_application_data: script.issuer_application_data()?,
            second: lists.second.clone(),
            unpredictable,
            keys: Zeroizing::new(*script.keys()?),
            commands,
        })
    }

    /// The data of GET PROCESSING OPTIONS: `83 L values`.
    #[must_use]
    pub fn options(&self) -> &[u8] {
        &self.options
    }

    /// P1 of GENERATE AC.
    #[must_use]
    pub fn reference_control(&self) -> u8 {
        ONLINE
    }

    /// The data of GENERATE AC: the values for CDOL1.
    #[must_use]
    pub fn transaction(&self) -> &[u8] {
        &self.transaction
    }

    /// What the issuer goes on with, where `data`, answered to GENERATE AC, holds the cryptogram of this question under
    /// the card's key. `None` for anything else, a declined transaction among it: then nothing is sent.
    #[must_use]
    pub fn answered_by(&self, data: &[u8]) -> Option<ScriptSession<'_>> {
        let answer = self.right(data)?;
        let version = self.issuer_application_data.version;
        Some(ScriptSession::new(self, version, answer.counter, answer.cryptogram))
    }

    /// Whether `data`, answered to GENERATE AC of the transaction after that of a script, holds the cryptogram of this
    /// question, and the card says in it that it carried out `commands` script commands, and that none failed. Only the
    /// card's key makes such a cryptogram, and only over what the card says.
    #[must_use]
    pub fn proves(&self, data: &[u8], commands: usize) -> bool {
        self.carried_out(data) == Some(CarriedOut { commands, refused: false })
    }

    /// What the card says, in an answer with the cryptogram of this question, of the scripts since the last transaction
    /// that was completed online. `None` where the cryptogram is not right.
    #[must_use]
    pub fn carried_out(&self, data: &[u8]) -> Option<CarriedOut> {
        let answer = self.right(data)?;
        let [.., scripts] = IssuerApplicationData::read(answer.issuer_application_data)?.verification_results;
        Some(CarriedOut { commands: usize::from(scripts >> 4), refused: scripts & FAILED != 0 })
    }

    /// The answer, if its cryptogram is that of this question.
    fn right<'a>(&self, data: &'a [u8]) -> Option<Answer<'a>> {
        let answer = Answer::read(data)?;
        let found = IssuerApplicationData::read(answer.issuer_application_data)?;
        let expected = self.issuer_application_data;
        let [key, ..] = &*self.keys;
        let data = CryptogramData {
            terminal: &self.terminal,
            interchange_profile: self.interchange_profile,
            counter: answer.counter,
            issuer_application_data: found,
        };
        let same_issuer = (found.key_index, found.version) == (expected.key_index, expected.version);
        let online = answer.information & 0xC0 == ONLINE;
        (online && same_issuer && application_cryptogram(key, &data) == answer.cryptogram).then_some(answer)
    }
}

/// The values that a list asks for: the number in its place, what `given` has, zeros elsewhere.
pub(super) fn values(list: &Dol, number: [u8; 4], given: impl Fn(u32) -> Option<Vec<u8>>) -> Vec<u8> {
    let value = |tag: u32, length: u8| match (tag, length) {
        (UNPREDICTABLE, 4) => number.to_vec(),
        _ => {
            let mut value = given(tag).unwrap_or_default();
            value.resize(usize::from(length), 0);
            value
        }
    };
    list.entries().iter().flat_map(|entry| value(entry.tag.0, entry.length)).collect()
}
