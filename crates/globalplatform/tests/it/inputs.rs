//! No bytes from a card or a carrier panic, and nothing secret can be printed.

use cardwright_apdu::Command;
use cardwright_globalplatform::commands::{DataObject, Scope, SelectedDomain, StatusFormat, read_data_object};
use cardwright_globalplatform::registry::read_registry;
use cardwright_globalplatform::{
    CardAnswer, CardRecognition, Content, PlannedCommand, ProductionLifeCycle, read_key_information,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::dialogue::{FULL, Setting, three_commands};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_answer_of_a_card_panics(bytes in vec(any::<u8>(), 0..80), i in prop_oneof![Just(0x00u8), Just(0x70), Just(0x71)]) {
        let setting = Setting { i, level: 0x03, ..FULL };
        let _ = CardAnswer::parse(&setting.parameters(0x30), &bytes);
        let _ = CardRecognition::parse(&bytes);
        let _ = ProductionLifeCycle::parse(&bytes);
        let _ = read_key_information(&bytes);
        let _ = SelectedDomain::parse(&bytes);
        let _ = read_data_object(DataObject::SequenceCounter, &bytes);
        for scope in [Scope::IssuerSecurityDomain, Scope::Applications, Scope::LoadFiles, Scope::LoadFilesAndModules] {
            let _ = read_registry(scope, StatusFormat::Tlv, &bytes);
            let _ = read_registry(scope, StatusFormat::Untagged, &bytes);
        }
    }

    #[test]
    fn no_invented_answers_are_proof(invented in vec(vec(any::<u8>(), 0..40), 0..6)) {
        let (script, _) = three_commands(FULL);
        prop_assert!(script.verify(&invented).is_err());
    }

    #[test]
    fn templates_with_any_content_do_not_panic(content in vec(any::<u8>(), 0..40)) {
        let within = |tag| cardwright_apdu::tlv::element(tag, &content);
        let _ = CardRecognition::parse(&cardwright_apdu::tlv::element(0x66, &within(0x73)));
        let _ = read_key_information(&cardwright_apdu::tlv::element(0xE0, &within(0xC0)));
        let _ = read_registry(Scope::Applications, StatusFormat::Tlv, &within(0xE3));
        let _ = SelectedDomain::parse(&within(0x6F));
    }
}

#[test]
fn a_planned_command_is_printed_without_its_data() {
    let command = Command::new(0x80, 0xE2, 0x88, 0x00).with_data(*b"Hanako Yamada").unwrap();
    let printed = format!("{:?}", PlannedCommand::new(command, Content::Personal));
    assert_eq!(printed, "PlannedCommand(80E28800, 13 bytes, Personal, [SW 9000])");
}
