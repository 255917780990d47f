//! The file: what it withstands, what it refuses, and that what was written once is read for ever.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use cardwright_keystore::software::{PassphraseCost, SoftwareKeystore};
use cardwright_keystore::{Error, KeyKind, Keystore, PublishedKeys, Purpose};
use tempfile::TempDir;

use crate::openssl;
use crate::seeded::{generated, new_key, settings};

const PASSPHRASE: &[u8] = b"four words of it";

fn place() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    (directory, path)
}

fn open(path: &Path, passphrase: &[u8]) -> Result<SoftwareKeystore, Error> {
    SoftwareKeystore::open(path, passphrase, settings())
}

/// A keystore with a key of each kind, closed again.
fn filled(path: &Path) {
    let keystore = SoftwareKeystore::create(path, PASSPHRASE, settings()).unwrap();
    for (id, kind, purpose) in [
        ("data.1", KeyKind::Aes256, Purpose::Wrap),
        ("master.1", KeyKind::Aes192, Purpose::Derive),
        ("master.2", KeyKind::Tdes2, Purpose::Derive),
        ("transport.1", KeyKind::Aes128, Purpose::Token),
        ("search.1", KeyKind::Hmac256, Purpose::Mac),
        ("sign.1", KeyKind::P256, Purpose::Sign),
    ] {
        generated(&keystore, id, kind, purpose);
    }
}

#[test]
fn what_was_kept_is_there_when_it_is_opened_again() {
    let (_directory, path) = place();
    filled(&path);
    let keystore = open(&path, PASSPHRASE).unwrap();
    let sealed = keystore.encrypt(&"data.1".parse::<cardwright_keystore::KeyId>().unwrap().into(), b"", b"x").unwrap();
    let listed = keystore.list().unwrap();
    keystore.destroy(&"master.1".parse().unwrap()).unwrap();
    drop(keystore);
    let keystore = open(&path, PASSPHRASE).unwrap();
    assert_eq!(listed.len(), 6);
    let left: Vec<_> = listed.into_iter().filter(|info| info.id.to_string() != "master.1").collect();
    assert_eq!(keystore.list().unwrap(), left);
    let key = "data.1".parse::<cardwright_keystore::KeyId>().unwrap().into();
    assert_eq!(*keystore.decrypt(&key, b"", &sealed).unwrap(), b"x");
}

#[test]
fn a_wrong_passphrase_is_told_from_a_damaged_file() {
    let (_directory, path) = place();
    filled(&path);
    assert!(matches!(open(&path, b"five words of it"), Err(Error::WrongPassphrase)));
    let whole = fs::read(&path).unwrap();
    for position in 0..whole.len() {
        let mut changed = whole.clone();
        changed[position] ^= 0x04;
        fs::write(&path, &changed).unwrap();
        let told = matches!(open(&path, PASSPHRASE), Err(Error::Damaged(_) | Error::Format(_)));
        assert!(told, "byte {position}");
    }
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(matches!(open(&path, PASSPHRASE), Err(Error::Damaged(_))), "{length} bytes");
    }
    fs::write(&path, &whole).unwrap();
    assert!(open(&path, PASSPHRASE).is_ok());
}

#[test]
fn a_file_of_a_later_format_is_told_so() {
    let (_directory, path) = place();
    filled(&path);
    let text = fs::read(&path).unwrap();
    let mut later = text.clone();
    let at = text.windows(9).position(|window| window == b"format=1 ").unwrap() + 7;
    later[at] = b'2';
    fs::write(&path, &later).unwrap();
    assert!(matches!(open(&path, PASSPHRASE), Err(Error::Format(format)) if format == "2"));
}

#[test]
fn only_its_owner_may_read_the_file() {
    let (_directory, path) = place();
    filled(&path);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    for mode in [0o640, 0o604, 0o620] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        assert!(matches!(open(&path, PASSPHRASE), Err(Error::Permissions(found)) if found == mode));
    }
    fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
    assert!(open(&path, PASSPHRASE).is_ok());
}

#[test]
fn a_keystore_is_never_made_over_another() {
    let (_directory, path) = place();
    filled(&path);
    let made = SoftwareKeystore::create(&path, PASSPHRASE, settings());
    assert!(matches!(made, Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::AlreadyExists));
    assert_eq!(open(&path, PASSPHRASE).unwrap().list().unwrap().len(), 6);
    let missing = open(&path.with_extension("other"), PASSPHRASE);
    assert!(matches!(missing, Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::NotFound));
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 2, "a mistyped path leaves no lock file behind");
}

#[test]
fn a_change_cut_short_leaves_the_keystore_as_it_was() {
    let (_directory, path) = place();
    filled(&path);
    fs::write(PathBuf::from(format!("{}.new", path.display())), b"half a keyst").unwrap();
    let keystore = open(&path, PASSPHRASE).unwrap();
    assert_eq!(keystore.list().unwrap().len(), 6);
    generated(&keystore, "data.2", KeyKind::Aes256, Purpose::Wrap);
    drop(keystore);
    assert_eq!(open(&path, PASSPHRASE).unwrap().list().unwrap().len(), 7);
}

