//! `cardwright-center` as people and scripts call it: answers, exit codes, sentences.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::stock::shipment;
use crate::world::HEADER;

pub(crate) const PASSPHRASE: &str = "correct horse battery";
pub(crate) const SECRET: &str = "a secret of eight and more";

/// A center's state directory, and the commands on it.
pub(crate) struct Desk {
    pub(crate) directory: TempDir,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cardwright-center"));
        command.env_clear().arg("--state").arg(self.directory.path().join("state")).args(arguments);
        command.env("CARDWRIGHT_CENTER_PASSPHRASE", PASSPHRASE).env("CARDWRIGHT_SECRET", SECRET);
        command.env("CARDWRIGHT_NEW_SECRET", SECRET);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs the command, which must be carried out, and reads its JSON.
    pub(crate) fn done(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[&["--json"], arguments].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{arguments:?}: {text} {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_str(&text).unwrap()
    }

    /// Runs the command, which must be refused: exit code and code.
    pub(crate) fn refused(&self, arguments: &[&str]) -> (i32, String) {
        refusal(&mut self.command(&[&["--json"], arguments].concat()))
    }

    pub(crate) fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Everything up to the import of orders.
    pub(crate) fn set_up(&self) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let text = |path: PathBuf| path.to_str().unwrap().to_owned();
        self.done(&["init", "--admin", "Ada"]);
        self.done(&["base", "add", "north", "--reader-tier", "2", "--as", "Ada"]);
        self.done(&["person", "add", "Eve", "--role", "order-entry", "--role", "operator", "--as", "Ada"]);
        self.done(&["person", "add", "Ben", "--role", "approver", "--as", "Ada"]);
        self.done(&["product", "import", &text(root.join("products/scp03-i70.toml")), "--as", "Ada"]);
        self.done(&["profile", "import", &text(root.join("profiles/identity.toml")), "--as", "Ada"]);
    }

    pub(crate) fn orders(&self, references: &[&str]) -> String {
        let row = |reference: &&str| {
            format!("{reference},north,identity,new,ACME,Tom,Zoë Needleworth,4929000000001234,92389,\n")
        };
        let rows: String = references.iter().map(row).collect();
        self.file("orders.csv", &format!("{HEADER}{rows}")).to_str().unwrap().to_owned()
    }
}

fn refusal(command: &mut Command) -> (i32, String) {
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap_or_default();
    let code = value["error"]["code"].as_str().unwrap_or_default().to_owned();
    (output.status.code().unwrap(), code)
}

#[test]
fn from_init_to_approval() {
    let desk = Desk::new();
    desk.set_up();
    let key = desk.file("batch.key", "1F02A304B506C708D90AEB0CFD0E1F10\n");
    let master = *b"\x1F\x02\xA3\x04\xB5\x06\xC7\x08\xD9\x0A\xEB\x0C\xFD\x0E\x1F\x10";
    let kcv = crate::stock::check_value(&master).to_string();
    let key = key.to_str().unwrap();
    let import = ["key", "import", "batch", "--file", key, "--kind", "aes128", "--kcv", &kcv, "--as", "Ada"];
    assert_eq!(desk.done(&import)["key"], "batch.1");
    let box_1 = desk.file("box-1.csv", &shipment(&master, 2));
    assert_eq!(desk.done(&["stock", "import", box_1.to_str().unwrap(), "--key", "batch", "--as", "Ada"])["cards"], 2);
    let orders = desk.orders(&["R-1", "R-2"]);
    assert_eq!(desk.done(&["order", "import", &orders, "--as", "Eve"])["orders"].as_array().unwrap().len(), 2);
    desk.done(&["order", "approve", "R-1", "R-2", "--as", "Ben"]);
    assert_eq!(desk.done(&["order", "show", "R-2"])["state"], "prepared");
    assert_eq!(desk.done(&["order", "list"])["orders"].as_array().unwrap().len(), 2);
    assert_eq!(desk.done(&["card", "show", "54455354000000000001"])["state"], "stock");
    assert_eq!(desk.done(&["log", "show", "--order", "R-1"])["entries"].as_array().unwrap().len(), 3);
    let size = desk.done(&["log", "verify"])["size"].as_i64().unwrap();
    assert_eq!(desk.done(&["log", "show"])["entries"].as_array().unwrap().len() as i64, size);
}

#[test]
fn wrong_passphrase() {
    let desk = Desk::new();
    desk.set_up();
    let mut command = desk.command(&["--json", "key", "list"]);
    assert_eq!(refusal(command.env("CARDWRIGHT_CENTER_PASSPHRASE", "wrong")), (1, "CW-1001".into()));
    let file = desk.file("passphrase", &format!("{PASSPHRASE}\nanother line\n"));
    let mut command = desk.command(&["--json", "key", "list", "--passphrase-file", file.to_str().unwrap()]);
    assert!(command.env_remove("CARDWRIGHT_CENTER_PASSPHRASE").output().unwrap().status.success());
}

