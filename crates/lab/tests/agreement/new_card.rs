//! The flow of a new card in process: the issuing side on the real keystore, the card beside it, and nobody between
//! them but the test.

use std::rc::Rc;

use cardwright_data_preparation::{Checked, Date, Means, OrderFields, PersonalizationData, Profile, check, prepare};
use cardwright_globalplatform::commands::{EncryptedKey, EncryptedKeySet, KeyType};
use cardwright_globalplatform::{DataEncryptionKey, Protocol};
use cardwright_issuance::basis::Basis;
use cardwright_issuance::flow::{
    Inputs, Keys, LoadFile, Next, Requests, Ring, Secrets, Stage, StageKind, ToBeSigned, begin,
};
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::product::CardProduct;
use cardwright_keystore::{KeyId, KeyRef, Keystore, Rewrapping};
use cardwright_relay::message::{Refusal, ScriptCommand};
use cardwright_virtual_card::{Card, CardIdentity, Secret, SeededEntropy, blank};

use zeroize::Zeroizing;

use crate::file;
use crate::preparer::Issuer as Preparer;
use crate::wrapped_keys::{WrappedKeys, data_encryption};

pub(crate) const KDD: [u8; 10] = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0];

/// The card products that prove what they write.
pub(crate) const PROVING: [&str; 3] = ["scp03-i70", "scp03-i71", "scp03-i60"];

/// Seeds of a card's transport keys: the right ones and others.
pub(crate) const RIGHT: u8 = 0x11;
pub(crate) const WRONG: u8 = 0x12;

/// The issuing side for one card product and one order.
pub(crate) struct Issuer {
    pub(crate) product: CardProduct,
    pub(crate) kind: OrderKind,
    pub(crate) argument: Option<String>,
    pub(crate) programs: Vec<LoadFile>,
    pub(crate) basis: Basis,
    /// the issuance's random value
    pub(crate) second_challenge: [u8; 16],
    /// the data: it is opened anew for each computation, as at the center
    data: Option<Encoded>,
    /// whose keystore holds the authorities of keys that cards make
    authorities: Option<Rc<Preparer>>,
    keys: Rc<WrappedKeys>,
    opened: KeySet,
    new: Option<KeySet>,
}

/// The data's encoding and its digest.
pub(crate) type Encoded = (Zeroizing<Vec<u8>>, [u8; 32]);

pub(crate) fn encoded(data: &Checked<PersonalizationData>) -> Encoded {
    (data.to_bytes(), *data.digest())
}

/// A key set of a card, wrapped.
#[derive(Clone)]
pub(crate) struct KeySet {
    pub(crate) version: u8,
    pub(crate) protocol: Protocol,
    keys: [KeyRef; 3],
    check_values: [[u8; 3]; 3],
}

impl KeySet {
    pub(crate) fn new(keys: &WrappedKeys, seed: u8, version: u8, protocol: Protocol) -> Self {
        let (keys, check_values) = keys.set(seed, KeyType::of(protocol));
        Self { version, protocol, keys, check_values }
    }

    fn named(&self) -> Keys {
        Keys { version: self.version, protocol: self.protocol, check_values: self.check_values }
    }
}

pub(crate) fn data() -> Checked<PersonalizationData> {
    prepared(&file("profiles/identity.toml"))
}

/// Data of an identity card by another profile.
pub(crate) fn prepared(profile: &str) -> Checked<PersonalizationData> {
    let profile = Profile::parse(profile).unwrap_or_else(|error| panic!("{error}"));
    let columns = [("name", "Ada Example"), ("card_number", "6200001234567894"), ("pin", "4711"), ("photo", "ada.jpg")];
    let photo: Vec<u8> = [0xFF, 0xD8, 0xFF, 0xE0].into_iter().chain((0..1500u32).map(|place| place as u8)).collect();
    let fields = OrderFields::read(&profile, columns, Some(&photo)).unwrap();
    check(prepare(&profile, &fields, Date::new(2026, 11, 22).unwrap(), &Means::default()).unwrap()).unwrap()
}

fn made(product: &str) -> cardwright_virtual_card::CardProduct {
    cardwright_virtual_card::CardProduct::from_toml(&file(&format!("products/{product}.toml"))).unwrap()
}

/// A blank card whose transport keys come from `seed`.
pub(crate) fn blank_card(product: &str, seed: u8) -> Card {
    blank_card_drawing(product, seed, [5; 32])
}

/// The same, whose challenges and keys are drawn from `entropy`.
pub(crate) fn blank_card_drawing(product: &str, seed: u8, entropy: [u8; 32]) -> Card {
    let product = made(product);
    let keys = WrappedKeys::values(seed, product.key_length).map(Secret::new);
    let identity = CardIdentity {
        issuer_identification_number: vec![0x62, 0, 0, 0x1F],
        card_image_number: vec![0, 1],
        production_life_cycle: vec![0x47; 42],
        key_diversification_data: KDD.to_vec(),
    };
    let mut card = Card::new(blank::blank(product, identity, keys).unwrap(), Box::new(SeededEntropy::new(entropy)));
    card.reset();
    card
}

