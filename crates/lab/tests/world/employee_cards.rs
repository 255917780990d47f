//! Employees' cards issued end to end by the real programs, and used by strangers': OpenSC, yubico-piv-tool, OpenSSL.

use std::path::Path;
use std::process::{Command, Output};

use cardwright_lab::world::issuers::employee_order;
use cardwright_lab::world::programs::source;
use cardwright_lab::world::{Plan, World};

const BADGE: &str = "100000000016";
const PIN: &str = "123456";
const PUK: &str = "87654321";

fn employer() -> World {
    let order = employee_order("E-1", "harbor", BADGE, PIN, PUK).unwrap();
    World::of(Plan {
        bases: vec!["harbor"],
        profiles: vec![source().join("profiles/piv-employee.toml")],
        orders: vec![order],
        issuers: true,
        ..Plan::default()
    })
    .unwrap_or_else(|fault| panic!("{fault}"))
}

/// Runs a stranger's commands beside the base's readers; the first that fails ends them, and so does one after
/// `refused` that does not.
fn strangers(world: &World, directory: &Path, script: &str) -> Output {
    let whole = format!("refused() {{ ! \"$@\" || exit 7; }}; cd '{}'; {script}", directory.display());
    Command::new("bash")
        .args(["-ec", &whole])
        .env("PCSCLITE_CSOCK_NAME", world.base(0).socket().unwrap())
        .env("HOME", directory)
        .output()
        .unwrap()
}

#[track_caller]
fn must(world: &World, directory: &Path, script: &str) -> String {
    let output = strangers(world, directory, script);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{script}\n{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

#[test]
fn opensc_yubico_piv_tool_and_openssl_use_a_card_that_the_center_issued_and_certified() {
    let world = employer();
    let card = world.card(0);
    world.release("E-1", 0).unwrap();
    let attempt = world.base(0).issue("E-1", &card).unwrap();
    assert!(attempt.is_issued(), "{attempt:?}");
    assert_eq!((world.order_state("E-1").unwrap(), world.card_state(&card).unwrap()), ("issued".into(), "live".into()));

    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let authority = at.join("authority.pem").display().to_string();
    world.center.must(&["piv-ca", "export", "piv-authority", "--out", &authority]).unwrap();
    std::fs::write(at.join("message"), b"what Ada signs").unwrap();
    let slot = cardwright_lab::world::slot_name(0, cardwright_lab::world::Slot::Card);

    let dumped = must(&world, at, "opensc-tool -r 0 -n; pkcs15-tool --reader 0 --dump");
    assert!(dumped.contains("Personal Identity Verification Card"), "{dumped}");
    for name in ["PIV Authentication", "Digital Signature", "Key Management", "Card Authentication"] {
        assert!(dumped.contains(&format!("X.509 Certificate [Certificate for {name}]")), "{name}: {dumped}");
    }

    // the certificates are the center's, of this person, over the keys that the card signs with
    let script = format!(
        "tool() {{ yubico-piv-tool -r '{slot}' \"$@\"; }}; tool -a status; \
         for s in 9a 9c 9d 9e; do tool -a read-certificate -s $s -o $s.pem; \
         openssl verify -CAfile authority.pem $s.pem; \
         openssl x509 -in $s.pem -noout -subject -pubkey -out $s.txt; done; \
         openssl x509 -in 9a.pem -noout -subject; \
         openssl x509 -in 9a.pem -noout -pubkey > 9a.pub; openssl x509 -in 9c.pem -noout -pubkey > 9c.pub; \
         tool -a verify-pin -P {PIN} -a test-signature -s 9a -i 9a.pem; \
         tool -a verify-pin -P {PIN} -a test-signature -s 9c -i 9c.pem; \
         tool -a verify-pin -P {PIN} -a test-decipher -s 9d -i 9d.pem; \
         tool -a test-signature -s 9e -i 9e.pem; refused tool -a test-signature -s 9a -i 9a.pem"
    );
    let said = must(&world, at, &script);
    assert_eq!(said.matches(": OK").count(), 4, "each certificate leads to the center's authority: {said}");
    assert!(said.contains("CN = Ada Example") && said.contains(BADGE), "{said}");
    assert!(said.contains("Algorithm:\tRSA2048") && said.contains("Algorithm:\tECCP256"), "{said}");

    must(
        &world,
        at,
        &format!(
            "pkcs11-tool --slot-index 0 --login -p {PIN} -s -m SHA256-RSA-PKCS --id 01 -i message -o signature; \
             openssl dgst -sha256 -verify 9a.pub -signature signature message; \
             echo changed > other; refused openssl dgst -sha256 -verify 9a.pub -signature signature other; \
             openssl dgst -sha256 -binary message > hash; \
             pkcs11-tool --slot-index 0 --login -p {PIN} -s -m ECDSA --signature-format openssl --id 02 -i hash -o signature-9c; \
             openssl dgst -sha256 -verify 9c.pub -signature signature-9c message; \
             refused pkcs15-tool --reader 0 --verify-pin --pin 111111; \
             pkcs15-tool --reader 0 --verify-pin --pin {PIN}; \
             pkcs15-tool --reader 0 --unblock-pin --puk {PUK} --new-pin 654321; \
             pkcs15-tool --reader 0 --verify-pin --pin 654321"
        ),
    );

    let given = world.center.must(&["piv-ca", "certificates", "piv-authority"]).unwrap();
    assert_eq!(given.out.lines().count(), 4, "every serial number is written down: {}", given.text());
}
