//! The whole flow of a new card, in process, on every card product that proves what it writes.

use std::path::Path;

use cardwright_data_preparation::{Checked, Date, OrderFields, PersonalizationData, Profile, check, prepare};
use cardwright_globalplatform::commands::{EncryptedKey, EncryptedKeySet};
use cardwright_globalplatform::{KeyDerivation, KeyRequest, SessionSecrets, StaticKey};
use cardwright_issuance::new_card::{Inputs, Next, Stage, StageKind, begin};
use cardwright_issuance::product::CardProduct;
use cardwright_keystore::software::{SoftwareKeystore, SystemRandomness};
use cardwright_keystore::{
    Derivation, KeyId, KeyKind, KeyRef, Keystore, NewKey, NewWrappedKey, PublishedKeys, Purpose, RewrapMechanism,
    Rewrapping, Source, WrappedPurpose,
};
use cardwright_relay::message::ScriptCommand;
use cardwright_virtual_card::{Card, CardIdentity, Secret, SeededEntropy, blank};
use zeroize::Zeroizing;

fn file(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::read_to_string(root.join(path)).unwrap()
}

/// Three static keys as the keystore keeps them.
struct Keys {
    keystore: SoftwareKeystore,
    wrap: KeyId,
}

impl Keys {
    fn new() -> Self {
        let keystore = SoftwareKeystore::in_memory(Box::new(SystemRandomness));
        let wrap = KeyId::new("card-storage", 1).unwrap();
        let new = NewKey { id: wrap.clone(), kind: KeyKind::Aes256, purpose: Purpose::Wrap, created: 0 };
        keystore.generate(&new).unwrap();
        Self { keystore, wrap }
    }

    fn wrapped(&self, value: &[u8]) -> (KeyRef, [u8; 3]) {
        let kind = match value.len() {
            16 => KeyKind::Aes128,
            24 => KeyKind::Aes192,
            _ => KeyKind::Aes256,
        };
        let source = Source::Clear { value, expected: None, published: PublishedKeys::Refused };
        let purpose = WrappedPurpose::Token;
        let new = NewWrappedKey { under: &self.wrap, associated_data: b"card", kind, purpose, source };
        let wrapped = self.keystore.wrap_new(&new).unwrap();
        (wrapped.key.into(), wrapped.kcv.0)
    }

    fn set(&self, seed: u8, length: usize) -> ([KeyRef; 3], [[u8; 3]; 3]) {
        let values =
            [1u8, 2, 3].map(|role| (0..length).map(|place| seed ^ (place as u8 * 7) ^ (role << 5)).collect::<Vec<_>>());
        let wrapped = values.map(|value| self.wrapped(&value));
        let check_values = wrapped.each_ref().map(|(_, kcv)| *kcv);
        (wrapped.map(|(key, _)| key), check_values)
    }

    fn derive(&self, keys: &[KeyRef; 3], requests: &[KeyRequest]) -> Vec<Zeroizing<Vec<u8>>> {
        let items: Vec<_> = requests
            .iter()
            .map(|request| {
                let key = &keys[usize::from(request.key.identifier()) - 1];
                let KeyDerivation::AesCmac { blocks, length } = &request.derivation else { panic!("AES only") };
                (key, Derivation::AesCmac { blocks: blocks.clone(), length: *length })
            })
            .collect();
        let items: Vec<_> = items.iter().map(|(key, derivation)| (*key, derivation)).collect();
        if items.is_empty() {
            return Vec::new();
        }
        let secrets = self.keystore.session_secrets(&items).unwrap();
        secrets.iter().map(|secret| Zeroizing::new(secret.expose().to_vec())).collect()
    }
}

fn data() -> Checked<PersonalizationData> {
    let profile = Profile::parse(&file("profiles/identity.toml")).unwrap();
    let columns = [("name", "Ada Example"), ("card_number", "6200001234567894"), ("pin", "4711")];
    let photo: Vec<u8> = [0xFF, 0xD8, 0xFF, 0xE0].into_iter().chain((0..1500u32).map(|place| place as u8)).collect();
    let columns: Vec<_> = columns.into_iter().chain([("photo", "ada.jpg")]).collect();
    let fields = OrderFields::read(&profile, columns, Some(&photo)).unwrap();
    check(prepare(&profile, &fields, Date::new(2026, 11, 22).unwrap()).unwrap()).unwrap()
}

fn run(card: &mut Card, commands: &[ScriptCommand]) -> Vec<Vec<u8>> {
    let mut answers = Vec::new();
    for command in commands {
        let answer = card.transmit(&command.apdu);
        let status = u16::from_be_bytes(*answer.last_chunk::<2>().unwrap());
        let allowed = command.allowed.clone().unwrap_or_else(|| vec![0x9000]);
        assert!(allowed.contains(&status), "command {}: {status:04X}", answers.len());
        answers.push(answer);
    }
    answers
}