impl Issuer {
    pub(crate) fn new(product: &str) -> Self {
        Self::of(product, &data())
    }

    pub(crate) fn of(product: &str, data: &Checked<PersonalizationData>) -> Self {
        let keys = Rc::new(WrappedKeys::new());
        let product = CardProduct::from_toml(&file(&format!("products/{product}.toml"))).unwrap();
        let opened = KeySet::new(&keys, RIGHT, product.transport_key_version(), product.protocol());
        let new = KeySet::new(&keys, 0x77, product.issuer_key_version(), product.protocol());
        Self::for_order(product, OrderKind::New, Some(encoded(data)), (keys, opened, Some(new)))
    }

    /// The issuing side for an order of any kind, on a card that answers with one of `keys`, and gets the other.
    pub(crate) fn for_order(
        product: CardProduct,
        kind: OrderKind,
        data: Option<Encoded>,
        (keys, opened, new): (Rc<WrappedKeys>, KeySet, Option<KeySet>),
    ) -> Self {
        Self {
            product,
            kind,
            argument: None,
            programs: Vec::new(),
            basis: Basis::default(),
            second_challenge: [0x5A; 16],
            data,
            authorities: None,
            keys,
            opened,
            new,
        }
    }

    /// The card's answers to the preamble and INITIALIZE UPDATE, as a terminal sends them with OPEN.
    pub(crate) fn preamble(&self, card: &mut Card) -> Vec<Vec<u8>> {
        let preamble = self.product.preamble();
        let mut answers: Vec<_> = preamble.commands.iter().map(|command| card.transmit(command)).collect();
        let challenge = &[0xA5; 16][..usize::from(preamble.challenge_length)];
        let head = [0x80, 0x50, preamble.key_version, 0, preamble.challenge_length];
        answers.push(card.transmit(&[&head, challenge, &[0]].concat()));
        answers
    }

    /// The same, whose cards' keys are certified by `preparer`'s authorities.
    pub(crate) fn certifying(self, preparer: &Rc<Preparer>) -> Self {
        Self { authorities: Some(Rc::clone(preparer)), ..self }
    }

    /// The first script for a card that answered `update` to INITIALIZE UPDATE.
    pub(crate) fn open(&self, update: &[u8]) -> Result<Stage, Refusal> {
        let data = self.data.as_ref().map(|(bytes, digest)| Checked::reopen(bytes, digest).unwrap());
        let inputs = Inputs {
            product: self.product.clone(),
            kind: self.kind,
            argument: self.argument.clone(),
            masked_number: data.as_ref().map_or_else(String::new, |data| data.masked_number.clone()),
            data,
            opened_with: self.opened.named(),
            new_keys: self.new.as_ref().map(KeySet::named),
            programs: self.programs.clone(),
            basis: self.basis.clone(),
            host_challenge: [0xA5; 16].into(),
            second_challenge: self.second_challenge.into(),
        };
        let needs = begin(inputs, update)?;
        let secrets = self.derive(&needs.requests());
        let new = self.new.as_ref().map(|new| self.encrypted(new, &needs.data_encryption_key()));
        let authenticated = needs.keys(secrets, new)?;
        let secrets = self.derive(&authenticated.requests());
        let (ring, key) = authenticated.enciphers_under();
        let enciphered = self.keys.encipher(self.ring(ring), &key, &authenticated.to_encipher());
        authenticated.script(secrets, enciphered)
    }

    /// The version that the card answers with, and the key set that it gets.
    pub(crate) fn versions(&self) -> (u8, Option<&KeySet>) {
        (self.opened.version, self.new.as_ref())
    }

    fn ring(&self, ring: Ring) -> &[KeyRef; 3] {
        match ring {
            Ring::Opened => &self.opened.keys,
            Ring::New => self.new.as_ref().map_or(&self.opened.keys, |new| &new.keys),
        }
    }

    fn derive(&self, asked: &Requests) -> Secrets {
        let opened = self.keys.derive(self.ring(Ring::Opened), &asked.opened);
        Secrets { opened, new: self.keys.derive(self.ring(Ring::New), &asked.new) }
    }

    /// The new keys under the Key-DEK of those that the card was opened with.
    fn encrypted(&self, new: &KeySet, key: &DataEncryptionKey) -> EncryptedKeySet {
        let (under, _, mechanism) = data_encryption(&self.opened.keys, key);
        let items = new.keys.each_ref().map(|key| Rewrapping { key, under: &under, mechanism });
        let encrypted: Vec<_> = self.keys.keystore.rewrap(&items).unwrap();
        let key = |key: cardwright_keystore::Rewrapped| {
            EncryptedKey::new(KeyType::of(new.protocol), key.ciphertext, key.kcv.0).unwrap()
        };
        EncryptedKeySet::new(encrypted.into_iter().map(key).collect::<Vec<_>>().try_into().unwrap()).unwrap()
    }

