//! Whatever is not the card of the product is refused, before anything is sent that costs a try.

use cardwright_apdu::{Aid, StatusWord};
use cardwright_globalplatform::{
    ChannelParameters, Conversation, Diversification, Error, Fault, HostChallenge, KeySize, Protocol, SecurityLevel,
    SessionSecrets, StaticKey, initialize_update,
};
use zeroize::Zeroizing;

use crate::dialogue::{FULL, HOST_CHALLENGE, KDD, Setting};
use crate::keystore::{KeySet, execute};

const MASTER: [u8; 16] = *b"batch master key";

/// The card's keys as the center has them: derived from the key diversification data that came.
fn keys_of(diversification_data: &[u8; 10], size: KeySize) -> KeySet {
    let [enc, mac, dek] =
        StaticKey::ALL.map(|key| execute(&MASTER, &Diversification::Kdf3(size).derivation(key, diversification_data)));
    KeySet { enc, mac, dek }
}

/// Opens as the center does: begin, keys by diversification data, cryptogram, and the challenge where it can be.
fn open(setting: Setting, answer: &[u8]) -> Result<(), Error> {
    let challenge = HostChallenge::new(HOST_CHALLENGE);
    let needs = Conversation::begin(setting.parameters(0x30), challenge, answer)?;
    let keys = keys_of(&needs.card_answer().diversification_data, setting.size);
    if let Some(request) = needs.challenge_request() {
        needs.verify_challenge(&keys.derive(&request))?;
    }
    let secrets = keys.secrets(&needs.request());
    needs.session_keys(secrets).map(|_| ())
}

#[test]
fn every_changed_bit_of_the_initialize_update_answer_is_refused() {
    for i in [0x00, 0x10, 0x20, 0x30, 0x60, 0x70, 0x01, 0x11, 0x61, 0x71] {
        let setting = Setting { i, level: 0x03, ..FULL };
        let (_, answer) = setting.card(&keys_of(&KDD, setting.size), 0x30, 5);
        assert_eq!(open(setting, &answer), Ok(()), "i = {i:02X}");
        for bit in 0..answer.len() * 8 {
            let mut changed = answer.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let error = open(setting, &changed).expect_err("a changed answer was taken");
            assert_eq!(error.fault(), Fault::Card, "bit {bit} at i = {i:02X}: {error}");
        }
    }
}

#[test]
fn every_other_length_of_the_initialize_update_answer_is_refused() {
    let (_, answer) = FULL.card(&keys_of(&KDD, FULL.size), 0x30, 5);
    for length in 0..answer.len() {
        assert!(open(FULL, &answer[answer.len() - length..]).is_err());
        assert!(open(FULL, &[&answer[..length], &[0x90, 0x00]].concat()).is_err() || length == answer.len() - 2);
    }
    assert!(open(FULL, &[&answer[..answer.len() - 2], &[0, 0x90, 0x00]].concat()).is_err());
}

#[test]
fn a_relay_that_turns_i_down_is_told_what_was_expected() {
    let (_, mut answer) = FULL.card(&keys_of(&KDD, FULL.size), 0x30, 5);
    answer[12] = 0x10;
    let expected = Error::OtherCard { field: "parameter i", expected: "70".into(), found: "10".into() };
    assert_eq!(open(FULL, &answer), Err(expected));
}

#[test]
fn a_card_that_refuses_says_so() {
    assert_eq!(open(FULL, &[0x6A, 0x88]), Err(Error::Status { status: StatusWord(0x6A88) }));
}

#[test]
fn a_level_that_i_does_not_allow_cannot_be_stated() {
    let allowed = [
        (0x00, vec![0x01, 0x03]),
        (0x10, vec![0x01, 0x03]),
        (0x20, vec![0x01, 0x03, 0x11, 0x13]),
        (0x61, vec![0x01, 0x03, 0x11, 0x13, 0x33]),
    ];
    for (i, levels) in allowed {
        for level in [0x01, 0x03, 0x11, 0x13, 0x33] {
            let protocol = Protocol::scp03(i, KeySize::Aes192).unwrap();
            let stated = SecurityLevel::from_byte(level).unwrap();
            let made = ChannelParameters::new(protocol, 1, stated, Aid::ISSUER_SECURITY_DOMAIN);
            assert_eq!(made.is_ok(), levels.contains(&level), "level {level:02X} at i = {i:02X}");
        }
    }
    for level in [0x11, 0x13, 0x33] {
        let stated = SecurityLevel::from_byte(level).unwrap();
        let made = ChannelParameters::new(Protocol::scp02(0x55).unwrap(), 1, stated, Aid::ISSUER_SECURITY_DOMAIN);
        assert_eq!(made, Err(Error::LevelNotAllowed { level }));
    }
}

#[test]
fn an_i_that_is_not_defined_is_no_protocol() {
    let known = |i: &u8| Protocol::scp03(*i, KeySize::Aes128).is_ok();
    let scp03: Vec<u8> = (0..=0xFF).filter(known).collect();
    assert_eq!(scp03, [0x00, 0x01, 0x10, 0x11, 0x20, 0x21, 0x30, 0x31, 0x60, 0x61, 0x70, 0x71]);
    let scp02: Vec<u8> = (0..=0xFF).filter(|i| Protocol::scp02(*i).is_ok()).collect();
    assert_eq!(scp02, [0x15, 0x55]);
    let levels: Vec<u8> = (0..=0xFF).filter(|level| SecurityLevel::from_byte(*level).is_ok()).collect();
    assert_eq!(levels, [0x01, 0x03, 0x11, 0x13, 0x33]);
}

#[test]
fn a_factory_key_set_is_asked_for_without_its_number() {
    let command = |version| initialize_update(&FULL.parameters(version), &HostChallenge::new(HOST_CHALLENGE));
    assert_eq!(command(0xFF).to_bytes()[..5], [0x80, 0x50, 0x00, 0x00, 0x08]);
    assert_eq!(command(0x30).to_bytes()[..5], [0x80, 0x50, 0x30, 0x00, 0x08]);
    let s16 = Setting { i: 0x71, ..FULL };
    let long = initialize_update(&s16.parameters(0x30), &HostChallenge::new(HOST_CHALLENGE));
    assert_eq!(long.data(), HOST_CHALLENGE);
}

#[test]
fn secrets_that_were_not_asked_for_are_the_keystores_fault() {
    let keys = keys_of(&KDD, FULL.size);
    let (_, answer) = FULL.card(&keys, 0x30, 5);
    for lengths in [vec![], vec![16, 16], vec![16, 16, 24], vec![16; 4]] {
        let needs = FULL.begin(&answer);
        let secrets = lengths.iter().map(|length| Zeroizing::new(vec![0; *length])).collect();
        let error = needs.session_keys(SessionSecrets::new(secrets)).err().unwrap();
        assert_eq!(error.fault(), Fault::Keystore, "{lengths:?}");
    }
}
