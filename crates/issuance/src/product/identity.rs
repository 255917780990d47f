//! Which card it is: what a terminal asks before OPEN, and what the answers say.

use cardwright_apdu::{Command, Response, StatusWord, tlv};
use cardwright_relay::message::Preamble;

use super::{CardProduct, ProductFault};

/// What SELECT answers on a locked card (GPCS §11.9.3.2).
const LOCKED: StatusWord = StatusWord(0x6283);

/// What a card says it is, before anything of it is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardIdentity {
    /// card production life cycle data, 42 bytes, or empty
    pub cplc: Vec<u8>,
    /// key diversification data
    pub kdd: [u8; 10],
}

impl CardProduct {
    /// What a terminal asks such a card before OPEN: SELECT, GET DATA (CPLC), INITIALIZE UPDATE.
    #[must_use]
    pub fn preamble(&self) -> Preamble {
        let select = Command::new(0x00, 0xA4, 0x04, 0x00)
            .with_data(self.security_domain.as_bytes())
            .expect("an AID has 16 bytes at most")
            .expecting_all();
        let cplc = Command::new(0x80, 0xCA, 0x9F, 0x7F).expecting_all();
        Preamble {
            product: self.file.name.clone(),
            atr: self.atr.clone().into(),
            commands: vec![select.to_bytes().into(), cplc.to_bytes().into()],
            // whatever key set the card has first: its answer names it, and only those on record are taken
            key_version: 0,
            challenge_length: if self.file.scp == 3 && self.file.i & 0x01 != 0 { 16 } else { 8 },
        }
    }

    /// What the card says it is, from its answers to the preamble.
    ///
    /// # Errors
    /// `ProductFault` where the answers are not those of a card of this product.
    pub fn identify(&self, answers: &[&[u8]]) -> Result<CardIdentity, ProductFault> {
        let fault = |reason: &str| ProductFault(reason.to_owned());
        let [select, cplc, update] = answers else {
            return Err(fault("it does not answer all of SELECT, GET DATA and INITIALIZE UPDATE"));
        };
        let parse = |answer: &[u8]| Response::parse(answer).map_err(|_| fault("an answer without status word"));
        // a locked card is selected with a warning (GPCS §11.9.3.2)
        let select = parse(select)?.status;
        if select != StatusWord::SUCCESS && select != LOCKED {
            return Err(fault("SELECT of the Security Domain was refused"));
        }
        let cplc = parse(cplc)?;
        let cplc = if cplc.status == StatusWord::SUCCESS {
            tlv::find(&cplc.data, 0x9F7F).ok().flatten().map(<[u8]>::to_vec).ok_or_else(|| fault("CPLC"))?
        } else {
            Vec::new()
        };
        let update = parse(update)?;
        let kdd = update.data.first_chunk::<10>().ok_or_else(|| fault("INITIALIZE UPDATE"))?;
        Ok(CardIdentity { cplc, kdd: *kdd })
    }

    /// The production data of a card that answers no more than that, as one does that was ended for good (GPCS
    /// Table 11-1): SELECT is refused. Nothing proves it, and nothing but its production data says which card it is.
    /// `None` where it is no such answer, or the card has no production data.
    #[must_use]
    pub fn identify_ended(&self, answers: &[&[u8]]) -> Option<Vec<u8>> {
        let [select, cplc, rest @ ..] = answers else { return None };
        let select = Response::parse(select).ok()?.status;
        let refuses = |answer: &&[u8]| answer.len() == 2;
        let refused = select != StatusWord::SUCCESS && select != LOCKED && rest.iter().all(refuses);
        let cplc = Response::parse(cplc).ok().filter(|answer| refused && answer.status == StatusWord::SUCCESS)?;
        tlv::find(&cplc.data, 0x9F7F).ok().flatten().map(<[u8]>::to_vec)
    }
}
