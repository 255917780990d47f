//! The bytes of the commands, and what their answers say.

use cardwright_apdu::{Aid, StatusWord, tlv};
use cardwright_globalplatform::commands::*;
use cardwright_globalplatform::registry::{LifeCycle, read_registry};
use cardwright_globalplatform::{
    CardRecognition, Content, Error, KeyInformation, PlannedCommand, ProductionLifeCycle, StaticKey,
    read_key_information,
};

use crate::keystore::tdes_ecb;
use crate::vectors::Vector;

fn aid(text: &str) -> Aid {
    text.parse().unwrap()
}

fn bytes(planned: &PlannedCommand) -> String {
    hex::encode_upper(planned.command().to_bytes())
}

#[test]
fn selection_and_questions() {
    let domain = Aid::ISSUER_SECURITY_DOMAIN;
    assert_eq!(hex::encode_upper(select(&domain).to_bytes()), "00A4040008A00000015100000000");
    assert_eq!(hex::encode_upper(select_issuer_security_domain().to_bytes()), "00A4040000");
    let asked = |object| hex::encode_upper(get_data(object).to_bytes());
    assert_eq!(asked(DataObject::ProductionLifeCycle), "80CA9F7F00");
    assert_eq!(asked(DataObject::CardRecognitionData), "80CA006600");
    assert_eq!(asked(DataObject::KeyInformation), "80CA00E000");
    assert_eq!(asked(DataObject::IssuerIdentificationNumber), "80CA004200");
    assert_eq!(asked(DataObject::CardImageNumber), "80CA004500");
    assert_eq!(asked(DataObject::SequenceCounter), "80CA00C100");
}

#[test]
fn the_registry_is_asked_by_scope_format_and_page() {
    let first = get_status(Scope::Applications, &[], StatusFormat::Tlv, Occurrence::First).unwrap();
    assert_eq!(bytes(&first), "80F24002024F0000");
    assert_eq!(first.allowed(), [StatusWord::SUCCESS, StatusWord::MORE_DATA]);
    let next = get_status(Scope::LoadFilesAndModules, &[0xA0, 0], StatusFormat::Tlv, Occurrence::Next).unwrap();
    assert_eq!(bytes(&next), "80F21003044F02A00000");
    let old = get_status(Scope::IssuerSecurityDomain, &[], StatusFormat::Untagged, Occurrence::First).unwrap();
    assert_eq!(bytes(&old), "80F28000024F0000");
    assert!(get_status(Scope::LoadFiles, &[0; 17], StatusFormat::Tlv, Occurrence::First).is_err());
}

#[test]
fn installation_in_its_roles() {
    let (file, module, instance) = (aid("A0000006470001"), aid("A000000647000101"), aid("A000000647000102"));
    let load = install_for_load(&file, None, &[], &[]).unwrap();
    assert_eq!(bytes(&load), "80E602000C07A00000064700010000000000");
    let hashed = install_for_load(&file, Some(&Aid::ISSUER_SECURITY_DOMAIN), &[0x5A; 32], &[]).unwrap();
    assert_eq!(hashed.command().data()[..18], hex::decode("07A000000647000108A00000015100000020").unwrap()[..]);
    let installation = Installation {
        load_file: file,
        module,
        instance,
        privileges: Privileges::NONE,
        application_parameters: &[],
        further_parameters: &[],
    };
    let data = "07A000000647000108A00000064700010108A000000647000102010002C90000";
    assert_eq!(bytes(&installation.install().unwrap()), format!("80E6040020{data}00"));
    assert_eq!(bytes(&installation.install_and_make_selectable().unwrap()), format!("80E60C0020{data}00"));
    let selectable = make_selectable(&instance, Privileges::new(&[0x00, 0x00, 0x00]).unwrap());
    assert_eq!(bytes(&selectable), "80E6080011000008A000000647000102030000000000".to_owned() + "00");
    assert_eq!(bytes(&install_for_personalization(&instance)), "80E620000E000008A00000064700010200000000");
    assert!(Privileges::new(&[0, 0]).is_err());
}

#[test]
fn install_parameters_that_do_not_fit_are_the_callers_fault() {
    let installation = |application_parameters| Installation {
        load_file: aid("A0000006470001"),
        module: aid("A000000647000101"),
        instance: aid("A000000647000102"),
        privileges: Privileges::NONE,
        application_parameters,
        further_parameters: &[],
    };
    let long = [7; 230];
    let fitting = installation(&long[..200]).install().unwrap();
    assert_eq!(fitting.command().data()[28..33], [0x81, 203, 0xC9, 0x81, 200]);
    assert!(matches!(installation(&long).install(), Err(Error::Argument { .. })));
}

