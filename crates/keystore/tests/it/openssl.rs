//! An outside judge: the `openssl` command verifies what the keystore signs.

use std::fs;
use std::process::Command;

use cardwright_keystore::software::SoftwareKeystore;
use cardwright_keystore::{KeyKind, Keystore, Purpose};

use crate::seeded;

#[test]
fn openssl_verifies_our_signatures_and_no_others() {
    let keystore = SoftwareKeystore::in_memory(seeded::source(3));
    let key = seeded::generated(&keystore, "sign.1", KeyKind::P256, Purpose::Sign);
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name);
    fs::write(path("public"), keystore.public_key(&key).unwrap()).unwrap();
    fs::write(path("message"), b"the reader list of today").unwrap();
    fs::write(path("other"), b"the reader list of yesterday").unwrap();
    fs::write(path("signature"), keystore.sign(&key, b"the reader list of today").unwrap()).unwrap();
    let verifies = |message: &str| {
        Command::new("openssl")
            .args(["dgst", "-sha256", "-keyform", "DER", "-verify"])
            .args([path("public"), "-signature".into(), path("signature"), path(message)])
            .output()
            .unwrap()
    };
    let good = verifies("message");
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
    assert!(!verifies("other").status.success(), "the control: another message");
}
