//! The question that shows whether a payment application has its keys: a cryptogram of a transaction that is declined
//! from the beginning, over a number that nobody knew before. It is what proves a card whose answers carry no MAC.
//!
//! A declined transaction (AAC) can be used for nothing by whoever carries it, and leaves nothing open on the card.

use cardwright_apdu::tlv;
use zeroize::Zeroizing;

use super::groupings::Groupings;
use super::lists::{IN_CRYPTOGRAMS, UNPREDICTABLE};
use super::view::View;
use super::{EmvFault, Interface};
use crate::Application;
use crate::emv::cryptogram::{CryptogramData, IssuerApplicationData, application_cryptogram};
use crate::emv::dol::Dol;
use crate::emv::tlv::at_path;

/// P1 of GENERATE AC, and the upper bits of the answer's 9F27: a declined transaction.
const DECLINED: u8 = 0x00;

/// A payment application's question, with what its answer must be made from. Its key is erased when dropped.
pub struct CryptogramQuestion {
    options: Vec<u8>,
    transaction: Vec<u8>,
    /// what the terminal gives to the cryptogram: 29 bytes
    terminal: Vec<u8>,
    interchange_profile: [u8; 2],
    issuer_application_data: IssuerApplicationData,
    key: Zeroizing<[u8; 16]>,
}

impl CryptogramQuestion {
    /// The question about `application` over `interface`, with the unpredictable `number`: every other value that the
    /// application asks for is zero.
    ///
    /// # Errors
    /// `EmvFault` where the application cannot be asked: a list, the key or the issuer application data is missing, or
    /// CDOL1 does not ask for what cryptograms are made of.
    pub fn new(application: &Application, interface: Interface, number: [u8; 4]) -> Result<Self, EmvFault> {
        let groupings = Groupings::of(application);
        let view = match View::read(&groupings, interface)? {
            Some(view) => view,
            None => View::read(&groupings, Interface::Contact)?.ok_or(EmvFault::Template(0x9104))?,
        };
        let list = view.needed(0x8C, "a cryptogram is asked for by it")?;
        let list = Dol::read(list).ok_or(EmvFault::NotAskedFor { list: 0x8C, missing: UNPREDICTABLE })?;
        let unasked = IN_CRYPTOGRAMS.iter().find(|(tag, length)| list.wants(*tag) != Some(*length));
        if let Some((missing, _)) = unasked {
            return Err(EmvFault::NotAskedFor { list: 0x8C, missing: *missing });
        }
        let options = view.in_template(0x9F38).and_then(Dol::read).map_or_else(Vec::new, |list| values(&list, number));
        let internal = groupings.get(0x3000).unwrap_or_default();
        let issuer = at_path(internal, &[0x9F10]).and_then(IssuerApplicationData::read);
        let key = groupings.get(0x8000).and_then(|keys| keys.first_chunk::<16>());
        Ok(Self {
            options: tlv::element(0x83, &options),
            transaction: values(&list, number),
            terminal: [&[0; 25][..], &number].concat(),
            interchange_profile: view.profile,
            issuer_application_data: issuer.ok_or(EmvFault::ElementValue { dgi: 0x3000, tag: 0x9F10 })?,
            key: Zeroizing::new(*key.ok_or(EmvFault::Template(0x8000))?),
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
        DECLINED
    }

    /// The data of GENERATE AC: the values for CDOL1.
    #[must_use]
    pub fn transaction(&self) -> &[u8] {
        &self.transaction
    }

    /// Whether `data`, answered to GENERATE AC, holds the cryptogram of this question under the application's key: of
    /// the profile's AIP, of the counter and the verification results that it names itself.
    #[must_use]
    pub fn is_answered_by(&self, data: &[u8]) -> bool {
        let Some(answer) = Answer::read(data) else { return false };
        let expected = self.issuer_application_data;
        let Some(found) = IssuerApplicationData::read(answer.issuer_application_data) else { return false };
        let declined = answer.information & 0xC0 == DECLINED;
        let same_issuer = (found.key_index, found.version) == (expected.key_index, expected.version);
        let data = CryptogramData {
            terminal: &self.terminal,
            interchange_profile: self.interchange_profile,
            counter: answer.counter,
            issuer_application_data: found,
        };
        declined && same_issuer && application_cryptogram(&self.key, &data) == answer.cryptogram
    }
}

/// The values that a list asks for: the number in its place, zeros elsewhere.
fn values(list: &Dol, number: [u8; 4]) -> Vec<u8> {
    let value = |tag: u32, length: u8| match (tag, length) {
        (UNPREDICTABLE, 4) => number.to_vec(),
        _ => vec![0; usize::from(length)],
    };
    list.entries().iter().flat_map(|entry| value(entry.tag.0, entry.length)).collect()
}

/// The answer to GENERATE AC, in either form.
pub(crate) struct Answer<'a> {
    pub(crate) information: u8,
    pub(crate) counter: u16,
    pub(crate) cryptogram: [u8; 8],
    pub(crate) issuer_application_data: &'a [u8],
}

impl<'a> Answer<'a> {
    pub(crate) fn read(data: &'a [u8]) -> Option<Self> {
        let template = tlv::read_one(data).ok()?;
        let value = template.value;
        let [information, counter, cryptogram, issuer_application_data] = match template.tag.0 {
            0x77 => {
                let part = |tag| tlv::find(value, tag).ok().flatten();
                [part(0x9F27)?, part(0x9F36)?, part(0x9F26)?, part(0x9F10)?]
            }
            0x80 => [value.get(..1)?, value.get(1..3)?, value.get(3..11)?, value.get(11..)?],
            _ => return None,
        };
        Some(Self {
            information: *information.first()?,
            counter: u16::from_be_bytes(counter.try_into().ok()?),
            cryptogram: cryptogram.try_into().ok()?,
            issuer_application_data,
        })
    }
}