#[test]
fn a_registry_update_names_only_what_changes() {
    let update = RegistryUpdate {
        security_domain: None,
        application: Some(aid("A000000647000102")),
        privileges: Some(Privileges::new(&[0x04, 0, 0]).unwrap()),
        parameters: &[0xEF, 0x03, 0xCF, 0x01, 0x40],
    };
    let expected = "80E6400016000008A0000006470001020304000005EF03CF01400000";
    assert_eq!(bytes(&update.command().unwrap()), expected);
}

#[test]
fn a_load_file_is_cut_into_numbered_blocks() {
    let block: Vec<u8> = (0..500u16).map(|byte| byte as u8).collect();
    let commands = load(&block, 239).unwrap();
    let headers: Vec<_> = commands.iter().map(|load| load.command().to_bytes()[..4].to_vec()).collect();
    assert_eq!(headers, [[0x80, 0xE8, 0x00, 0x00], [0x80, 0xE8, 0x00, 0x01], [0x80, 0xE8, 0x80, 0x02]]);
    let whole: Vec<u8> = commands.iter().flat_map(|load| load.command().data().to_vec()).collect();
    assert_eq!(whole, tlv::element(0xC4, &block));
    assert!(commands.iter().all(|load| load.content() == Content::LoadFile));
    assert_eq!(load(&vec![0; 0x100 * 239 - 4], 239).unwrap().len(), 0x100);
    let too_many = Error::TooManyBlocks { what: "LOAD", found: 0x101 };
    assert_eq!(load(&vec![0; 0x100 * 239 - 3], 239), Err(too_many));
}

#[test]
fn deletion_and_states() {
    let instance = aid("A000000647000102");
    assert_eq!(bytes(&delete(&instance, false)), "80E400000A4F08A00000064700010200");
    assert_eq!(bytes(&delete(&instance, true)), "80E400800A4F08A00000064700010200");
    assert_eq!(bytes(&delete_keys(0x20, None).unwrap()), "80E4000003D2012000");
    assert_eq!(bytes(&delete_keys(0x20, Some(StaticKey::Dek)).unwrap()), "80E4000006D00103D2012000");
    assert_eq!(delete_keys(0xFF, None), Err(Error::KeyVersion(0xFF)));
    assert_eq!(bytes(&lock_application(&instance)), "80F0408008A000000647000102");
    assert_eq!(bytes(&unlock_application(&instance)), "80F0400008A000000647000102");
    assert_eq!(bytes(&set_card_state(CardState::Secured)), "80F0800F");
    assert_eq!(CardState::from_byte(0x7F), Some(CardState::Locked));
    assert_eq!(CardState::from_byte(0x08), None);
}

#[test]
fn put_key_is_the_recorded_one() {
    for vector in Vector::all("scp02.json", "put-key-aes-under-scp02") {
        let encrypted = tdes_ecb(&vector.hex("s_dek"), &vector.hex("new_key"));
        let check_value = vector.hex("kcv").try_into().unwrap();
        let key = EncryptedKey::new(KeyType::Aes128, encrypted, check_value).unwrap();
        let keys = EncryptedKeySet::new([key.clone(), key.clone(), key]).unwrap();
        let recorded = vector.text("plain_apdu");
        let command = put_keys(None, vector_version(recorded), &keys, AesKeyBlock::WithLength).unwrap();
        assert_eq!(bytes(&command), recorded, "{}", vector.passport());
        assert_eq!(command.content(), Content::Personal);
    }
}

fn vector_version(recorded: &str) -> u8 {
    u8::from_str_radix(&recorded[10..12], 16).unwrap()
}

#[test]
fn key_blocks_have_the_form_of_their_type() {
    let command = |key_type, length: usize, form| {
        let key = EncryptedKey::new(key_type, vec![0xEE; length], [1, 2, 3]).unwrap();
        put_key(Some(0x20), 0x21, 1, &key, form).unwrap().command().to_bytes()
    };
    let head = |key_type, length, form| hex::encode_upper(&command(key_type, length, form)[2..9]);
    assert_eq!(head(KeyType::TripleDes, 16, AesKeyBlock::WithLength), "200117218010EE");
    assert_eq!(head(KeyType::Aes128, 16, AesKeyBlock::WithLength), "20011821881110");
    assert_eq!(head(KeyType::Aes128, 16, AesKeyBlock::ValueAlone), "200117218810EE");
    assert_eq!(head(KeyType::Aes192, 32, AesKeyBlock::ValueAlone), "20012821882118");
    assert_eq!(head(KeyType::Aes256, 32, AesKeyBlock::WithLength), "20012821882120");
    assert!(command(KeyType::Aes256, 32, AesKeyBlock::ValueAlone).ends_with(&[3, 1, 2, 3, 0]));
    assert!(EncryptedKey::new(KeyType::Aes128, vec![0; 15], [0; 3]).is_err());
}

