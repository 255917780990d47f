//! The positive controls of this harness: one bit changed in a command, an answer or a key is seen, and a command
//! that was torn never becomes a proof.

use cardwright_globalplatform::commands::{AesKeyBlock, put_keys};
use cardwright_globalplatform::{Conversation, Error, HostChallenge, PlannedCommand, Reason, Script, StaticKey};
use cardwright_virtual_card::{Card, PowerCut};
use proptest::prelude::*;

use crate::pair::{KEY_VERSION, Pair, Randomness, Setting, any_setting, command, randomness};

/// Two writes and, between and after them, questions: the last answer is one that can be proven.
fn commands() -> Vec<PlannedCommand> {
    let store = |value: u8| command(0x80, 0xE2, 0x90, 0x00, &[0x42, 3, value, value, value]);
    let question = || command(0x80, 0xF2, 0x80, 0x02, &[0x4F, 0]);
    vec![store(1), command(0x80, 0xCA, 0x00, 0x42, &[]), store(2), question()]
}

/// A script of EXTERNAL AUTHENTICATE and [`commands`], and the card that it is for.
fn script(setting: Setting, random: &Randomness) -> (Card, Script) {
    let mut pair = Pair::new(setting, random);
    let script = pair.authenticate().wrap(&commands()).unwrap_or_else(|error| panic!("{error}"));
    (pair.card, script)
}

fn bytes_of(script: &Script) -> Vec<Vec<u8>> {
    script.commands().map(|wrapped| wrapped.command.to_bytes()).collect()
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(1500))]

    /// But for Le, the last byte, which no MAC covers and which cannot change what the card does.
    #[test]
    fn a_changed_bit_in_a_wrapped_command_is_refused_by_the_card_and_seen_by_the_host(
        setting in any_setting(|_| true), random in randomness(), place in 1usize..5, bit: prop::sample::Index,
    ) {
        let (mut card, script) = script(setting, &random);
        let mut commands = bytes_of(&script);
        let bit = bit.index((commands[place].len() - 1) * 8);
        commands[place][bit / 8] ^= 0x80 >> (bit % 8);
        commands[..place].iter().for_each(|command| drop(card.transmit(command)));
        let writes = card.persistent_writes();
        let answer = card.transmit(&commands[place]);
        prop_assert_eq!(card.persistent_writes(), writes, "an altered command was executed");
        let failure = script.verify_one(place, &answer).err();
        prop_assert!(failure.is_some_and(|failure| failure.could_be_relay), "{:02X?}", answer);
    }
}

proptest! {
    #![proptest_config(config(1500))]

    #[test]
    fn a_changed_bit_in_an_answer_is_seen_wherever_there_is_an_r_mac(
        setting in any_setting(Setting::has_response_mac), random in randomness(), place in 0usize..5,
        bit: prop::sample::Index,
    ) {
        let (mut card, script) = script(setting, &random);
        let mut answers: Vec<_> = bytes_of(&script).iter().map(|command| card.transmit(command)).collect();
        prop_assert!(script.verify_one(place, &answers[place]).is_ok(), "the control: unchanged it is accepted");
        let bit = bit.index(answers[place].len() * 8);
        answers[place][bit / 8] ^= 0x80 >> (bit % 8);
        let failure = script.verify(&answers).err();
        prop_assert_eq!(failure.map(|failure| failure.index), Some(place));
    }

    /// What the levels without R-MAC are worth: the same change goes unseen, and the outcome says so.
    #[test]
    fn without_an_r_mac_an_answer_that_was_changed_is_believed_and_never_proven(
        setting in any_setting(|setting| !setting.has_response_mac()), random in randomness(),
    ) {
        let (mut card, script) = script(setting, &random);
        let mut answers: Vec<_> = bytes_of(&script).iter().map(|command| card.transmit(command)).collect();
        answers[2][2] ^= 0x01;
        let outcome = script.verify(&answers);
        prop_assert!(outcome.is_ok_and(|outcome| outcome.proven().is_none()));
    }
}

