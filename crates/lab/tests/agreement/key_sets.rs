//! PUT KEY and DELETE of keys: what the host sends is what the card then opens with, also where the host foresaw
//! the channel before the card had its keys.

use cardwright_globalplatform::commands::{AesKeyBlock, check_put_key_answer, delete_keys, put_keys};
use cardwright_globalplatform::{
    ChannelParameters, HostChallenge, PredictedChannel, Prediction, Reason, SequenceCounter,
};
use proptest::prelude::*;

use crate::keys::StaticKeys;
use crate::pair::{KEY_VERSION, Pair, Setting, any_setting, command, opened, randomness};

const NEW_VERSION: u8 = 0x31;

fn form() -> impl Strategy<Value = AesKeyBlock> {
    prop_oneof![Just(AesKeyBlock::WithLength), Just(AesKeyBlock::ValueAlone)]
}

/// What the host foresees of the first channel under `keys`.
fn foresee(parameters: ChannelParameters, challenge: [u8; 16], keys: &StaticKeys) -> PredictedChannel {
    let prediction = Prediction::new(parameters, HostChallenge::new(challenge), 1).ok().unwrap();
    let card_challenge = keys.derive(&prediction.request());
    let needs = prediction.card_challenge(&card_challenge).ok().unwrap();
    let secrets = keys.secrets(&needs.request());
    needs.session_keys(secrets).ok().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn keys_that_were_put_open_the_card_and_the_replaced_ones_do_not(
        setting in any_setting(Setting::encrypts_commands), random in randomness(), form in form(), replaces: bool,
    ) {
        let mut pair = Pair::new(setting, &random);
        let new = setting.keys(&random.new_keys);
        let card = pair.authenticate();
        let encrypted = pair.keys.encrypt(&new, &card.data_encryption_key());
        let replaced = replaces.then_some(KEY_VERSION);
        let put = put_keys(replaced, NEW_VERSION, &encrypted, form).unwrap();
        let script = card.wrap(&[put]).unwrap_or_else(|error| panic!("{error}"));
        let answers = pair.run(&script);
        let (answers, _) = opened(&setting, script.verify(&answers).unwrap_or_else(|failure| panic!("{failure}")));
        prop_assert!(check_put_key_answer(NEW_VERSION, encrypted.keys(), &answers[1].0).is_ok());

        let card = pair.authenticate_on(NEW_VERSION, &new);
        let first = match setting.scp {
            2 => SequenceCounter::Scp02([0, 0]),
            _ if setting.is_pseudo_random() => SequenceCounter::Scp03([0, 0, 1]),
            _ => SequenceCounter::None,
        };
        prop_assert_eq!(card.card_answer().sequence_counter, first, "the new set's counter is at its start");
        let script = card.wrap(&[command(0x80, 0xF2, 0x80, 0x02, &[0x4F, 0])]).unwrap_or_else(|error| panic!("{error}"));
        let answers = pair.run(&script);
        let _ = opened(&setting, script.verify(&answers).unwrap_or_else(|failure| panic!("{failure}")));

        let old = pair.ask(KEY_VERSION);
        prop_assert_eq!(old == [0x6A, 0x88], replaces, "the old set is there exactly where it was added to");
    }

    #[test]
    fn a_deleted_key_set_opens_nothing_and_the_last_one_cannot_be_deleted(
        setting in any_setting(Setting::encrypts_commands), random in randomness(),
    ) {
        let mut pair = Pair::new(setting, &random);
        let new = setting.keys(&random.new_keys);
        let card = pair.authenticate();
        let encrypted = pair.keys.encrypt(&new, &card.data_encryption_key());
        let put = put_keys(None, NEW_VERSION, &encrypted, AesKeyBlock::WithLength).unwrap();
        let delete = |version| delete_keys(version, None).unwrap();
        let script = card.wrap(&[put, delete(KEY_VERSION)]).unwrap_or_else(|error| panic!("{error}"));
        let answers = pair.run(&script);
        let _ = opened(&setting, script.verify(&answers).unwrap_or_else(|failure| panic!("{failure}")));
        prop_assert_eq!(pair.ask(KEY_VERSION), [0x6A, 0x88]);
        let card = pair.authenticate_on(NEW_VERSION, &new);
        let script = card.wrap(&[delete(NEW_VERSION)]).unwrap_or_else(|error| panic!("{error}"));
        let answers = pair.run(&script);
        prop_assert!(script.verify_one(1, &answers[1]).is_err());
        prop_assert!(pair.card.state().key_set(NEW_VERSION).is_some());
    }

    #[test]
    fn a_channel_that_was_foreseen_is_the_one_that_the_card_opens(
        setting in any_setting(|setting| {
            setting.scp == 3 && setting.is_pseudo_random() && setting.encrypts_commands()
        }),
        random in randomness(), form in form(), replaces: bool,
    ) {
        let mut pair = Pair::new(setting, &random);
        let new = setting.keys(&random.new_keys);
        let card = pair.authenticate();
        let encrypted = pair.keys.encrypt(&new, &card.data_encryption_key());
        let put = put_keys(replaces.then_some(KEY_VERSION), NEW_VERSION, &encrypted, form).unwrap();
        let predicted = foresee(setting.parameters(NEW_VERSION), random.second_challenge, &new);
        let store = command(0x80, 0xE2, 0x90, 0x00, &[0x42, 2, 0x12, 0x34]);
        let question = command(0x80, 0xF2, 0x80, 0x02, &[0x4F, 0]);
        let script = card.wrap(&[put]).and_then(|script| script.continue_with(None, predicted, &[store, question]));
        let script = script.unwrap_or_else(|error| panic!("{error}"));
        let answers = pair.run(&script);
        let outcome = script.verify(&answers).unwrap_or_else(|failure| panic!("{setting:?}: {failure}"));
        let (answers, channel) = opened(&setting, outcome);
        prop_assert_eq!(answers.len(), 6);
        prop_assert_eq!(&pair.card.state().data_objects[0].value, &[0x12, 0x34]);
        // the channel is the second one: a further script goes on in it
        let outcome = pair.go_on(channel, &[command(0x80, 0xCA, 0x00, 0x42, &[])]);
        prop_assert_eq!(&opened(&setting, outcome).0[0].0, &[0x42, 2, 0x12, 0x34]);
    }

    /// The control: where the card has other keys than the host foresaw, the answer that the host waits for does
    /// not come, and whoever goes on all the same is refused by the card.
    #[test]
    fn a_channel_that_was_foreseen_wrongly_is_seen_before_external_authenticate(
        setting in any_setting(|setting| {
            setting.scp == 3 && setting.is_pseudo_random() && setting.encrypts_commands()
        }),
        random in randomness(),
    ) {
        let mut pair = Pair::new(setting, &random);
        let new = setting.keys(&random.new_keys);
        let card = pair.authenticate();
        let put = pair.keys.encrypt(&new, &card.data_encryption_key());
        let put = put_keys(Some(KEY_VERSION), NEW_VERSION, &put, AesKeyBlock::WithLength).unwrap();
        let predicted = foresee(setting.parameters(NEW_VERSION), random.second_challenge, &pair.keys);
        let question = command(0x80, 0xF2, 0x80, 0x02, &[0x4F, 0]);
        let script = card.wrap(&[put]).and_then(|script| script.continue_with(None, predicted, &[question]));
        let script = script.unwrap_or_else(|error| panic!("{error}"));
        let answers = pair.run(&script);
        let failure = script.verify(&answers).err().unwrap();
        prop_assert_eq!((failure.index, failure.reason), (2, Reason::NotAsExpected));
        prop_assert_eq!(&answers[3], &[0x63, 0x00]);
    }
}
