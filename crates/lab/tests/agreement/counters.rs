//! Sequence counters step as each protocol says, and are seen alike from both sides.

use cardwright_globalplatform::{SecurityLevel, SequenceCounter};
use proptest::prelude::*;

use crate::pair::{KEY_VERSION, Pair, any_setting, command, randomness};

fn counter(pair: &mut Pair) -> SequenceCounter {
    pair.begin(KEY_VERSION).card_answer().sequence_counter
}

/// EXTERNAL AUTHENTICATE as the host makes it, with `change` done to its bytes.
fn authenticate(pair: &mut Pair, change: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let script = pair.authenticate().wrap(&[]).unwrap_or_else(|error| panic!("{error}"));
    let mut bytes = script.commands().next().unwrap().command.to_bytes();
    change(&mut bytes);
    pair.card.transmit(&bytes)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn scp03_steps_at_each_initialize_update_and_begins_with_one(
        setting in any_setting(|setting| setting.scp == 3 && setting.is_pseudo_random()),
        random in randomness(),
        openings in prop::collection::vec(any::<bool>(), 1..8),
    ) {
        let mut pair = Pair::new(setting, &random);
        for (before, opens) in openings.into_iter().enumerate() {
            if opens {
                prop_assert_eq!(authenticate(&mut pair, |_| ()), [0x90, 0x00]);
            } else {
                prop_assert_eq!(counter(&mut pair), SequenceCounter::Scp03([0, 0, before as u8 + 1]));
            }
            prop_assert_eq!(pair.card.state().key_sets[0].sequence_counter, before as u32 + 1);
        }
    }

    #[test]
    fn scp03_with_random_challenges_shows_no_counter_and_never_the_same_challenge(
        setting in any_setting(|setting| setting.scp == 3 && !setting.is_pseudo_random()),
        random in randomness(),
    ) {
        let mut pair = Pair::new(setting, &random);
        let first = pair.begin(KEY_VERSION);
        let second = pair.begin(KEY_VERSION);
        prop_assert_eq!(first.card_answer().sequence_counter, SequenceCounter::None);
        prop_assert_ne!(&first.card_answer().card_challenge, &second.card_answer().card_challenge);
        prop_assert!(first.challenge_request().is_none());
    }

    #[test]
    fn scp02_steps_at_a_right_external_authenticate_only_and_begins_with_zero(
        setting in any_setting(|setting| setting.scp == 2),
        random in randomness(),
        openings in prop::collection::vec(any::<bool>(), 1..8),
    ) {
        let mut pair = Pair::new(setting, &random);
        let mut expected = 0u16;
        for right in openings {
            prop_assert_eq!(counter(&mut pair), SequenceCounter::Scp02(expected.to_be_bytes()));
            if right {
                prop_assert_eq!(authenticate(&mut pair, |_| ()), [0x90, 0x00]);
                expected += 1;
            } else {
                let answer = authenticate(&mut pair, |bytes| bytes[14] ^= 1); // in the C-MAC
                prop_assert_ne!(answer, [0x90, 0x00]);
            }
        }
        prop_assert_eq!(counter(&mut pair), SequenceCounter::Scp02(expected.to_be_bytes()));
    }

    #[test]
    fn a_new_initialize_update_ends_the_channel_before_it(
        setting in any_setting(|setting| SecurityLevel::from_byte(setting.level).is_ok()),
        random in randomness(),
    ) {
        let mut pair = Pair::new(setting, &random);
        let question = command(0x80, 0xF2, 0x80, 0x02, &[0x4F, 0]);
        let script = pair.authenticate().wrap(&[question.clone(), question]).unwrap_or_else(|error| panic!("{error}"));
        let commands: Vec<_> = script.commands().map(|wrapped| wrapped.command.to_bytes()).collect();
        prop_assert_eq!(pair.card.transmit(&commands[0]), [0x90, 0x00]);
        prop_assert!(pair.card.transmit(&commands[1]).ends_with(&[0x90, 0x00]));
        pair.ask(KEY_VERSION);
        prop_assert_eq!(pair.card.transmit(&commands[2]), [0x69, 0x82]);
    }
}
