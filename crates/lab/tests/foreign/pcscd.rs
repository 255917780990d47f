//! A card in a reader of a private PC/SC daemon, for one test.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use cardwright_lab::world::programs::{Programs, source};
use cardwright_virtual_card::CardState;
use tempfile::TempDir;

/// Set to the path of `cardwright-card` where the daemon is beside us.
const CARD_PROGRAM: &str = "CARDWRIGHT_FOREIGN_CARD_PROGRAM";
/// Slot 0 of the reader (`script/private-pcscd`).
const PORT: &str = "40001";

/// Runs the test called `name` once more, beside a daemon of its own: clients find it by an environment variable,
/// which a process cannot well change for itself. `true` there, `false` here once it has passed there.
pub(crate) fn is_beside(name: &str) -> bool {
    if std::env::var_os(CARD_PROGRAM).is_some() {
        return true;
    }
    let directory = tempfile::tempdir().unwrap();
    let card = Programs::find().unwrap().card();
    let output = Command::new(source().join("script/private-pcscd"))
        .arg(directory.path())
        .args(["1", "--"])
        .arg(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env(CARD_PROGRAM, card)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_ne!(output.status.code(), Some(3), "no private PC/SC daemon can be had here; run script/prepare\n{said}");
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    false
}

/// A card in the reader until dropped.
pub(crate) struct Inserted {
    process: Child,
    state: PathBuf,
    _directory: TempDir,
}

impl Inserted {
    pub(crate) fn new(card: &CardState) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("card.json");
        std::fs::write(&state, card.to_json()).unwrap();
        let mut process = Command::new(std::env::var_os(CARD_PROGRAM).unwrap())
            .arg("insert")
            .arg(&state)
            .args(["--port", PORT, "--wait", "10"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert!(said.contains("is in the reader"), "{said}");
        Self { process, state, _directory: directory }
    }

    /// What the card keeps, as it is on the disk now.
    pub(crate) fn state(&self) -> CardState {
        CardState::from_json(&std::fs::read(&self.state).unwrap()).unwrap()
    }
}

impl Drop for Inserted {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