fn answer(stage: Stage, card: &mut Card) -> Next {
    let answers = run(card, &stage.commands());
    let answers: Vec<&[u8]> = answers.iter().map(Vec::as_slice).collect();
    let (_, next) = stage.answers(&answers).unwrap_or_else(|flaw| panic!("{flaw:?}"));
    next.unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

/// Issues one card of the product; hands back the card and the number of scripts it took.
fn issue(product: &str) -> (Card, Vec<StageKind>) {
    let text = file(&format!("products/{product}.toml"));
    let made = cardwright_virtual_card::CardProduct::from_toml(&text).unwrap();
    let product = CardProduct::from_toml(&text).unwrap();
    let keys = Keys::new();
    let (transport, _) = keys.set(0x11, made.key_length);
    let (issuer, issuer_check_values) = keys.set(0x77, made.key_length);
    let clear = [1u8, 2, 3]
        .map(|role| Secret::new((0..made.key_length).map(|place| 0x11 ^ (place as u8 * 7) ^ (role << 5)).collect()));
    let identity = CardIdentity {
        issuer_identification_number: vec![0x62, 0, 0, 0x1F],
        card_image_number: vec![0, 1],
        production_life_cycle: vec![0x47; 42],
        key_diversification_data: vec![9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
    };
    let state = blank::blank(made, identity, clear).unwrap();
    let mut card = Card::new(state, Box::new(SeededEntropy::new([5; 32])));
    assert_eq!(card.reset(), product.atr());

    let host_challenge = [0xA5; 16].into();
    let preamble = product.preamble();
    let mut preamble_answers: Vec<Vec<u8>> = preamble.commands.iter().map(|command| card.transmit(command)).collect();
    let mut update = vec![0x80, 0x50, preamble.key_version, 0, preamble.challenge_length];
    update.extend_from_slice(&[0xA5; 16][..usize::from(preamble.challenge_length)]);
    update.push(0);
    preamble_answers.push(card.transmit(&update));
    let answers: Vec<&[u8]> = preamble_answers.iter().map(Vec::as_slice).collect();
    assert_eq!(product.identify(&answers).unwrap().kdd, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);

    let inputs = Inputs {
        product: product.clone(),
        data: data(),
        issuer_check_values,
        host_challenge,
        second_challenge: [0x5A; 16].into(),
    };
    let needs = begin(inputs, answers[2]).unwrap_or_else(|refusal| panic!("{refusal:?}"));
    let session = keys.derive(&transport, &needs.transport_request());
    let foreseen: Vec<_> = needs.issuer_request().into_iter().collect();
    let foreseen = keys.derive(&issuer, &foreseen).pop();
    let under = &transport[usize::from(StaticKey::Dek.identifier()) - 1];
    let items = issuer.each_ref().map(|key| Rewrapping { key, under, mechanism: RewrapMechanism::AesCbcZeroIv });
    let rewrapped = keys.keystore.rewrap(&items).unwrap();
    let encrypted: Vec<_> = rewrapped
        .into_iter()
        .map(|key| EncryptedKey::new(product.key_type(), key.ciphertext, key.kcv.0).unwrap())
        .collect();
    let put_key = EncryptedKeySet::new(encrypted.try_into().unwrap()).unwrap();
    let authenticated = needs.keys(session, foreseen, put_key).unwrap_or_else(|refusal| panic!("{refusal:?}"));
    let secrets = SessionSecrets::new(keys.derive(&issuer, &authenticated.issuer_request()));
    let mut stage = authenticated.script(secrets).unwrap_or_else(|refusal| panic!("{refusal:?}"));
    let mut kinds = Vec::new();
    loop {
        kinds.push(stage.kind());
        stage = match answer(stage, &mut card) {
            Next::Done => return (card, kinds),
            Next::Stage(next) => *next,
            Next::Reopen(reopening) => {
                let secrets = SessionSecrets::new(keys.derive(&issuer, &reopening.issuer_request()));
                reopening.script(secrets).unwrap_or_else(|refusal| panic!("{refusal:?}"))
            }
        };
    }
}

/// Reads a public file of the identity application as any terminal would.
fn read(card: &mut Card, file: u16) -> Vec<u8> {
    let select = [0x00, 0xA4, 0x04, 0x00, 0x0A, 0xF0, 0x43, 0x41, 0x52, 0x44, 0x57, 0x49, 0x44, 0x00, 0x01, 0x00];
    assert!(card.transmit(&select).ends_with(&[0x90, 0x00]));
    let [high, low] = file.to_be_bytes();
    assert_eq!(card.transmit(&[0x00, 0xA4, 0x02, 0x0C, 0x02, high, low]), [0x90, 0x00]);
    let mut answer = card.transmit(&[0x00, 0xB0, 0x00, 0x00, 0x00]);
    let status = answer.split_off(answer.len() - 2);
    assert!(status == [0x90, 0x00] || status == [0x62, 0x82], "{status:02X?}");
    answer
}

#[test]
fn a_card_with_foreseeable_challenges_is_written_in_one_script_and_activated_in_another() {
    for product in ["scp03-i70", "scp03-i71"] {
        let (mut card, kinds) = issue(product);
        assert_eq!(kinds, [StageKind::Write, StageKind::Activate], "{product}");
        assert_eq!(read(&mut card, 0x0101), b"Ada Example");
        assert_eq!(read(&mut card, 0x0102), b"6200001234567894");
    }
}

#[test]
fn a_card_with_random_challenges_takes_one_script_more() {
    let (mut card, kinds) = issue("scp03-i60");
    assert_eq!(kinds, [StageKind::ChangeKeys, StageKind::Write, StageKind::Activate]);
    assert_eq!(read(&mut card, 0x0101), b"Ada Example");
}
