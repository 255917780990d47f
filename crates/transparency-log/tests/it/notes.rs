//! Signed notes, by published ones: the documentation of Go's `note` package and its checksum database.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ED25519, ParsedPublicKey, UnparsedPublicKey};
use cardwright_transparency_log::{Error, NoteKey, SignatureKind, SignedNote};

/// AWS-LC as the judge of signatures.
pub(crate) fn check(key: &NoteKey, message: &[u8], signature: &[u8]) -> bool {
    match key.kind() {
        SignatureKind::Ed25519 => UnparsedPublicKey::new(&ED25519, key.public_key()).verify(message, signature).is_ok(),
        SignatureKind::Ecdsa => ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.public_key())
            .is_ok_and(|key| key.verify_sig(message, signature).is_ok()),
    }
}

const GO_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_NOTE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\n\
    \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

#[test]
fn a_published_note_verifies_and_reads_back() {
    let key: NoteKey = GO_KEY.parse().unwrap();
    assert_eq!(key.to_string(), GO_KEY);
    let note = SignedNote::parse(GO_NOTE).unwrap();
    assert_eq!(note.to_string(), GO_NOTE);
    assert_eq!(note.verify(std::slice::from_ref(&key), &check).unwrap(), [&key]);
}

#[test]
fn a_published_key_has_the_id_in_its_name() {
    let text = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
    let key: NoteKey = text.parse().unwrap();
    assert_eq!(
        (key.name(), key.id(), key.kind()),
        ("sum.golang.org", [0x03, 0x3D, 0xE0, 0xAE], SignatureKind::Ed25519)
    );
    for wrong in [
        "sum.golang.org+033de0af+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "sum.golang.com+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "sum.golang.org+033DE0AE+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuA==",
        "sum.golang.org+033de0ae+BM4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "sum.golang.org+033de0ae",
        "",
    ] {
        assert!(wrong.parse::<NoteKey>().is_err(), "{wrong}");
    }
}

#[test]
fn any_changed_byte_of_a_note_is_refused() {
    let keys = [GO_KEY.parse::<NoteKey>().unwrap()];
    for position in 0..GO_NOTE.len() {
        let mut bytes = GO_NOTE.as_bytes().to_vec();
        bytes[position] ^= 0x01;
        let Ok(text) = String::from_utf8(bytes) else { continue };
        assert!(SignedNote::parse(&text).and_then(|note| note.verify(&keys, &check).map(drop)).is_err(), "{position}");
    }
}

#[test]
fn signatures_of_strangers_are_passed_over_and_wrong_ones_of_known_keys_refuse_the_note() {
    let key: NoteKey = GO_KEY.parse().unwrap();
    let keys = [key.clone()];
    let note = SignedNote::parse(GO_NOTE).unwrap();
    let stranger = NoteKey::ed25519("stranger", [1; 32]).unwrap();
    let with_stranger = note.clone().signed(&stranger, [0; 64]);
    assert_eq!(with_stranger.verify(&keys, &check).unwrap().len(), 1);
    assert_eq!(SignedNote::parse(&with_stranger.to_string()).unwrap(), with_stranger);
    let same_name = note.clone().signed(&NoteKey::ed25519("PeterNeumann", [1; 32]).unwrap(), [0; 64]);
    assert_eq!(same_name.verify(&keys, &check).unwrap().len(), 1);
    let wrong = note.clone().signed(&key, [0; 64]);
    assert_eq!(wrong.verify(&keys, &check), Err(Error::WrongSignature("PeterNeumann".into())));
    assert_eq!(note.verify(&[stranger], &check), Err(Error::NotSigned));
    assert_eq!(note.verify(&[], &check), Err(Error::NotSigned));
}

#[test]
fn malformed_notes_are_refused() {
    let line = "\u{2014} name AAAAAAA=\n";
    assert!(SignedNote::parse(&format!("text\n\n{line}")).is_ok(), "the control");
    for wrong in [
        String::new(),
        "text\n".into(),
        "text\n\n".into(),
        format!("text\n{line}"),
        format!("text\n\n{}", line.trim_end()),
        format!("text\t\n\n{line}"),
        format!("text\r\n\n{line}"),
        "text\n\n- name AAAAAAA=\n".into(),
        "text\n\n\u{2014} name AAAAAAA\n".into(),
        "text\n\n\u{2014} name AAAAAAB=\n".into(),
        "text\n\n\u{2014} name AAA=\n".into(),
        "text\n\n\u{2014} na+me AAAAAAA=\n".into(),
        "text\n\n\u{2014}  AAAAAAA=\n".into(),
        format!("text\n\n{}", line.repeat(65)),
    ] {
        assert!(SignedNote::parse(&wrong).is_err(), "{wrong:?}");
    }
    let many = format!("text\n\nmore\n\n{}", line.repeat(64));
    assert_eq!(SignedNote::parse(&many).unwrap().text(), "text\n\nmore\n");
    assert!(SignedNote::new("no newline").is_err() && SignedNote::new("a\u{7}\n").is_err());
}
