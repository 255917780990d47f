//! Personal data goes nowhere but under C-DECRYPTION: refused at the profile, at what is stored, and at the script.

use cardwright_apdu::Dgi;
use cardwright_data_preparation::{Checked, PersonalizationData, Profile};
use cardwright_globalplatform::Error;
use cardwright_globalplatform::commands::{Blocks, StoredDgi, StructureBits, store_data};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use crate::file;
use crate::new_card::data;
use crate::pair::{Pair, Setting, any_setting, randomness};

#[test]
fn a_profile_with_personal_data_at_level_01_or_11_is_refused() {
    let text = file("profiles/identity.toml");
    assert!(Profile::parse(&text).is_ok(), "the control: at level 33 it is taken");
    for level in ["01", "11"] {
        let lowered = text.replace("security-level = \"33\"", &format!("security-level = \"{level}\""));
        assert_ne!(lowered, text);
        assert!(Profile::parse(&lowered).is_err(), "level {level}");
    }
}

/// Stored data is sealed, and its digest is on record; here both are the forger's.
#[test]
fn stored_data_whose_level_was_lowered_to_01_or_11_is_refused() {
    let stored = data().to_bytes();
    let reopen = |bytes: &[u8]| Checked::<PersonalizationData>::reopen(bytes, &Sha256::digest(bytes).into());
    assert!(reopen(&stored).is_ok(), "the control: unchanged it is taken");
    let level = [0x18, 0x33]; // as CBOR codes it
    let places: Vec<usize> = (0..stored.len() - 1).filter(|place| stored[*place..].starts_with(&level)).collect();
    assert!(!places.is_empty());
    for place in places {
        for lowered in [0x01, 0x11] {
            let altered = [&stored[..place], &[lowered], &stored[place + 2..]].concat();
            assert!(reopen(&altered).is_err(), "{lowered:02X} at {place}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_script_with_personal_data_is_refused_at_every_level_without_c_decryption_and_spends_no_try(
        setting in any_setting(|_| true), random in randomness(), content in prop::collection::vec(any::<u8>(), 1..500),
    ) {
        let mut pair = Pair::new(setting, &random);
        let dgi = Dgi::new(0x0101, content).unwrap();
        let stored = [StoredDgi { dgi: &dgi, encrypted: false, optional: false }];
        let commands = store_data(&stored, StructureBits::Implicit, 200, Blocks::ALL).unwrap();
        let script = pair.authenticate().wrap(&commands);
        match script {
            Ok(_) => prop_assert!(Setting::encrypts_commands(&setting)),
            Err(error) => {
                prop_assert!(!setting.encrypts_commands());
                prop_assert_eq!(error, Error::PersonalInClear { index: 0, level: setting.level });
            }
        }
        prop_assert_eq!(pair.card.state().key_sets[0].failures, 0);
    }
}
