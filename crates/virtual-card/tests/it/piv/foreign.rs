//! Strangers' programs drive an issued card over a real pcscd and vpcd: `opensc` and `yubico-piv-tool`.

use std::path::Path;
use std::process::{Command, Output};

use cardwright_virtual_card::Card;
use openssl::hash::{MessageDigest, hash};
use openssl::sign::Verifier;

use super::issue::{P_256, PIN, RSA_2048, issued};

/// What is signed.
const MESSAGE: &[u8] = b"a message";
/// Slots as PKCS#11 numbers them.
const SLOTS: [(&str, usize); 3] = [("01", 0), ("02", 1), ("04", 3)];

/// Runs `script` in the directory of `state`, beside a daemon that has the card in its reader. It is bash: the first
/// command that fails ends it, and so does one after `refused` that does not.
fn run(state: &Path, script: &str) -> Output {
    let socket = tempfile::tempdir().unwrap();
    let whole = format!(
        "\"$0\" insert \"$1\" --port 40001 --wait 10 >&2 & \
         tries=0; until opensc-tool -r 0 -a >/dev/null 2>&1; do \
         tries=$((tries + 1)); [ $tries -lt 100 ] || exit 9; sleep 0.1; done; \
         refused() {{ ! \"$@\" || exit 7; }}; tool() {{ yubico-piv-tool -r '' \"$@\"; }}; \
         cd \"$(dirname \"$1\")\"; {script}"
    );
    Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../script/private-pcscd"))
        .args([socket.path().to_str().unwrap(), "1", "--", "bash", "-ec", &whole])
        .args([env!("CARGO_BIN_EXE_cardwright-card"), state.to_str().unwrap()])
        .env("HOME", socket.path())
        .output()
        .unwrap()
}