#[test]
fn a_change_that_cannot_be_written_is_not_made() {
    let (directory, path) = place();
    filled(&path);
    let keystore = open(&path, PASSPHRASE).unwrap();
    let away = tempfile::tempdir().unwrap();
    let aside = away.path().join("aside");
    fs::rename(directory.path(), &aside).unwrap();
    let made = keystore.generate(&new_key("data.2", KeyKind::Aes256, Purpose::Wrap));
    assert!(matches!(made, Err(Error::Io(_))));
    assert!(matches!(keystore.destroy(&"data.1".parse().unwrap()), Err(Error::Io(_))));
    assert!(matches!(keystore.list(), Err(Error::Io(_))), "nobody knows which keys there are");
    fs::rename(&aside, directory.path()).unwrap();
    assert_eq!(keystore.list().unwrap().len(), 6);
    generated(&keystore, "data.2", KeyKind::Aes256, Purpose::Wrap);
    assert_eq!(keystore.list().unwrap().len(), 7);
}

#[test]
fn a_new_passphrase_replaces_the_old_one() {
    let (_directory, path) = place();
    filled(&path);
    let keystore = open(&path, PASSPHRASE).unwrap();
    keystore.change_passphrase(b"new", PassphraseCost::weak_for_tests()).unwrap();
    generated(&keystore, "data.2", KeyKind::Aes256, Purpose::Wrap);
    drop(keystore);
    assert!(matches!(open(&path, PASSPHRASE), Err(Error::WrongPassphrase)));
    assert_eq!(open(&path, b"new").unwrap().list().unwrap().len(), 7);
}

#[test]
fn no_key_stands_in_the_file_in_clear() {
    let (_directory, path) = place();
    let keystore = SoftwareKeystore::create(&path, PASSPHRASE, settings()).unwrap();
    let value: Vec<u8> = (0..32).map(|index| index * 7 + 3).collect();
    let contains = |hay: &[u8]| hay.windows(8).any(|window| value.windows(8).any(|needle| needle == window));
    let new = new_key("data.1", KeyKind::Aes256, Purpose::Wrap);
    keystore.import(&new, &value, None, PublishedKeys::Refused).unwrap();
    let file = fs::read(&path).unwrap();
    assert!(!contains(&file));
    let control = [&file[..], &value[5..20], &file[..]].concat();
    assert!(contains(&control), "the search would find it");
}

/// A file of format 1 as it was first written. It is never made again: what opens it today must open it for ever.
#[test]
fn the_first_file_of_format_1_still_opens() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/format-1.keystore");
    let (_directory, path) = place();
    fs::copy(&golden, &path).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let listed: Vec<_> = open(&path, PASSPHRASE)
        .unwrap()
        .list()
        .unwrap()
        .iter()
        .map(|info| format!("{} {:?} {:?} {}", info.id, info.kind, info.purpose, info.created))
        .collect();
    assert_eq!(
        listed,
        [
            "data.1 Aes256 Wrap 1700000000000000",
            "master.1 Aes192 Derive 1700000000000000",
            "master.2 Tdes2 Derive 1700000000000000",
            "search.1 Hmac256 Mac 1700000000000000",
            "sign.1 P256 Sign 1700000000000000",
            "transport.1 Aes128 Token 1700000000000000",
        ]
    );
    let (_second, again) = place();
    filled(&again);
    assert_eq!(fs::read(&again).unwrap(), fs::read(&golden).unwrap(), "the same seed writes the same file");
}

/// The kinds and purposes of a payment card's keys, in a file as it was first written with them.
#[test]
fn the_first_file_with_rsa_keys_still_opens() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/format-1-payment.keystore");
    let (_directory, path) = place();
    fs::copy(&golden, &path).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let keystore = open(&path, PASSPHRASE).unwrap();
    let listed: Vec<_> =
        keystore.list().unwrap().iter().map(|info| format!("{} {} {:?}", info.id, info.kind, info.purpose)).collect();
    assert_eq!(
        listed,
        [
            "cards.1 3DES Personalize",
            "cards.2 AES-256 Personalize",
            "issuer.1 RSA (1976 bits, e = 3) RsaSign",
            "pin-verification.1 3DES RetailMac",
            "pins.1 AES-128 Zone",
        ]
    );
    // The key of `openssl.rs`, and its answer there.
    let power = keystore.rsa_private(&"issuer.1".parse().unwrap(), &openssl::block()).unwrap();
    assert_eq!(power, openssl::power());
    let (_second, again) = place();
    with_payment_keys(&again);
    assert_eq!(fs::read(&again).unwrap(), fs::read(&golden).unwrap(), "the same seed writes the same file");
}

fn with_payment_keys(path: &Path) {
    let keystore = SoftwareKeystore::create(path, PASSPHRASE, settings()).unwrap();
    for (id, kind, purpose) in [
        ("cards.1", KeyKind::Tdes2, Purpose::Personalize),
        ("cards.2", KeyKind::Aes256, Purpose::Personalize),
        ("pin-verification.1", KeyKind::Tdes2, Purpose::RetailMac),
        ("pins.1", KeyKind::Aes128, Purpose::Zone),
    ] {
        generated(&keystore, id, kind, purpose);
    }
    let new = new_key("issuer.1", openssl::kind(), Purpose::RsaSign);
    keystore.import(&new, &openssl::pkcs8(), None, PublishedKeys::Refused).unwrap();
}

#[test]
fn the_recommended_cost_is_what_a_file_is_made_with_unless_told_otherwise() {
    let (_directory, path) = place();
    SoftwareKeystore::create(&path, PASSPHRASE, cardwright_keystore::software::Settings::default()).unwrap();
    let file = fs::read(&path).unwrap();
    assert!(file.starts_with(b"cardwright-keystore format=1 kdf=argon2id memory=65536 passes=3 lanes=4 salt="));
    assert_eq!(open(&path, PASSPHRASE).unwrap().list().unwrap(), []);
}
