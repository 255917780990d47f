//! SCP02 with i = 15 and 55, for card products that have no other: session keys, cryptograms, C-MAC, C-DECRYPTION
//! (GPCS Appendix E). These have no R-MAC: what the card answers is believed, never proven.

use cardwright_apdu::Command;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{Opening, secured, with_short_data};
use crate::Error;
use crate::cryptography::{TripleDesKey, pad};
use crate::derivation::{KeyDerivation, KeyRequest, StaticKey, scp02_session_key};
use crate::protocol::{Protocol, Scp02Options};
use crate::security_level::SecurityLevel;

/// Constants of the session keys (GPCS §E.4.1).
const S_ENC: [u8; 2] = [0x01, 0x82];
const S_MAC: [u8; 2] = [0x01, 0x01];
const S_DEK: [u8; 2] = [0x01, 0x81];

/// The derivations of the session ENC and C-MAC keys.
pub(crate) fn request(counter: [u8; 2]) -> Vec<KeyRequest> {
    vec![
        KeyRequest { key: StaticKey::Enc, derivation: scp02_session_key(S_ENC, counter) },
        KeyRequest { key: StaticKey::Mac, derivation: scp02_session_key(S_MAC, counter) },
    ]
}

/// The derivation of the session DEK under the static Key-DEK.
pub(crate) fn data_encryption_key(counter: [u8; 2]) -> KeyDerivation {
    scp02_session_key(S_DEK, counter)
}

/// A channel from the right card cryptogram on.
pub(crate) struct Scp02Channel {
    enc: TripleDesKey,
    mac: TripleDesKey,
    host_cryptogram: [u8; 8],
    level: SecurityLevel,
    last_mac: Option<[u8; 8]>,
}

impl Scp02Channel {
    pub(crate) fn open(opening: &Opening, keys: &[Zeroizing<Vec<u8>>]) -> Result<Self, Error> {
        let enc = TripleDesKey::new(&keys[0])?;
        let host = opening.host_challenge.sent(&opening.parameters);
        let card = [&opening.scp02_counter()[..], &opening.answer.card_challenge].concat();
        let expected = enc.full_mac(&pad(&[host, &card].concat(), 8));
        if !bool::from(expected[..].ct_eq(&opening.answer.card_cryptogram)) {
            return Err(Error::CardCryptogram);
        }
        let host_cryptogram = enc.full_mac(&pad(&[&card, host].concat(), 8));
        let mac = TripleDesKey::new(&keys[1])?;
        Ok(Self { enc, mac, host_cryptogram, level: opening.parameters.level(), last_mac: None })
    }

    pub(crate) fn level(&self) -> SecurityLevel {
        self.level
    }

    /// The well-known pseudo-random algorithm: 6 bytes of the MAC of the AID (GPCS §E.4.2.3).
    pub(crate) fn verify_challenge(&self, opening: &Opening) -> Result<(), Error> {
        if opening.parameters.protocol() == (Protocol::Scp02 { i: Scp02Options::Random }) {
            return Ok(());
        }
        let expected = self.mac.retail_mac([0; 8], &pad(opening.parameters.security_domain().as_bytes(), 8));
        let same = bool::from(expected[..6].ct_eq(&opening.answer.card_challenge));
        if same { Ok(()) } else { Err(Error::CardChallenge) }
    }

    /// EXTERNAL AUTHENTICATE: C-MAC with ICV zero, never encrypted (GPCS §E.5.2).
    pub(crate) fn external_authenticate(&mut self) -> Command {
        let command = with_short_data(Command::new(0x84, 0x82, self.level.byte(), 0x00), self.host_cryptogram);
        let mac = self.next_mac(&command);
        secured(&command, [command.data(), &mac].concat(), false)
    }

    /// Wraps a command whose class and length were found right: the MAC is over the plain data, then the data is
    /// encrypted (GPCS §E.4.4, §E.4.6).
    pub(crate) fn wrap(&mut self, plain: &Command) -> Command {
        let mac = self.next_mac(plain);
        let mut data = Vec::with_capacity(plain.data().len() + 16);
        if plain.data().is_empty() || !self.level.has_command_encryption() {
            data.extend_from_slice(plain.data());
        } else {
            data.extend_from_slice(&pad(plain.data(), 8));
            self.enc.cbc_encrypt(&mut data);
        }
        data.extend_from_slice(&mac);
        secured(plain, data, false)
    }

    /// The C-MAC over the modified header and the plain data; the ICV is the C-MAC before it under single DES, and
    /// zero for the first (GPCS §E.3.4, §E.4.4).
    fn next_mac(&mut self, plain: &Command) -> [u8; 8] {
        let header = plain.header;
        let length = (plain.data().len() + 8) as u8;
        let mut message = Zeroizing::new(Vec::with_capacity(5 + plain.data().len()));
        message.extend_from_slice(&[header.cla | 0x04, header.ins, header.p1, header.p2, length]);
        message.extend_from_slice(plain.data());
        let icv = self.last_mac.map_or([0; 8], |mac| self.mac.single_des(mac));
        let mac = self.mac.retail_mac(icv, &pad(&message, 8));
        self.last_mac = Some(mac);
        mac
    }
}
