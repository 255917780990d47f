//! SCP02 against a second reading of GPCS Appendix E; the recorded dialogues have level 01 only.

use cardwright_apdu::{Aid, Command};
use cardwright_globalplatform::{
    ChannelParameters, Content, Conversation, Error, HostChallenge, NeedsSessionKeys, PlannedCommand, Protocol,
    SecurityLevel,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::keystore::{KeySet, execute, tdes_ecb};

const HOST_CHALLENGE: [u8; 8] = *b"8 bytes!";
const COUNTER: [u8; 2] = [0x00, 0x2A];

fn keys() -> KeySet {
    KeySet { enc: (0x10..0x20).collect(), mac: (0x30..0x40).collect(), dek: (0x50..0x60).collect() }
}

fn session_key(key: &[u8], constant: [u8; 2]) -> Vec<u8> {
    execute(key, &cardwright_globalplatform::derivation::scp02_session_key(constant, COUNTER))
}

fn padded(data: &[u8]) -> Vec<u8> {
    let mut padded = [data, &[0x80]].concat();
    padded.resize(padded.len().next_multiple_of(8), 0);
    padded
}

fn xor(chain: &[u8], block: &[u8]) -> Vec<u8> {
    chain.iter().zip(block).map(|(one, other)| one ^ other).collect()
}

/// Single DES with the first half of a key: triple DES with that half twice.
fn des(key: &[u8], block: &[u8]) -> Vec<u8> {
    tdes_ecb(&[&key[..8], &key[..8]].concat(), block)
}

fn retail_mac(key: &[u8], icv: &[u8], message: &[u8]) -> Vec<u8> {
    let padded = padded(message);
    let (last, front) =
        padded.chunks(8).collect::<Vec<_>>().split_last().map(|(l, f)| (l.to_vec(), f.to_vec())).unwrap();
    let chain = front.into_iter().fold(icv.to_vec(), |chain, block| des(key, &xor(&chain, block)));
    tdes_ecb(key, &xor(&chain, &last))
}

fn full_mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    padded(message).chunks(8).fold(vec![0; 8], |chain, block| tdes_ecb(key, &xor(&chain, block)))
}

fn decrypted(key: &[u8], data: &[u8]) -> Vec<u8> {
    use cipher::{BlockModeDecrypt, KeyIvInit, block_padding::Iso7816};
    let cipher = cbc::Decryptor::<des::TdesEde2>::new_from_slices(key, &[0; 8]).unwrap();
    cipher.decrypt_padded_vec::<Iso7816>(data).unwrap()
}

fn card_challenge() -> Vec<u8> {
    let mac_key = session_key(&keys().mac, [1, 1]);
    retail_mac(&mac_key, &[0; 8], Aid::ISSUER_SECURITY_DOMAIN.as_bytes())[..6].to_vec()
}

fn answer() -> Vec<u8> {
    let challenge = card_challenge();
    let enc = session_key(&keys().enc, [1, 0x82]);
    let cryptogram = full_mac(&enc, &[&HOST_CHALLENGE[..], &COUNTER, &challenge].concat());
    [&[9; 10][..], &[0x20, 0x02], &COUNTER, &challenge, &cryptogram, &[0x90, 0x00]].concat()
}

fn begin(level: u8, answer: &[u8]) -> Result<NeedsSessionKeys, Error> {
    let level = SecurityLevel::from_byte(level).unwrap();
    let protocol = Protocol::scp02(0x55).unwrap();
    let parameters = ChannelParameters::new(protocol, 0x20, level, Aid::ISSUER_SECURITY_DOMAIN).unwrap();
    let mut challenge = [0; 16];
    challenge[..8].copy_from_slice(&HOST_CHALLENGE);
    Conversation::begin(parameters, HostChallenge::new(challenge), answer)
}

/// Key diversification data takes part in nothing here: whose keys they are, the caller finds by it.
#[test]
fn every_changed_bit_of_the_answer_is_refused() {
    let answer = answer();
    for bit in 80..answer.len() * 8 {
        let mut changed = answer.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let opened = begin(0x03, &changed).and_then(|needs| {
            let secrets = keys().secrets(&needs.request());
            needs.session_keys(secrets)?.verify_scp02_challenge()
        });
        assert!(opened.is_err(), "bit {bit}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_list_arrives(level in prop_oneof![Just(0x01u8), Just(0x03)], list in vec(vec(any::<u8>(), 0..=239), 0..6)) {
        let needs = begin(level, &answer()).ok().unwrap();
        let secrets = keys().secrets(&needs.request());
        let authenticated = needs.session_keys(secrets).ok().unwrap();
        prop_assert_eq!(authenticated.verify_scp02_challenge(), Ok(()));
        let planned: Vec<_> = list.iter().map(|data| plan(data)).collect();
        let script = authenticated.wrap(&planned).ok().unwrap();
        let (enc, mac) = (session_key(&keys().enc, [1, 0x82]), session_key(&keys().mac, [1, 1]));
        let mut icv = vec![0; 8];
        let host = full_mac(&enc, &[&COUNTER[..], &card_challenge(), &HOST_CHALLENGE].concat());
        let expected = std::iter::once(&host).chain(&list);
        for (number, (wrapped, plain)) in script.commands().zip(expected).enumerate() {
            let (data, found) = wrapped.command.data().split_at(wrapped.command.data().len() - 8);
            let encrypted = number > 0 && level == 0x03 && !plain.is_empty();
            let arrived = if encrypted { decrypted(&enc, data) } else { data.to_vec() };
            prop_assert_eq!(&arrived, plain);
            let header = wrapped.command.header;
            let head = [header.cla, header.ins, header.p1, header.p2, plain.len() as u8 + 8];
            let right = retail_mac(&mac, &icv, &[&head[..], plain].concat());
            prop_assert_eq!(found, &right[..]);
            icv = des(&mac, &right);
        }
    }
}

fn plan(data: &[u8]) -> PlannedCommand {
    PlannedCommand::new(Command::new(0x80, 0xE2, 0, 0).with_data(data).unwrap(), Content::Management)
}

#[test]
fn what_the_card_answers_is_believed_and_never_proven() {
    let needs = begin(0x03, &answer()).ok().unwrap();
    let secrets = keys().secrets(&needs.request());
    let script = needs.session_keys(secrets).ok().unwrap().wrap(&[plan(b"data")]).ok().unwrap();
    let outcome = script.verify(&[[0x90, 0x00], [0x90, 0x00]]).unwrap();
    assert!(outcome.proven().is_none());
}
