//! An EMV issuer and its cards by the program alone, and what is left where the program dies in between.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::commands::Desk;

/// The signal of `abort`.
const ABORTED: Option<i32> = Some(6);

/// A profile whose numbers and PINs are the center's own, with keys that are quick to make.
fn own_profile() -> String {
    crate::payment::own().replace("icc-bits = 1024", "icc-bits = 768").replace("pin-bits = 1024", "pin-bits = 768")
}

/// A center with an issuer, and the order C-1.
pub(crate) fn bank() -> Desk {
    let desk = Desk::new();
    desk.set_up();
    let profile = desk.file("own.toml", &own_profile());
    desk.done(&["profile", "import", profile.to_str().unwrap(), "--as", "Ada"]);
    let key = desk.file("mailer.key", "72ED1F7C4AF4B2A67DE8CA776D2A0A0E");
    let import = ["key", "import", "zone/mailer", "--use", "zone", "--kind", "tdes2", "--file", key.to_str().unwrap()];
    assert_eq!(desk.refused(&[&import[..], &["--kcv", "000000", "--as", "Ada"]].concat()), (1, "CW-1012".into()));
    let example = desk.file("example.key", "0123456789ABCDEFFEDCBA9876543210");
    let of_manuals = ["key", "import", "zone/mailer", "--kind", "tdes2", "--file", example.to_str().unwrap()];
    let of_manuals = [&of_manuals[..], &["--use", "zone", "--kcv", "08D7B4", "--as", "Ada"]].concat();
    assert_eq!(desk.refused(&of_manuals), (1, "CW-1005".into()), "everybody has it from a manual");
    let imported = desk.done(&[&import[..], &["--kcv", "1B4DE4", "--as", "Ada"]].concat());
    assert_eq!((&imported["key"], &imported["use"]), (&"zone/mailer.1".into(), &"zone".into()));
    for (name, key_use) in [
        ("cvk", "verification"),
        ("pvk", "verification"),
        ("imk-ac", "application"),
        ("imk-smi", "application"),
        ("imk-smc", "application"),
    ] {
        desk.done(&["key", "generate", name, "--use", key_use, "--kind", "tdes2", "--as", "Ada"]);
    }
    let size = ["--bits", "1408", "--exponent", "3", "--as", "Ada"];
    desk.done(&[&["issuer-ca", "root", "--index", "01", "--expires", "2035-12"][..], &size].concat());
    desk.done(&[&["issuer-ca", "key", "example-issuer", "--identifier", "476173"][..], &size].concat());
    let root = ["--root", "F0454D5601/01", "--expires", "2035-12", "--as", "Ada"];
    desk.done(&[&["issuer-ca", "sign", "example-issuer"][..], &root].concat());
    let header = "reference,base,profile,kind,customer,taken_by,name\n";
    let orders = desk.file("own.csv", &format!("{header}C-1,north,emv-own,new,ACME,Tom,Zoë Müller\n"));
    desk.done(&["order", "import", orders.to_str().unwrap(), "--as", "Eve"]);
    desk
}

