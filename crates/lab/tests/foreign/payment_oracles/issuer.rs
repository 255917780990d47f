//! The issuer's side of ours: what preparation tells the keystore, and what it makes of the keystore's answers.

use cardwright_data_preparation::emv::cryptogram::{
    CryptogramData, CryptogramVersion, application_cryptogram, response_by_method_1, response_by_method_2, working_key,
};
use cardwright_data_preparation::emv::pin_block::{Pin, PinBlockFormat};
use cardwright_data_preparation::emv::tdes::set_odd_parity;
use cardwright_data_preparation::emv::verification::{CardValue, card_value, pin_value, pin_value_message};
use cardwright_data_preparation::emv::{Pan, Sequence, derivation};
use cardwright_keystore::software::{SoftwareKeystore, SystemRandomness};
use cardwright_keystore::{
    BlockMechanism, Derivation, Enciphering, KeyId, KeyKind, KeyRef, Keystore, NewKey, NewWrappedKey, PublishedKeys,
    Purpose, Source, WrappedPurpose,
};

use super::NAMES;
use super::card::Card;

/// The keystore with an issuer's keys.
pub(super) struct Issuer {
    keystore: SoftwareKeystore,
    /// the values of the next four, for the oracle
    pub(super) clear: [[u8; 16]; 4],
    master: KeyId,
    pub(super) card_verification: KeyId,
    pin_verification: KeyId,
    zone: KeyId,
    seal: KeyId,
}

impl Issuer {
    pub(super) fn new(clear: [[u8; 16]; 4]) -> Self {
        let keystore = SoftwareKeystore::in_memory(Box::new(SystemRandomness));
        let new = |name, kind, purpose| NewKey { id: KeyId::new(name, 1).unwrap(), kind, purpose, created: 0 };
        let import = |name, purpose, value: &[u8]| {
            let new = new(name, KeyKind::Tdes2, purpose);
            keystore.import(&new, value, None, PublishedKeys::Refused).unwrap().id
        };
        let seal = keystore.generate(&new("data", KeyKind::Aes256, Purpose::Wrap)).unwrap().id;
        let master = import("master", Purpose::Personalize, &clear[0]);
        let card_verification = import("card-verification", Purpose::RetailMac, &clear[1]);
        let pin_verification = import("pin-verification", Purpose::RetailMac, &clear[2]);
        let zone = import("zone", Purpose::Zone, &clear[3]);
        Self { keystore, clear, master, card_verification, pin_verification, zone, seal }
    }

    /// What the issuer's master gives for each of the derivations.
    fn card_keys(&self, derivations: &[Derivation]) -> Vec<[u8; 16]> {
        let master = KeyRef::from(self.master.clone());
        let items: Vec<_> = derivations.iter().map(|derivation| (&master, derivation)).collect();
        let secrets = self.keystore.session_secrets(&items).unwrap();
        secrets.iter().map(|secret| secret.expose().try_into().unwrap()).collect()
    }

    /// The session key of each card key and counter.
    fn session_keys(&self, keys: &[([u8; 16], u16)]) -> Vec<[u8; 16]> {
        let new = |(key, _): &'_ ([u8; 16], u16)| self.keystore.wrap_new(&self.sealed(key)).unwrap().key;
        let wrapped: Vec<KeyRef> = keys.iter().map(|key| new(key).into()).collect();
        let session = |(_, counter): &([u8; 16], u16)| derivation::under_tdes(derivation::session(*counter));
        let derivations: Vec<_> = keys.iter().map(session).collect();
        let items: Vec<_> = wrapped.iter().zip(&derivations).collect();
        let secrets = self.keystore.session_secrets(&items).unwrap();
        secrets.iter().map(|secret| secret.expose().try_into().unwrap()).collect()
    }

    fn sealed<'a>(&'a self, value: &'a [u8]) -> NewWrappedKey<'a> {
        let source = Source::Clear { value, expected: None, published: PublishedKeys::Refused };
        let (kind, purpose) = (KeyKind::Tdes2, WrappedPurpose::Token);
        NewWrappedKey { under: &self.seal, associated_data: b"", kind, purpose, source }
    }

    pub(super) fn macs<M: AsRef<[u8]>>(&self, key: &KeyId, messages: &[M]) -> Vec<[u8; 8]> {
        let items: Vec<_> = messages.iter().map(|message| (key, message.as_ref())).collect();
        self.keystore.retail_mac_batch(&items).unwrap()
    }

    fn under_zone(&self, blocks: &[[u8; 8]]) -> Vec<Vec<u8>> {
        let (under, mechanism) = (&KeyRef::from(self.zone.clone()), BlockMechanism::TdesEcb);
        let items: Vec<_> = blocks.iter().map(|data| Enciphering { under, mechanism, data }).collect();
        self.keystore.encipher_batch(&items).unwrap()
    }

    fn out_of_zone(&self, block: &[u8]) -> [u8; 8] {
        let (under, mechanism) = (&KeyRef::from(self.zone.clone()), BlockMechanism::TdesEcb);
        let secret = self.keystore.decipher(&Enciphering { under, mechanism, data: block }).unwrap();
        secret.expose().try_into().unwrap()
    }