#[test]
fn a_key_set_is_of_one_type_and_has_a_version_that_can_be_named() {
    let key = |key_type, length| EncryptedKey::new(key_type, vec![0; length], [0; 3]).unwrap();
    let (short, long) = (key(KeyType::Aes128, 16), key(KeyType::Aes256, 32));
    assert!(EncryptedKeySet::new([short.clone(), short.clone(), long]).is_err());
    let keys = EncryptedKeySet::new([short.clone(), short.clone(), short]).unwrap();
    for (replaced, new) in [(None, 0x00), (None, 0x80), (Some(0xFF), 0x01), (Some(0x00), 0x01)] {
        assert!(matches!(put_keys(replaced, new, &keys, AesKeyBlock::WithLength), Err(Error::KeyVersion(_))));
    }
    let replacing = put_keys(Some(0x30), 0x30, &keys, AesKeyBlock::WithLength).unwrap();
    assert_eq!(replacing.command().to_bytes()[..4], [0x80, 0xD8, 0x30, 0x81]);
}

#[test]
fn an_answer_to_put_key_with_other_keys_is_refused() {
    let key = |check_value| EncryptedKey::new(KeyType::Aes128, vec![0; 16], check_value).unwrap();
    let keys = [key([1, 2, 3]), key([4, 5, 6]), key([7, 8, 9])];
    let answer = [0x31, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    assert_eq!(check_put_key_answer(0x31, &keys, &answer), Ok(()));
    for index in 0..answer.len() {
        let mut other = answer;
        other[index] ^= 1;
        assert!(matches!(check_put_key_answer(0x31, &keys, &other), Err(Error::KeyCheck { .. })));
        assert!(check_put_key_answer(0x31, &keys, &answer[..index]).is_err());
    }
}

#[test]
fn registry_entries_are_read_from_tlv() {
    let application = "4F08A0000006470001029F70010FC503800000C407A0000006470001";
    let file = "4F07A00000064700019F700101CE0201008408A0000006470001018408A000000647000103CC05A000000151";
    let entry = |content: &str| tlv::element(0xE3, &hex::decode(content).unwrap());
    let data = [entry(application), entry(file)].concat();
    let read = read_registry(Scope::Applications, StatusFormat::Tlv, &data).unwrap();
    assert_eq!((read[0].aid, read[0].life_cycle), (aid("A000000647000102"), 0x0F));
    assert_eq!(read[0].privileges.unwrap().as_three_bytes(), [0x80, 0, 0]);
    assert_eq!(read[0].load_file, Some(aid("A0000006470001")));
    assert_eq!(read[1].modules, [aid("A000000647000101"), aid("A000000647000103")]);
    assert_eq!((read[1].version.clone(), read[1].security_domain), (Some(vec![1, 0]), Some(aid("A000000151"))));
    assert!(read_registry(Scope::Applications, StatusFormat::Tlv, &data[..data.len() - 1]).is_err());
    for missing in ["9F700107C503000000", "4F08A000000647000102"] {
        let error = read_registry(Scope::Applications, StatusFormat::Tlv, &entry(missing)).unwrap_err();
        assert!(matches!(error, Error::Content { .. }), "{missing}");
    }
}

#[test]
fn registry_entries_of_the_old_format_are_read() {
    let vector = Vector::all("scp03.json", "scp03-trace").into_iter().find(|v| v.text("i") == "71").unwrap();
    let plain: Vec<_> = vector.plain().into_iter().map(|(_, response)| response.unwrap()).collect();
    let scopes = [Scope::LoadFiles, Scope::Applications, Scope::IssuerSecurityDomain];
    let counts: Vec<_> = scopes
        .into_iter()
        .zip(&plain)
        .map(|(scope, data)| read_registry(scope, StatusFormat::Untagged, data).unwrap())
        .collect();
    assert_eq!(counts.iter().map(Vec::len).collect::<Vec<_>>(), [4, 5, 1], "{}", vector.passport());
    assert_eq!(counts[2][0].aid, Aid::ISSUER_SECURITY_DOMAIN);
    assert_eq!(counts[2][0].life_cycle, CardState::Secured.byte());
    assert_eq!(counts[1][0].privileges.unwrap().as_bytes(), [0x80]);
    assert_eq!(LifeCycle::of_application(counts[1][1].life_cycle), Some(LifeCycle::Selectable));
}

#[test]
fn life_cycle_states_are_told_apart() {
    let states = [0x03, 0x07, 0x0F, 0x17, 0x83, 0x87, 0x8F, 0x01, 0x00];
    let read: Vec<_> = states.into_iter().map(LifeCycle::of_application).collect();
    let specific = |byte| Some(LifeCycle::ApplicationSpecific(byte));
    let locked = Some(LifeCycle::Locked);
    let expected = [
        Some(LifeCycle::Installed),
        Some(LifeCycle::Selectable),
        specific(0x0F),
        specific(0x17),
        locked,
        locked,
        locked,
    ];
    assert_eq!(read[..7], expected);
    assert_eq!(read[7..], [None, None]);
}

#[test]
fn recognition_data_of_both_formats_is_read() {
    let oid = |suffix: &[u8]| tlv::element(0x06, &[&hex::decode("2A864886FC6B").unwrap(), suffix].concat());
    let card = |channels: Vec<u8>| {
        let version = tlv::element(0x60, &oid(&[2, 2, 3]));
        let scheme = tlv::element(0x63, &oid(&[3]));
        let other = tlv::element(0x66, &tlv::element(0x06, &[0x2B, 6]));
        tlv::element(0x66, &tlv::element(0x73, &[oid(&[1]), version, scheme, channels, other].concat()))
    };
    let (scp03, scp80) = (oid(&[4, 3, 0x70]), oid(&[4, 0x81, 0x00, 0x15]));
    let apart = card([tlv::element(0x64, &scp03), tlv::element(0x64, &scp80)].concat());
    let together = card(tlv::element(0x64, &[scp03, scp80].concat()));
    let read = CardRecognition::parse(&apart).unwrap();
    assert_eq!(read.version, [2, 3]);
    assert_eq!(read.secure_channels, [(3, 0x70), (0x80, 0x15)]);
    assert!(read.identified_by_iin_and_cin);
    assert_eq!(CardRecognition::parse(&together).unwrap(), read);
    let foreign = tlv::element(0x66, &tlv::element(0x73, &tlv::element(0x06, &[0x2B, 6])));
    assert!(CardRecognition::parse(&foreign).is_err());
}

#[test]
fn key_information_of_both_formats_is_read() {
    let basic = tlv::element(0xE0, &hex::decode("C00401308810C00402308810").unwrap());
    let read = read_key_information(&basic).unwrap();
    let key = |identifier| KeyInformation { identifier, version: 0x30, components: vec![(0x88, 16)] };
    assert_eq!(read, [key(1), key(2)]);
    let extended =
        tlv::element(0xE0, &tlv::element(0xC0, &hex::decode("0130FF8800100138 0100".replace(' ', "")).unwrap()));
    assert_eq!(read_key_information(&extended).unwrap(), [key(1)]);
    for cut in ["C0020130", "C003013088", "C0050130FF8800"] {
        assert!(read_key_information(&tlv::element(0xE0, &hex::decode(cut).unwrap())).is_err(), "{cut}");
    }
}

/// From a card owner's question in a public forum.
#[test]
fn production_life_cycle_data_is_read_field_by_field() {
    let answer =
        hex::decode("9F7F2A4250327212916181070080390106C2BB1D3C000081480000814800000000000000000000000000000000")
            .unwrap();
    let life = ProductionLifeCycle::parse(&answer).unwrap();
    assert_eq!((life.ic_fabricator(), life.ic_type()), ([0x42, 0x50], [0x32, 0x72]));
    assert_eq!(life.operating_system_release_date(), [0x61, 0x81]);
    assert_eq!((life.ic_serial_number(), life.ic_batch()), ([0x01, 0x06, 0xC2, 0xBB], [0x1D, 0x3C]));
    assert_eq!(hex::encode_upper(life.chip_identity()), "4250327280390106C2BB1D3C");
    assert_eq!(ProductionLifeCycle::parse(&answer[3..]).unwrap(), life);
    assert!(ProductionLifeCycle::parse(&answer[..44]).is_err());
}

#[test]
fn a_security_domain_says_how_much_it_takes() {
    let answer = hex::decode("6F108408A000000151000000A5049F6501FF").unwrap();
    let domain = SelectedDomain::parse(&answer).unwrap();
    assert_eq!(domain, SelectedDomain { aid: Aid::ISSUER_SECURITY_DOMAIN, maximum_command_data: Some(255) });
    assert!(SelectedDomain::parse(&answer[..10]).is_err());
    assert!(SelectedDomain::parse(&[]).is_err());
}