    /// What follows proven answers: the next script, or none when the card is done.
    pub(crate) fn follow(&self, next: Next) -> Result<Option<Stage>, Refusal> {
        match next {
            Next::Done => Ok(None),
            Next::Stage(stage) => Ok(Some(*stage)),
            Next::Reopen(reopening) => {
                let keys = self.ring(reopening.ring());
                let secrets = self.keys.derive(keys, &reopening.request());
                let key = reopening.data_encryption_key();
                let enciphered = self.keys.encipher(keys, &key, &reopening.to_encipher());
                reopening.script(secrets, enciphered).map(Some)
            }
            Next::Declined(why) => panic!("{why:?}"),
            Next::Foresee(foresight) => {
                let secrets = self.derive(&foresight.requests());
                let keys = foresight.keys(secrets)?;
                let secrets = self.derive(&keys.requests());
                keys.script(secrets).map(Some)
            }
            Next::Certify(certification) => {
                let preparer = self.authorities.as_ref().unwrap();
                let sign = |wanted: &ToBeSigned| {
                    let key: KeyId = wanted.authority().parse().unwrap();
                    let length = preparer.keystore.rsa_public_key(&key).unwrap().modulus.len();
                    preparer.keystore.rsa_private(&key, &wanted.block(length).unwrap()).unwrap()
                };
                let signatures: Vec<_> = certification.to_be_signed().iter().map(sign).collect();
                certification.script(&signatures).map(Some)
            }
        }
    }
}

/// Runs a script as a terminal does; every status word must be one that lets the list go on.
pub(crate) fn run(card: &mut Card, commands: &[ScriptCommand]) -> Vec<Vec<u8>> {
    let mut answers = Vec::new();
    for command in commands {
        let mut answer = card.transmit(&command.apdu);
        while let [.., 0x61, count] = answer[..] {
            answer.truncate(answer.len() - 2);
            answer.extend(card.transmit(&[0x00, 0xC0, 0x00, 0x00, count]));
        }
        let status = u16::from_be_bytes(*answer.last_chunk::<2>().unwrap());
        let allowed = command.allowed.clone().unwrap_or_else(|| vec![0x9000]);
        assert!(allowed.contains(&status), "command {}: {status:04X}", answers.len());
        answers.push(answer);
    }
    answers
}

/// Gives `answers` to `stage`: what follows, or panics with what is wrong.
pub(crate) fn accept(issuer: &Issuer, stage: Stage, answers: &[Vec<u8>]) -> Option<Stage> {
    let answers: Vec<&[u8]> = answers.iter().map(Vec::as_slice).collect();
    let (_, next) = stage.answers(&answers).unwrap_or_else(|flaw| panic!("{flaw:?}"));
    let next = next.and_then(|next| issuer.follow(next));
    next.unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

/// One whole issuance, answer by answer. What the issuing side does is a function of these, so that any moment of it
/// can be brought back.
pub(crate) struct Recording {
    pub(crate) issuer: Issuer,
    pub(crate) card: Card,
    pub(crate) preamble: Vec<Vec<u8>>,
    /// what each script was for, and the card's answers to it
    pub(crate) scripts: Vec<(StageKind, Vec<Vec<u8>>)>,
}

impl Recording {
    pub(crate) fn of(product: &str) -> Self {
        Self::by(Issuer::new(product))
    }

    pub(crate) fn with(product: &str, data: &Checked<PersonalizationData>) -> Self {
        Self::by(Issuer::of(product, data))
    }

    pub(crate) fn by(issuer: Issuer) -> Self {
        let card = blank_card(issuer.product.name(), RIGHT);
        Self::on(issuer, card)
    }

    pub(crate) fn on(issuer: Issuer, mut card: Card) -> Self {
        let preamble = issuer.preamble(&mut card);
        let mut stage = Some(issuer.open(&preamble[2]).unwrap_or_else(|refusal| panic!("{refusal:?}")));
        let mut scripts = Vec::new();
        while let Some(script) = stage {
            let answers = run(&mut card, &script.commands());
            scripts.push((script.kind(), answers.clone()));
            stage = accept(&issuer, script, &answers);
        }
        Self { issuer, card, preamble, scripts }
    }

    /// The `number`th script again, before its answers came.
    pub(crate) fn stage(&self, number: usize) -> Stage {
        let opened = self.issuer.open(&self.preamble[2]).unwrap_or_else(|refusal| panic!("{refusal:?}"));
        let before = self.scripts[..number].iter();
        before.fold(opened, |stage, (_, answers)| accept(&self.issuer, stage, answers).unwrap())
    }
}