    /// Ours, in the order of [`NAMES`]. Of format 3, which we only read, the card's block stands there.
    pub(super) fn answers(&self, cards: &[Card]) -> Vec<Vec<String>> {
        let columns = [self.key_columns(cards), self.value_columns(cards), self.block_columns(cards)].concat();
        (0..cards.len()).map(|row| columns.iter().map(|column| column[row].clone()).collect()).collect()
    }

    fn key_columns(&self, cards: &[Card]) -> Vec<Vec<String>> {
        let by = |option: fn(&Pan, Sequence) -> [[u8; 8]; 2]| {
            let derivations: Vec<_> =
                cards.iter().map(|card| derivation::under_tdes(option(&card.pan(), card.sequence()))).collect();
            self.card_keys(&derivations)
        };
        let (a, b) = (by(derivation::option_a), by(derivation::option_b));
        let sessions = |keys: &[[u8; 16]]| {
            let items: Vec<_> = keys.iter().copied().zip(cards.iter().map(|card| card.counter)).collect();
            self.session_keys(&items)
        };
        let (session_a, session_b) = (sessions(&a), sessions(&b));
        let mut columns: Vec<Vec<String>> =
            [&a, &b, &session_a, &session_b].map(|keys| keys.iter().map(|key| as_des_key(*key)).collect()).into();
        let made: Vec<[String; 5]> = (0..cards.len()).map(|row| cryptograms(&cards[row], &a[row], &b[row])).collect();
        columns.extend((0..5).map(|index| made.iter().map(|row| row[index].clone()).collect()));
        columns
    }

    fn value_columns(&self, cards: &[Card]) -> Vec<Vec<String>> {
        let of = |kind: fn(&Card) -> CardValue| {
            let messages: Vec<_> = cards.iter().map(|card| *kind(card).message(&card.pan(), card.expiry())).collect();
            let macs = self.macs(&self.card_verification, &messages);
            macs.iter().map(|mac| text(&*card_value(mac))).collect()
        };
        let stripe = |card: &Card| {
            let digits = card.service_code.bytes().map(|digit| digit - b'0').collect::<Vec<_>>();
            CardValue::Stripe(digits.try_into().unwrap())
        };
        let pin_messages: Vec<_> =
            cards.iter().map(|card| *pin_value_message(&card.pan(), card.pin_key_index, &card.pin())).collect();
        let pin_macs = self.macs(&self.pin_verification, &pin_messages);
        let pin_values = pin_macs.iter().map(|mac| text(&*pin_value(mac))).collect();
        vec![of(stripe), of(|_| CardValue::Chip), of(|_| CardValue::Printed), pin_values]
    }

    fn block_columns(&self, cards: &[Card]) -> Vec<Vec<String>> {
        let clear = |format| -> Vec<[u8; 8]> {
            cards.iter().map(|card| *card.pin().write(format, &card.pan(), None).unwrap()).collect()
        };
        let enciphered = |blocks: &[[u8; 8]]| self.under_zone(blocks).iter().map(hex::encode_upper).collect();
        let short = |column: Vec<String>| {
            let known = |(value, card): (String, &Card)| if card.number.len() > 12 { value } else { "-".into() };
            column.into_iter().zip(cards).map(known).collect()
        };
        let (zero, two) = (clear(PinBlockFormat::Zero), clear(PinBlockFormat::Two));
        let for_cards = two.iter().map(hex::encode_upper).collect();
        vec![short(enciphered(&zero)), enciphered(&two), short(for_cards)]
    }

    /// The oracle's answer, made comparable: a block of format 3 as the card's block that we read out of it.
    pub(super) fn comparable(&self, mut theirs: Vec<String>, card: &Card) -> Vec<String> {
        if theirs.len() == NAMES.len() && theirs[15] != "-" {
            let block = self.out_of_zone(&hex::decode(&theirs[15]).unwrap());
            let read = Pin::read(PinBlockFormat::Three, &block, &card.pan());
            theirs[15] = read.map_or_else(|fault| fault.to_string(), |pin| hex::encode_upper(*pin.for_the_card()));
        }
        theirs
    }
}

/// Our derived keys have the parity that falls out; pyemv gives odd parity, as cards are given it.
fn as_des_key(mut key: [u8; 16]) -> String {
    set_odd_parity(&mut key);
    hex::encode_upper(key)
}

pub(super) fn text(digits: &[u8]) -> String {
    String::from_utf8(digits.to_vec()).unwrap()
}

/// ARQC and ARPC of CVN 10 under the key of option A, and of CVN 18 under that of option B.
fn cryptograms(card: &Card, a: &[u8; 16], b: &[u8; 16]) -> [String; 5] {
    let (terminal, profile) = (card.data[..8].concat(), card.data[8].as_slice().try_into().unwrap());
    let made = |key, issuer_application_data| {
        let data = CryptogramData {
            terminal: &terminal,
            interchange_profile: profile,
            counter: card.counter,
            issuer_application_data,
        };
        application_cryptogram(key, &data)
    };
    let (ten, eighteen) = (made(a, card.issuer_data[0]), made(b, card.issuer_data[1]));
    let session = working_key(CryptogramVersion::Eighteen, b, card.counter);
    [
        hex::encode_upper(ten),
        hex::encode_upper(response_by_method_1(a, ten, card.response_code)),
        hex::encode_upper(eighteen),
        hex::encode_upper(response_by_method_1(&session, eighteen, card.response_code)),
        hex::encode_upper(response_by_method_2(&session, eighteen, card.status_update, &card.own)),
    ]
}