#[test]
fn every_kind_of_refusal_has_its_exit_code() {
    let desk = Desk::new();
    assert_eq!(desk.refused(&["order", "list"]), (3, "CW-1018".into()), "there is no center");
    desk.set_up();
    assert_eq!(desk.refused(&["init", "--admin", "Ada"]), (1, "CW-1017".into()), "there is one already");
    assert_eq!(desk.refused(&["order", "show", "R-9"]), (1, "CW-4001".into()));
    assert_eq!(desk.refused(&["base", "add", "north", "--reader-tier", "0", "--as", "Ada"]), (1, "CW-1010".into()));
    assert_eq!(desk.refused(&["base", "add", "south", "--reader-tier", "0", "--as", "Eve"]), (1, "CW-1003".into()));
    assert_eq!(desk.refused(&["base", "add", "south", "--reader-tier", "0", "--as", "Zed"]), (1, "CW-1002".into()));
    assert_eq!(desk.refused(&["base", "add", "south", "--reader-tier", "3", "--as", "Ada"]).0, 2);
    assert_eq!(desk.refused(&["order", "import", "/nowhere.csv", "--as", "Eve"]), (3, "CW-5013".into()));
    let mut without = desk.command(&["--json", "base", "add", "south", "--reader-tier", "0", "--as", "Ada"]);
    assert_eq!(refusal(without.env_remove("CARDWRIGHT_SECRET")).0, 2, "no secret was given");
    desk.file("state/center.toml", "colour = 1\n");
    assert_eq!(desk.refused(&["order", "list"]), (3, "CW-5012".into()), "an unknown key");
}

#[test]
fn whatever_is_refused_to_a_person_stands_in_the_log() {
    let desk = Desk::new();
    desk.set_up();
    let published = desk.file("published.key", "404142434445464748494A4B4C4D4E4F");
    let published = published.to_str().unwrap();
    let wrong = desk.file("wrong.toml", "format = 1\n");
    let wrong = wrong.to_str().unwrap();
    let commands: [(&str, &[&str]); 7] = [
        ("CW-1010", &["base", "add", "north", "--reader-tier", "0", "--as", "Ada"]),
        ("CW-1011", &["person", "add", "Mia", "--role", "approver", "--role", "operator", "--as", "Ada"]),
        ("CW-1006", &["product", "import", wrong, "--as", "Ada"]),
        ("CW-1007", &["profile", "import", wrong, "--as", "Ada"]),
        ("CW-1005", &["key", "import", "k", "--file", published, "--kind", "aes128", "--kcv", "504A77", "--as", "Ada"]),
        ("CW-1015", &["stock", "import", wrong, "--key", "k", "--as", "Ada"]),
        ("CW-4001", &["order", "approve", "R-9", "--as", "Ben"]),
    ];
    for (code, arguments) in commands {
        let before = desk.done(&["log", "verify"])["size"].as_i64().unwrap();
        assert_eq!(desk.refused(arguments), (1, code.into()), "{arguments:?}");
        let entries = desk.done(&["log", "show"])["entries"].as_array().unwrap().clone();
        assert_eq!(entries.len() as i64, before + 1, "{arguments:?}");
        let told = entries.last().unwrap()["told"].as_str().unwrap();
        assert!(told.starts_with("Refused: ") && told.contains(code), "{told}");
    }
}

#[test]
fn a_wrong_file_of_orders_says_row_column_and_what_to_do() {
    let desk = Desk::new();
    desk.set_up();
    let orders = desk.orders(&["R-1", "R 2"]);
    let output = desk.run(&["order", "import", &orders, "--as", "Eve"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("row 3") && said.contains("reference") && said.contains("CW-4006"), "{said}");
    assert!(!said.contains("Needleworth") && !said.contains("4929"), "{said}");
    assert_eq!(desk.done(&["order", "list"])["orders"].as_array().unwrap().len(), 0);
    let told = desk.done(&["log", "show"]).to_string();
    assert!(told.contains("CW-4006") && !told.contains("Needleworth"));
}

#[test]
fn the_same_person_may_not_enter_and_approve() {
    let desk = Desk::new();
    desk.set_up();
    let both = ["person", "add", "Mia", "--role", "order-entry", "--role", "approver", "--as", "Ada"];
    assert_eq!(desk.refused(&both), (1, "CW-1011".into()));
    desk.done(&["order", "import", &desk.orders(&["R-1"]), "--as", "Eve"]);
    assert_eq!(desk.refused(&["order", "approve", "R-1", "--as", "Eve"]), (1, "CW-1003".into()));
    assert_eq!(desk.done(&["order", "show", "R-1"])["state"], "received");
}

#[test]
fn a_profile_is_checked_without_a_center_and_every_fault_is_told_with_its_line() {
    let desk = Desk::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let right = root.join("profiles/identity.toml");
    assert_eq!(desk.done(&["profile", "check", right.to_str().unwrap()])["profile"], "identity");
    assert_eq!(desk.refused(&["profile", "check", "/nowhere.toml"]), (3, "CW-5013".into()));
    let text = std::fs::read_to_string(right).unwrap();
    let wrong = text.replace("version = 1", "version = 0").replace("charset = \"unicode\"", "charset = \"runes\"");
    let wrong = desk.file("wrong.toml", &wrong);
    let output = desk.command(&["--json", "profile", "check", wrong.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["error"]["code"], "CW-1007");
    let line = |wanted: &str| text.lines().position(|line| line == wanted).unwrap() + 1;
    let lines: Vec<_> = answer["error"]["faults"].as_array().unwrap().iter().map(|fault| &fault["line"]).collect();
    assert_eq!(lines, [line("version = 1"), line("charset = \"unicode\"")]);
    let output = desk.command(&["profile", "check", wrong.to_str().unwrap()]).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.starts_with(&format!("{}:{}:", wrong.display(), line("version = 1"))), "{told}");
    assert!(told.ends_with("CW-1007: 2 faults.\n"), "{told}");
    assert!(!desk.directory.path().join("state").exists(), "nothing was made for it");
}