pub(crate) fn fill(desk: &Desk, count: &str) {
    let size = ["--json", "pool", "fill", "--bits", "768", "--exponent", "3", "--count", count, "--as", "Ada"];
    let output = desk.command(&size).output().unwrap();
    // The bar is for people: nothing of it in what a program reads.
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{{\"made\":{count}}}\n"));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

fn left(desk: &Desk) -> u64 {
    desk.done(&["pool", "status"])["sizes"][0]["keys"].as_u64().unwrap()
}

const APPROVE: [&str; 5] = ["order", "approve", "C-1", "--as", "Ben"];

#[test]
fn an_issuer_is_set_up_and_a_card_is_prepared_by_commands_alone() {
    let desk = bank();
    let issuers = desk.done(&["issuer-ca", "list"]);
    assert_eq!(issuers["issuers"][0]["certificate"]["authority"], "F0454D5601/01");
    assert_eq!(issuers["issuers"][0]["certificate"]["validity"]["until"], "2035-12-31");
    let status = desk.done(&["pool", "status"]);
    assert_eq!((&status["sizes"][0]["bits"], &status["sizes"][0]["low"]), (&768.into(), &true.into()));
    assert_eq!(desk.refused(&APPROVE), (1, "CW-1024".into()), "the pool is empty");
    assert_eq!(desk.done(&["order", "show", "C-1"])["state"], "received");
    fill(&desk, "4");
    desk.done(&APPROVE);
    assert_eq!(left(&desk), 2);
    assert_eq!(desk.refused(&["order", "prepare", "C-1", "--as", "Eve"]), (1, "CW-1003".into()));
    desk.done(&["order", "prepare", "C-1", "--as", "Ben"]);
    assert_eq!(left(&desk), 0);
    let out = desk.directory.path().join("letters.csv");
    let export = ["pin-mailer", "export", "--key", "zone/mailer", "--out", out.to_str().unwrap(), "--as", "Ada"];
    assert_eq!(desk.done(&export)["letters"], 1);
    let letters = std::fs::read_to_string(&out).unwrap();
    assert!(letters.lines().nth(1).unwrap().starts_with("C-1,476173"), "{letters}");
    assert!(letters.ends_with(",zone/mailer.1,1B4DE4,\n"), "{letters}");
    assert_eq!(desk.done(&export)["letters"], 0, "each letter once");
    let keys = desk.done(&["key", "list"]);
    let of = |name: &str| {
        let keys = keys["keys"].as_array().unwrap();
        keys.iter().find(|key| key["key"] == name).map(|key| key["use"].clone()).unwrap()
    };
    assert_eq!([of("imk-ac.1"), of("cvk.1"), of("search.1")], ["application", "verification", "hashes"]);
    desk.done(&["log", "verify"]);
}

/// Runs a command that dies at a failpoint.
fn die_at(desk: &Desk, point: &str, arguments: &[&str]) {
    let status = desk.command(arguments).env("CARDWRIGHT_FAILPOINT", point).output().unwrap().status;
    assert_eq!(status.signal(), ABORTED, "{point}");
}

#[test]
fn a_preparation_that_died_has_taken_keys_and_number_whole_or_not_at_all() {
    let desk = bank();
    fill(&desk, "6");
    for (point, state, keys) in
        [("before-approved", "received", 6), ("within-approved", "received", 6), ("after-approved", "prepared", 4)]
    {
        die_at(&desk, point, &APPROVE);
        assert_eq!(
            (desk.done(&["order", "show", "C-1"])["state"].as_str(), left(&desk)),
            (Some(state), keys),
            "{point}"
        );
    }
    for (point, keys) in [("before-prepared-again", 4), ("within-prepared-again", 4), ("after-prepared-again", 2)] {
        die_at(&desk, point, &["order", "prepare", "C-1", "--as", "Ben"]);
        assert_eq!(left(&desk), keys, "{point}");
    }
    desk.done(&["order", "prepare", "C-1", "--as", "Ben"]);
    desk.done(&["log", "verify"]);
}

#[test]
fn letters_whose_export_died_are_still_waiting_or_all_there() {
    let desk = bank();
    fill(&desk, "2");
    desk.done(&APPROVE);
    let out = desk.directory.path().join("letters.csv");
    let beside = desk.directory.path().join("letters.csv.new");
    let export = ["pin-mailer", "export", "--key", "zone/mailer", "--out", out.to_str().unwrap(), "--as", "Ada"];
    for point in ["before-pin-mailer-exported", "within-pin-mailer-exported"] {
        die_at(&desk, point, &export);
        assert!(!out.exists(), "{point}");
        // What it left beside is of letters that still wait.
        std::fs::remove_file(&beside).unwrap();
    }
    die_at(&desk, "after-pin-mailer-exported", &export);
    assert_eq!(std::fs::read_to_string(&beside).unwrap().lines().count(), 2, "handed out: the letter is beside");
    std::fs::rename(&beside, &out).unwrap();
    let other = desk.directory.path().join("other.csv");
    let again = ["pin-mailer", "export", "--key", "zone/mailer", "--out", other.to_str().unwrap(), "--as", "Ada"];
    assert_eq!(desk.done(&again)["letters"], 0);
}

#[test]
fn keys_and_certificates_whose_making_died_are_made_again() {
    let desk = bank();
    let size = ["--bits", "1024", "--exponent", "3", "--as", "Ada"];
    let root = [&["issuer-ca", "root", "--index", "02", "--expires", "2035-12"][..], &size].concat();
    die_at(&desk, "within-certification-key", &root);
    desk.done(&root);
    let key = [&["issuer-ca", "key", "second", "--identifier", "476173"][..], &size].concat();
    die_at(&desk, "within-emv-issuer", &key);
    desk.done(&key);
    let sign = ["issuer-ca", "sign", "second", "--root", "F0454D5601/02", "--expires", "2035-12", "--as", "Ada"];
    die_at(&desk, "after-issuer-certificate", &sign);
    let listed = desk.done(&["issuer-ca", "list"]);
    assert_eq!(listed["issuers"][1]["certificate"]["number"], 1, "it was there before anybody knew");
    let make = ["piv-ca", "make", "staff", "--subject", "CN=Staff", "--as", "Ada"];
    die_at(&desk, "within-piv-authority", &make);
    desk.done(&make);
    let pool = ["pool", "fill", "--bits", "768", "--exponent", "3", "--count", "2", "--as", "Ada"];
    die_at(&desk, "after-pool-key", &pool);
    assert_eq!(left(&desk), 1, "the one that was made stays");
}

/// Polls until `holds`, for as long as a slow machine may take.
fn wait_until(holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it did not come");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn the_serving_center_fills_the_pool_to_its_level_and_warns_below_the_other() {
    let desk = bank();
    desk.file("state/center.toml", "[pool]\nfull = 3\nlow = 2\n");
    let log = desk.directory.path().join("serve.log");
    let any = "127.0.0.1:0";
    let mut command = desk.command(&["serve", "--terminals", any, "--api", any]);
    let mut program =
        command.stdout(std::process::Stdio::null()).stderr(std::fs::File::create(&log).unwrap()).spawn().unwrap();
    wait_until(|| left(&desk) == 3);
    let told = || std::fs::read_to_string(&log).unwrap();
    wait_until(|| told().contains("the pool of cards' keys is above its level again"));
    assert!(told().contains("few keys are left in the pool of cards' keys"), "{}", told());
    desk.done(&APPROVE);
    wait_until(|| left(&desk) == 3);
    let stop = std::process::Command::new("kill").args(["-TERM", &program.id().to_string()]).status().unwrap();
    assert!(stop.success());
    assert!(program.wait().unwrap().success(), "{}", told());
    assert!(told().contains("stopping"));
}

const ONE_ORDER: &str =
    "reference,base,profile,kind,customer,taken_by,name\nC-1,north,emv-own,new,ACME,Tom,Zoë Müller\n";

/// The number where nobody looks for it: under tags of the profile's own, and on the face.
#[test]
fn a_preview_masks_the_number_under_any_tag_and_on_the_face() {
    let desk = Desk::new();
    let more = "[[element]]\nname = \"digits\"\ntag = \"DF01\"\nsource = \"card-number\"\nencoding = \"ascii\"\n\n\
                [[element]]\nname = \"other-track\"\ntag = \"9F6B\"\nsource = \"track-2\"\nservice-code = \"201\"\n\
                discretionary = [\"0\"]\n\n[[element]]\nname = \"label\"";
    let text = own_profile()
        .replacen("[[element]]\nname = \"label\"", more, 1)
        .replacen("[\"track-2\", \"holder\"]", "[\"track-2\", \"holder\", \"digits\", \"other-track\"]", 1)
        .replace("at-base = \"masked\"", "at-base = \"shown\"");
    let (profile, orders) = (desk.file("own.toml", &text), desk.file("own.csv", ONE_ORDER));
    let told = desk.done(&["profile", "preview", profile.to_str().unwrap(), "--order", orders.to_str().unwrap()]);
    let told = told.to_string();
    assert!(told.contains("DF01") && told.contains("9F6B"), "the control: they are there");
    for number in ["47617390", "3437363137333930", "4761 7390"] {
        assert!(!told.contains(number), "{number}");
    }
}

#[test]
fn a_preview_needs_no_center_and_shows_no_secret() {
    let desk = Desk::new();
    let profile = desk.file("own.toml", &own_profile());
    let orders = desk.file(
        "own.csv",
        "reference,base,profile,kind,customer,taken_by,name\nC-1,north,emv-own,new,ACME,Tom,Zoë Müller\n\
         C-2,north,emv-own,new,ACME,Tom,Max Muster\nC-3,north,identity,new,ACME,Tom,Zoë\n",
    );
    let (profile, orders) = (profile.to_str().unwrap(), orders.to_str().unwrap());
    let preview = desk.done(&["profile", "preview", profile, "--order", orders]);
    assert_eq!(preview["throw_away_keys"], true);
    assert_eq!(preview["orders"].as_array().unwrap().len(), 2, "those of the profile");
    let one = desk.done(&["profile", "preview", profile, "--order", orders, "--reference", "C-2"]);
    let stand_ins = one["orders"][0]["stand_ins"].as_array().unwrap();
    assert!(stand_ins.iter().any(|what| what == "the key imk-ac.1"), "{stand_ins:?}");
    let applications = one["orders"][0]["applications"].as_array().unwrap();
    let card = applications.last().unwrap()["groupings"].as_array().unwrap();
    let grouping = |identifier: &str| card.iter().find(|one| one["dgi"] == identifier).unwrap();
    let values =
        |one: &Value| one["content"].as_array().unwrap().iter().map(|tag| tag["value"].clone()).collect::<Vec<_>>();
    for secret in ["8000", "8010", "8201"] {
        assert_eq!(values(grouping(secret)), ["(masked)"], "{secret}");
    }
    let record = grouping("0101")["content"].as_array().unwrap();
    let tag = |name: &str| record.iter().find(|one| one["tag"] == name).unwrap();
    assert_eq!((&tag("57")["name"], &tag("57")["value"]), (&"track 2 equivalent data".into(), &"(masked)".into()));
    assert_eq!(tag("5F20")["value"], hex::encode_upper("MAX MUSTER"), "the control: what is no secret is shown");
    assert!(!one.to_string().contains("47617390"), "no number");
    assert_eq!(
        desk.refused(&["profile", "preview", profile, "--order", orders, "--reference", "C-9"]),
        (1, "CW-4006".into())
    );
    assert!(!Path::new(&desk.directory.path().join("state")).exists());
}
