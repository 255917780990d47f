//! Which reader lists are believed, and what a reader signs.

use cardwright_relay::message::Id;
use cardwright_relay::reader::{ReaderList, SignedReaderList, proof_hash};
use cardwright_relay::{Code, Error};

use crate::samples;

/// Stands for a signature scheme: a "signature" is the key and the message, one after the other.
fn verify(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    signature == [key, message].concat()
}

fn signed(list: &ReaderList, key: &[u8]) -> SignedReaderList {
    let bytes = list.to_bytes();
    SignedReaderList { signature: [key, &bytes].concat().into(), list: bytes.into() }
}

#[test]
fn a_list_of_the_center_that_is_new_enough_is_believed() {
    let list = samples::reader_list();
    let read = SignedReaderList::parse(&signed(&list, b"key").to_bytes()).unwrap();
    let verified = read.verify(b"key", list.expires - 1, list.version, &verify).unwrap();
    assert_eq!(verified.readers(), list.readers);
    assert_eq!(verified.version(), list.version);
    assert_eq!(verified.by_card_slot("Example Duo [CCID] (0042) 00 00").unwrap().name, "desk 1");
    assert!(verified.by_card_slot("Example Duo [CCID] (0042) 00 01").is_none());
}

#[test]
fn an_altered_list_is_refused_whatever_byte_was_changed() {
    let list = samples::reader_list();
    let bytes = signed(&list, b"key").to_bytes();
    for index in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[index] ^= 1;
        let outcome = SignedReaderList::parse(&changed).and_then(|read| read.verify(b"key", 0, 0, &verify));
        assert_eq!(outcome.unwrap_err(), Error::ListAltered, "byte {index}");
    }
    let other = signed(&list, b"another key").verify(b"key", 0, 0, &verify);
    assert_eq!(other.unwrap_err().code(), Code::READER_LIST_ALTERED);
}

#[test]
fn an_expired_list_and_an_older_list_are_refused_each_with_its_code() {
    let list = samples::reader_list();
    let read = signed(&list, b"key");
    let expired = read.verify(b"key", list.expires, 0, &verify).unwrap_err();
    assert_eq!(expired.code(), Code::READER_LIST_EXPIRED);
    let older = read.verify(b"key", 0, list.version + 1, &verify).unwrap_err();
    assert_eq!(older.code(), Code::READER_LIST_OLDER);
}

#[test]
fn the_proof_is_bound_to_session_terminal_reader_and_nonce() {
    let id = |byte| Id::from([byte; 16]);
    let hash = proof_hash(&id(1), &id(2), &id(3), &id(4));
    // SHA-256 of 85 7819 <label> 50 <01 * 16> 50 <02 * 16> 50 <03 * 16> 50 <04 * 16>, computed by Python's hashlib
    assert_eq!(hex::encode(hash), "aa64c0f388e98aa4e61e54cb1c9c19a50927aa89a7177218be6bcc1834fc6fb8");
    for other in [
        proof_hash(&id(9), &id(2), &id(3), &id(4)),
        proof_hash(&id(1), &id(9), &id(3), &id(4)),
        proof_hash(&id(1), &id(2), &id(9), &id(4)),
        proof_hash(&id(1), &id(2), &id(3), &id(9)),
        proof_hash(&id(2), &id(1), &id(3), &id(4)),
    ] {
        assert_ne!(hash, other);
    }
}
