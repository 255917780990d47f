//! What others computed. Passport of the cryptograms and keys: made with pyemv 1.5.0 (Python registry), functions
//! `kd.derive_icc_mk_a`, `kd.derive_icc_mk_b`, `kd.derive_common_sk`, `ac.generate_ac`, `ac.generate_arpc_1`,
//! `ac.generate_arpc_2`; of the scripts `kd.derive_visa_sm_sk`, `sm.generate_command_mac`, `sm.encrypt_command_data`.

use super::MASTER_KEY;
use crate::payment_terminal::issuer::Version;
use crate::payment_terminal::script::{CardKeys, template};
use crate::payment_terminal::{
    Cryptogram, CryptogramKind, Interface, Pin, Script, ScriptCommand, ScriptTime, cipher, day::Day,
    object_list::ObjectList,
};

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

fn digits(text: &str) -> Vec<u8> {
    text.bytes().map(|digit| digit - b'0').collect()
}

#[test]
fn card_keys_and_session_keys_are_those_of_pyemv() {
    let a = cipher::card_key_a(&MASTER_KEY, &digits("4012345678901237"), [0, 1]).unwrap();
    assert_eq!(a[..], bytes("9E13C225F440B3FE64EAEA25C461576B"));
    let b = cipher::card_key_b(&MASTER_KEY, &digits("999990000000000018"), [0, 3]).unwrap();
    assert_eq!(b[..], bytes("193E9E46E992BCE9919726373202252F"));
    let odd = cipher::card_key_b(&MASTER_KEY, &digits("99999000000000001"), [4, 5]).unwrap();
    assert_eq!(odd[..], bytes("A2BA2C6EA17557497A670B199D5885B0"));
    let session = cipher::session_key(&a, 0x1C).unwrap();
    assert_eq!(session[..], bytes("2A38EA615DD02AE920A4109754F4E0E6"));
    assert_eq!(cipher::card_key_b(&MASTER_KEY, &digits("4012345678901237"), [0, 1]).unwrap(), a);
}

#[test]
fn cryptograms_and_answers_are_those_of_pyemv() {
    let a: [u8; 16] = bytes("9E13C225F440B3FE64EAEA25C461576B").try_into().unwrap();
    let session = cipher::session_key(&a, 0x1C).unwrap();
    let transaction = "000000001500000000000000027600000000000978260115001122334439000 01C".replace(' ', "");
    let ten = cipher::zero_padded(bytes(&format!("{transaction}03A40000")));
    assert_eq!(cipher::mac(&a, &ten).unwrap()[..], bytes("FE9E8A15F85EC4B2"));
    let eighteen = cipher::padded(bytes(&format!("{transaction}06011203A40000")));
    assert_eq!(cipher::mac(&session, &eighteen).unwrap()[..], bytes("8D2BC975CC02FB2A"));
    let mixed = bytes("CEAE8A15F85EC4B2"); // the first cryptogram, and 3030
    assert_eq!(cipher::encrypt(&a, &mixed).unwrap(), bytes("55DF4B167177103F"));
    let update = cipher::padded(bytes("8D2BC975CC02FB2A00800000"));
    assert_eq!(cipher::mac(&session, &update).unwrap()[..4], bytes("698977A5"));
}

#[test]
fn scripts_are_those_of_pyemv() {
    let keys = || CardKeys { integrity: MASTER_KEY.into(), confidentiality: MASTER_KEY.into() };
    let cryptogram = Cryptogram {
        kind: CryptogramKind::Online,
        reason: 0,
        counter: 0x1C,
        value: [0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88],
        issuer_data: Vec::new(),
        signed_number: None,
        is_checked: true,
    };
    let script = Script {
        time: ScriptTime::After,
        integrity: MASTER_KEY.into(),
        confidentiality: MASTER_KEY.into(),
        commands: vec![
            ScriptCommand::PutData { tag: 0x9F58, value: vec![5] },
            ScriptCommand::ChangePin(Pin::new("1234").unwrap()),
        ],
        lies: false,
    };
    for (version, limit, pin) in [
        (Version::Ten, "B0329E779C66C618", "FDA8B871A2F4C2279AF1EC50A27FAAF3EE5A587F4C97A6D4"),
        (Version::Eighteen, "A9AD120573539E9F", "081C43E4AE4A9CBCA076FCCADA6DB0ADBA0B4D0FEE0885AB"),
    ] {
        let made = template(&script, &keys(), &version, &cryptogram).unwrap();
        let expected = format!("72369F180400000001 860E04DA9F580905{limit} 861D8424000218{pin}").replace(' ', "");
        assert_eq!(hex::encode_upper(made), expected);
    }
}

#[test]
fn a_list_shortens_numbers_from_the_left_and_everything_else_from_the_right() {
    let list = ObjectList::read(0x8C, &bytes("9F0204 9A05 9F3702 9F3706".replace(' ', "").as_str()));
    assert!(list.is_err(), "9F37 stands there twice");
    let list = ObjectList::read(0x8C, &bytes("9F02049A059F37025F34035A0A1203")).unwrap();
    let (amount, day, number) = ([0, 0, 0, 0x12, 0x34, 0x56], [0x26, 0x01, 0x15], [1, 2, 3, 4]);
    let filled = list.fill(|tag| match tag {
        0x9F02 => Some(&amount),
        0x9A => Some(&day),
        0x9F37 => Some(&number),
        0x5F34 => Some(&number[..1]),
        0x5A => Some(&amount[3..]),
        _ => None,
    });
    let expected = "00123456 0000260115 0102 000001 123456FFFFFFFFFFFFFF 000000".replace(' ', "");
    assert_eq!(hex::encode_upper(filled), expected);
    for wrong in ["9F", "9F02", "9F0200", "9F0281FF"] {
        assert!(ObjectList::read(0x8C, &bytes(wrong)).is_err(), "{wrong}");
    }
}

#[test]
fn days_are_of_the_calendar() {
    assert_eq!(Day::of_digits(&[0x24, 0x02, 0x29]), Day::new(2024, 2, 29));
    assert_eq!(Day::end_of_month(&[0x02, 0x99]), Day::new(1999, 2, 28));
    for wrong in [[0x25, 0x02, 0x29], [0x25, 0x13, 0x01], [0x25, 0x04, 0x31], [0x2A, 0x01, 0x01], [0x25, 0x00, 0x01]] {
        assert_eq!(Day::of_digits(&wrong), None, "{wrong:02X?}");
    }
}

#[test]
fn a_contactless_card_is_known_by_its_answer_to_reset() {
    assert_eq!(Interface::of_answer_to_reset(&bytes("3B8A80010031C173C8211064FF9000")), Interface::Contactless);
    assert_eq!(Interface::of_answer_to_reset(&bytes("3B9F958131FE9F006646530523002571DF0000")), Interface::Contact);
}