/// As `run`, where all must go well; what it printed.
fn beside(state: &Path, script: &str) -> String {
    let output = run(state, script);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// A directory with an issued card, the message and its hash.
fn prepared(algorithm: u8) -> (tempfile::TempDir, std::path::PathBuf, Vec<openssl::pkey::PKey<openssl::pkey::Public>>) {
    let (card, keys) = issued(algorithm);
    let (directory, state) = laid_out(&card);
    (directory, state, keys)
}

fn laid_out(card: &Card) -> (tempfile::TempDir, std::path::PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("card.json");
    std::fs::write(&state, card.state().to_json()).unwrap();
    std::fs::write(directory.path().join("message"), MESSAGE).unwrap();
    std::fs::write(directory.path().join("hash"), hash(MessageDigest::sha256(), MESSAGE).unwrap()).unwrap();
    (directory, state)
}

#[test]
fn a_command_that_fails_and_one_that_should_are_noticed() {
    let (_directory, state, _) = prepared(P_256);
    assert_eq!(run(&state, "refused false; true").status.code(), Some(0));
    assert_eq!(run(&state, "refused true; true").status.code(), Some(7));
    assert_eq!(run(&state, "false; true").status.code(), Some(1));
}

#[test]
fn opensc_recognizes_the_card_and_lists_what_is_on_it() {
    for (algorithm, kind) in [(RSA_2048, "RSA"), (P_256, "EC")] {
        let (_directory, state, _) = prepared(algorithm);
        let said = beside(&state, "opensc-tool -n; pkcs15-tool --dump");
        assert!(said.contains("Personal Identity Verification Card"), "{said}");
        assert!(said.contains("PKCS#15 Card [Zoe 9A]") && said.contains(&"47".repeat(16)), "the CHUID's GUID: {said}");
        for name in ["PIV AUTH", "SIGN", "KEY MAN", "CARD AUTH"] {
            assert!(said.contains(&format!("Private {kind} Key [{name} key]")), "{name}: {said}");
        }
        for name in ["PIV Authentication", "Digital Signature", "Key Management", "Card Authentication"] {
            assert!(said.contains(&format!("X.509 Certificate [Certificate for {name}]")), "{name}: {said}");
        }
    }
}

#[test]
fn pkcs11_signatures_of_every_signing_key_verify() {
    for (algorithm, how) in
        [(RSA_2048, "-m SHA256-RSA-PKCS -i message"), (P_256, "-m ECDSA --signature-format openssl -i hash")]
    {
        let (directory, state, keys) = prepared(algorithm);
        let sign = SLOTS.map(|(id, _)| format!("pkcs11-tool --login -p 123456 -s {how} --id {id} -o signature-{id};"));
        beside(&state, &sign.concat());
        for (id, number) in SLOTS {
            let signature = std::fs::read(directory.path().join(format!("signature-{id}"))).unwrap();
            let mut verifier = Verifier::new(MessageDigest::sha256(), &keys[number]).unwrap();
            assert!(verifier.verify_oneshot(&signature, MESSAGE).unwrap(), "{algorithm:02X} {id}");
            let mut verifier = Verifier::new(MessageDigest::sha256(), &keys[number]).unwrap();
            assert!(!verifier.verify_oneshot(&signature, b"another message").unwrap());
        }
    }
}

#[test]
fn pkcs11_deciphers_and_agrees_with_the_key_management_key() {
    let (directory, state, keys) = prepared(RSA_2048);
    std::fs::write(directory.path().join("key.pem"), keys[2].public_key_to_pem().unwrap()).unwrap();
    beside(
        &state,
        "openssl pkeyutl -encrypt -pubin -inkey key.pem -in message -out enciphered; \
         pkcs11-tool --login -p 123456 --decrypt -m RSA-PKCS --id 03 -i enciphered -o plain; cmp plain message",
    );
    let (directory, state, keys) = prepared(P_256);
    std::fs::write(directory.path().join("key.pem"), keys[2].public_key_to_pem().unwrap()).unwrap();
    beside(
        &state,
        "openssl ecparam -name prime256v1 -genkey -noout -out other.pem; \
         openssl ec -in other.pem -pubout -outform DER -out other.der; \
         pkcs11-tool --login -p 123456 --derive -m ECDH1-DERIVE --id 03 -i other.der -o shared; \
         openssl pkeyutl -derive -inkey other.pem -peerkey key.pem | cmp - shared",
    );
}

#[test]
fn opensc_changes_and_unblocks_the_pin() {
    let (_directory, state, _) = prepared(P_256);
    beside(
        &state,
        "pkcs15-tool --verify-pin --pin 123456; refused pkcs15-tool --verify-pin --pin 111111; \
         pkcs15-tool --change-pin --pin 123456 --new-pin 654321; pkcs15-tool --verify-pin --pin 654321; \
         for try in 1 2 3; do refused pkcs15-tool --verify-pin --pin 111111; done; refused pkcs15-tool --verify-pin --pin 654321; \
         pkcs15-tool --unblock-pin --puk 87654321 --new-pin 123456; pkcs15-tool --verify-pin --pin 123456",
    );
}

#[test]
fn yubico_piv_tool_shows_the_card_and_tests_every_key() {
    for (algorithm, name) in [(RSA_2048, "RSA2048"), (P_256, "ECCP256")] {
        let (directory, state, keys) = prepared(algorithm);
        let script = "tool -a status; tool -a verify-pin -P 123456; \
             for slot in 9a 9c 9d 9e; do tool -a read-certificate -s $slot -o $slot.pem; \
             tool -a verify-pin -P 123456 -a test-signature -s $slot -i $slot.pem; done; \
             tool -a test-signature -s 9e -i 9e.pem; refused tool -a test-signature -s 9a -i 9a.pem; \
             tool -a verify-pin -P 123456 -a test-decipher -s 9d -i 9d.pem; \
             refused tool -a verify-pin -P 123450; tool -a status | grep 'PIN tries left:.*2'";
        let said = beside(&state, script);
        assert_eq!(said.matches(&format!("Algorithm:\t{name}")).count(), 4, "{said}");
        assert!(said.contains("PIN tries left:\t3") && said.contains("CHUID:\t3019d4e739da"), "{said}");
        let pem = std::fs::read(directory.path().join("9c.pem")).unwrap();
        let certificate = openssl::x509::X509::from_pem(&pem).unwrap();
        assert!(certificate.public_key().unwrap().public_eq(&keys[1]));
    }
}

#[test]
fn yubico_piv_tool_administers_the_card_with_the_key_9b() {
    let (_directory, state, _) = prepared(P_256);
    assert_eq!(PIN, b"123456\xFF\xFF");
    beside(
        &state,
        "tool -a generate -s 9e -A RSA2048 -o new.pem; \
         tool -a read-certificate -s 9a -o other.pem; tool -a import-certificate -s 9e -i other.pem; \
         tool -a read-certificate -s 9e | cmp - other.pem; refused tool -a test-signature -s 9e -i other.pem; \
         tool -a set-chuid; tool -a set-ccc; tool -a change-pin -P 123456 -N 654321; \
         tool -a change-puk -P 87654321 -N 12345678; tool -a unblock-pin -P 12345678 -N 123456; \
         wrong=000102030405060708090A0B0C0D0E0F1011121314151617; \
         refused tool -a set-chuid --key=$wrong; refused tool -a delete-certificate -s 9a --key=$wrong; \
         tool -a delete-certificate -s 9a; refused tool -a read-certificate -s 9a",
    );
}

#[test]
fn strangers_read_and_use_a_card_that_was_rewritten() {
    let (mut card, mut keys) = issued(P_256);
    keys[0] = super::rewriting::rewrite(&mut card);
    let (directory, state) = laid_out(&card);
    let said = beside(
        &state,
        "opensc-tool -n; pkcs15-tool --dump; refused pkcs15-tool --verify-pin --pin 123456; \
         pkcs11-tool --login -p 98765432 -s -m SHA256-RSA-PKCS -i message --id 01 -o signature-01; \
         pkcs11-tool --login -p 98765432 -s -m ECDSA --signature-format openssl -i hash --id 02 -o signature-02; \
         tool -a status; tool -a read-certificate -s 9a -o 9a.pem; \
         tool -a verify-pin -P 98765432 -a test-signature -s 9a -i 9a.pem",
    );
    assert!(said.contains("Private RSA Key [PIV AUTH key]") && said.contains("Private EC Key [SIGN key]"), "{said}");
    let pem = std::fs::read(directory.path().join("9a.pem")).unwrap();
    let certificate = openssl::x509::X509::from_pem(&pem).unwrap();
    assert!(certificate.public_key().unwrap().public_eq(&keys[0]));
    for (id, number) in [("01", 0), ("02", 1)] {
        let signature = std::fs::read(directory.path().join(format!("signature-{id}"))).unwrap();
        let mut verifier = Verifier::new(MessageDigest::sha256(), &keys[number]).unwrap();
        assert!(verifier.verify_oneshot(&signature, MESSAGE).unwrap(), "{id}");
    }
}