proptest! {
    #![proptest_config(config(300))]

    /// Cut before the command, in the middle of its writes or before its answer: whoever carries the answers then
    /// has a bare 9000, an answer of before, or what the card says afterwards. None makes a proof.
    #[test]
    fn a_torn_command_never_becomes_a_proof(
        setting in any_setting(Setting::has_response_mac), random in randomness(), place in 1usize..5, cut in 0u64..4,
    ) {
        let (mut card, script) = script(setting, &random);
        let commands = bytes_of(&script);
        let mut answers: Vec<_> = commands[..place].iter().map(|command| card.transmit(command)).collect();
        let cut = match cut {
            0 => PowerCut::Before,
            1 => PowerCut::BeforeAnswer,
            writes => PowerCut::AfterWrites(writes - 2),
        };
        card.transmit_and_cut(&commands[place], cut);
        let mut forged: Vec<Vec<u8>> = vec![Vec::new(), vec![0x90, 0x00], card.transmit(&commands[place])];
        forged.extend(answers.iter().skip(1).cloned());
        for answer in forged {
            prop_assert!(script.verify_one(place, &answer).is_err(), "{:02X?}", answer);
        }
        for later in &commands[place + 1..] {
            let answer = card.transmit(later);
            prop_assert_eq!(answer, [0x69, 0x82], "the channel is gone");
        }
        answers.resize(commands.len(), vec![0x90, 0x00]);
        let failure = script.verify(&answers).err();
        prop_assert!(failure.is_some_and(|failure| failure.index == place && failure.reason == Reason::ResponseMacMissing));
    }

    #[test]
    fn a_changed_bit_in_key_mac_is_seen_before_anything_is_sent(
        setting in any_setting(|setting| setting.scp == 3), random in randomness(), bit: usize,
    ) {
        let mut pair = Pair::new(setting, &random);
        let other = pair.keys.with_a_changed_bit(StaticKey::Mac, bit);
        let needs = pair.begin(KEY_VERSION);
        let secrets = other.secrets(&needs.request());
        prop_assert_eq!(needs.session_keys(secrets).err(), Some(Error::CardCryptogram));
    }

    #[test]
    fn a_changed_bit_in_key_enc_is_seen_in_a_pseudo_random_challenge(
        setting in any_setting(|setting| setting.scp == 3 && setting.is_pseudo_random()),
        random in randomness(), bit: usize,
    ) {
        let mut pair = Pair::new(setting, &random);
        let other = pair.keys.with_a_changed_bit(StaticKey::Enc, bit);
        let needs = pair.begin(KEY_VERSION);
        let request = needs.challenge_request().unwrap();
        prop_assert_eq!(needs.verify_challenge(&pair.keys.derive(&request)), Ok(()));
        prop_assert_eq!(needs.verify_challenge(&other.derive(&request)), Err(Error::CardChallenge));
    }

    /// The card cryptogram is under Key-MAC alone (Amd D §6.2.2.2): a random challenge says nothing of Key-ENC.
    #[test]
    fn a_changed_bit_in_key_enc_writes_nothing_behind_a_random_challenge(
        setting in any_setting(|setting| {
            setting.scp == 3 && !setting.is_pseudo_random() && setting.encrypts_commands()
        }),
        random in randomness(), bit: usize,
    ) {
        let mut pair = Pair::new(setting, &random);
        let right = pair.keys.clone();
        let other = right.with_a_changed_bit(StaticKey::Enc, bit);
        let script = pair.authenticate_on(KEY_VERSION, &other).wrap(&commands());
        let script = script.unwrap_or_else(|error| panic!("{error}"));
        let commands = bytes_of(&script);
        prop_assert_eq!(pair.card.transmit(&commands[0]), [0x90, 0x00]);
        let answer = pair.card.transmit(&commands[1]);
        prop_assert!(script.verify_one(1, &answer).is_err());
        prop_assert!(pair.card.state().data_objects.is_empty());
    }

    /// Triple DES takes no notice of the lowest bit of each byte.
    #[test]
    fn a_changed_bit_in_an_scp02_key_is_seen(
        setting in any_setting(|setting| setting.scp == 2), random in randomness(), bit in 0usize..128,
        is_mac: bool,
    ) {
        prop_assume!(bit % 8 != 0);
        let mut pair = Pair::new(setting, &random);
        let key = if is_mac { StaticKey::Mac } else { StaticKey::Enc };
        let other = pair.keys.with_a_changed_bit(key, bit);
        let needs = pair.begin(KEY_VERSION);
        let secrets = other.secrets(&needs.request());
        let opened = needs.session_keys(secrets);
        match (opened, is_mac) {
            (Err(error), false) => prop_assert_eq!(error, Error::CardCryptogram),
            (Ok(card), true) if setting.is_pseudo_random() => {
                prop_assert_eq!(card.verify_scp02_challenge(), Err(Error::CardChallenge));
            }
            (Ok(card), true) => {
                let script = card.wrap(&[]).unwrap_or_else(|error| panic!("{error}"));
                prop_assert_ne!(pair.card.transmit(&bytes_of(&script)[0]), [0x90, 0x00]);
            }
            _ => prop_assert!(false, "the card cryptogram is under Key-ENC alone (GPCS §E.4.2.1)"),
        }
    }

    #[test]
    fn a_changed_bit_in_key_dek_is_seen_by_the_check_values_of_put_key(
        setting in any_setting(Setting::encrypts_commands), random in randomness(), bit: usize,
    ) {
        prop_assume!(setting.scp == 3 || bit % 8 != 0);
        let mut pair = Pair::new(setting, &random);
        let other = pair.keys.with_a_changed_bit(StaticKey::Dek, bit);
        let new = setting.keys(&random.new_keys);
        let card = pair.authenticate();
        let encrypted = other.encrypt(&new, &card.data_encryption_key());
        let put = put_keys(Some(KEY_VERSION), 0x31, &encrypted, AesKeyBlock::WithLength).unwrap();
        let script = card.wrap(&[put]).unwrap_or_else(|error| panic!("{error}"));
        let answers = pair.run(&script);
        prop_assert!(script.verify_one(1, &answers[1]).is_err());
        prop_assert!(pair.card.state().key_set(0x31).is_none(), "no key was changed");
    }

    /// The whole answer to INITIALIZE UPDATE is proven but for the key diversification data, which names the keys,
    /// and the counter of a random challenge, which is not there.
    #[test]
    fn a_changed_bit_in_the_answer_to_initialize_update_is_seen(
        setting in any_setting(|setting| setting.is_pseudo_random()), random in randomness(),
        bit: prop::sample::Index,
    ) {
        let mut pair = Pair::new(setting, &random);
        let mut answer = pair.ask(KEY_VERSION);
        let bit = 80 + bit.index((answer.len() - 10) * 8);
        answer[bit / 8] ^= 0x80 >> (bit % 8);
        let challenge = HostChallenge::new(random.challenge);
        let Ok(needs) = Conversation::begin(setting.parameters(KEY_VERSION), challenge, &answer) else { return Ok(()) };
        let wrong_challenge = needs.challenge_request().is_some_and(|request| {
            needs.verify_challenge(&pair.keys.derive(&request)).is_err()
        });
        let secrets = pair.keys.secrets(&needs.request());
        prop_assert!(wrong_challenge || needs.session_keys(secrets).is_err());
    }
}
