//! The PIV application as a reader's SAM (NIST SP 800-73-4 part 2 §3.2.4).

use cardwright_virtual_card::{Card, Secret, blank};
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::ecdsa::{Signature, SigningKey};

use crate::world::{card_with, product, send, state_of};

const SELECT: &str = "00A404000BA000000308000010000100 00";

fn module(certificate: &[u8]) -> (Card, SigningKey) {
    let mut state = state_of(product("scp03-i70"));
    blank::add_security_access_module(&mut state, Secret::new(vec![0x42; 32]), certificate);
    (card_with(state), SigningKey::from_slice(&[0x42; 32]).unwrap())
}

#[test]
fn it_signs_a_hash_with_the_card_authentication_key() {
    let (mut card, key) = module(&[0x30, 0x00]);
    assert_eq!(
        send(&mut card, SELECT),
        "61384F0600001000010079074F05A000000308500E6361726477726967687420504956AC1580010380010880010A80010C8001078001110601009000"
    );
    let hash = [0xA5; 32];
    let command = format!("0087119E267C2482008120{}00", hex::encode(hash));
    let answer = send(&mut card, &command);
    assert_eq!(answer, send(&mut card, &command), "RFC 6979: the same hash, the same signature");
    let bytes = hex::decode(&answer).unwrap();
    let der = &bytes[4..bytes.len() - 2];
    assert_eq!((bytes[0], bytes[2], usize::from(bytes[3])), (0x7C, 0x82, der.len()));
    key.verifying_key().verify_prehash(&hash, &Signature::from_der(der).unwrap()).unwrap();
}

#[test]
fn its_certificate_comes_in_pieces_where_it_is_long() {
    let (mut card, _) = module(&[0x5A; 700]);
    send(&mut card, SELECT);
    let mut all = Vec::new();
    let mut command = "00CB3FFF055C035FC10100".to_owned();
    loop {
        let answer = hex::decode(send(&mut card, &command)).unwrap();
        let (data, status) = crate::host::split(&answer);
        all.extend_from_slice(data);
        if status == 0x9000 {
            break;
        }
        assert_eq!(status >> 8, 0x61);
        command = format!("00C00000{:02X}", status & 0xFF);
    }
    assert_eq!(all.len(), 4 + 4 + 700 + 3 + 2);
    assert_eq!(hex::encode_upper(&all[..8]), "538202C5708202BC");
    assert_eq!(hex::encode_upper(&all[all.len() - 5..]), "710100FE00");
    assert_eq!(send(&mut card, "00C0000000"), "6985", "nothing is left");
}

#[test]
fn anything_else_is_refused() {
    let (mut card, _) = module(&[0x30, 0x00]);
    send(&mut card, SELECT);
    assert_eq!(send(&mut card, "00CB3FFF035C017E00"), "7E124F0BA0000003080000100001005F2F0240009000");
    assert_eq!(send(&mut card, "00CB3FFF055C035FC10200"), "6A82");
    assert_eq!(send(&mut card, "00CB3FFE055C035FC10100"), "6A86");
    assert_eq!(send(&mut card, "0087119A067C0482008100"), "6A86", "another key");
    assert_eq!(send(&mut card, "0087079E067C0482008100"), "6A86", "another algorithm");
    assert_eq!(send(&mut card, "0087119E067C0482008100"), "6A80", "no hash");
    assert_eq!(send(&mut card, "0087119E027C0000"), "6A80");
    assert_eq!(send(&mut card, "8087119E027C0000"), "6E00");
    assert_eq!(send(&mut card, "0020008008313233343536FFFF"), "6A88", "this key needs no PIN");
}
