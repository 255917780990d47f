//! The center as its people use it: commands that may be told to die, and the program that serves.

use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use cardwright_lab::world::process::Running;
use serde_json::Value;

use crate::program::programs;

/// How long the center may take to get ready.
const READY: Duration = Duration::from_secs(60);
const PASSPHRASE: &str = "a passphrase that opens this keystore";
const SECRET: &str = "a secret that all share here";
/// The signal of `abort`.
const ABORTED: Option<i32> = Some(6);

/// How a command ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ended {
    /// it was carried out; its answer
    Done(Value),
    /// it was refused, with this code
    Refused(String),
    /// it died at its failpoint
    Died,
}

/// One center. Whatever serves is ended with it.
pub(crate) struct Center {
    state: PathBuf,
    database: Option<String>,
    address: Option<SocketAddr>,
    serving: Option<Running>,
}

impl Center {
    /// A center that is not set up yet; in the database of this URL, or in a SQLite file.
    pub(crate) fn new(directory: &Path, database: Option<String>) -> Self {
        Self { state: directory.join("center"), database, address: None, serving: None }
    }

    /// Where its rows are.
    pub(crate) fn database(&self) -> String {
        let file = || format!("sqlite://{}", self.state.join("center.sqlite").display());
        self.database.clone().unwrap_or_else(file)
    }

    fn command(&self, words: &[&str], failpoint: Option<&str>) -> Command {
        let mut command = Command::new(&programs().center);
        command.arg("--json").arg("--state").arg(&self.state).args(words);
        command.env("CARDWRIGHT_CENTER_DATABASE", self.database()).env("CARDWRIGHT_CENTER_PASSPHRASE", PASSPHRASE);
        command.env("CARDWRIGHT_SECRET", SECRET).env("CARDWRIGHT_NEW_SECRET", SECRET);
        match failpoint {
            Some(name) => command.env("CARDWRIGHT_FAILPOINT", name),
            None => command.env_remove("CARDWRIGHT_FAILPOINT"),
        };
        command
    }

    /// Runs a command of the center, which dies at `failpoint`, if one is named.
    pub(crate) fn run(&self, words: &[&str], failpoint: Option<&str>) -> Ended {
        let output = self.command(words, failpoint).stdin(Stdio::null()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let answer: Value = serde_json::from_str(&text).unwrap_or_default();
        let code = answer["error"]["code"].as_str().map(str::to_owned);
        match (output.status.code(), code) {
            (Some(0), _) => Ended::Done(answer),
            (_, Some(code)) => Ended::Refused(code),
            (None, _) if output.status.signal() == ABORTED => Ended::Died,
            _ => panic!("{words:?} ended with {}: {text}{}", output.status, String::from_utf8_lossy(&output.stderr)),
        }
    }

    /// Runs a command, which must be carried out.
    pub(crate) fn done(&self, words: &[&str]) -> Value {
        match self.run(words, None) {
            Ended::Done(answer) => answer,
            other => panic!("{words:?}: {other:?}"),
        }
    }

    /// Serves, on a free port the first time and on the same one ever after; dies at `failpoint`, if one is named.
    /// Whatever served before is killed.
    pub(crate) fn serve(&mut self, failpoint: Option<&str>) {
        self.kill();
        let at = self.address.map_or_else(|| "127.0.0.1:0".to_owned(), |address| address.to_string());
        let command = self.command(&["serve", "--api", "127.0.0.1:0", "--terminals", &at], failpoint);
        let log = self.state.with_file_name("center.log");
        let mut serving = Running::start(&command, Stdio::null(), &log).unwrap();
        let ready = serving.event(READY, |event| event.get("ready").is_some());
        let address = ready.and_then(|event| event["ready"]["terminals"].as_str()?.parse().ok());
        let said = || std::fs::read_to_string(&log).unwrap_or_default();
        self.address = Some(address.unwrap_or_else(|| panic!("the center does not serve: {}", said())));
        self.serving = Some(serving);
    }

    /// Where terminals reach it.
    pub(crate) fn address(&self) -> String {
        format!("https://{}", self.address.expect("it has served"))
    }

    /// Whether the program that serves has died at its failpoint.
    pub(crate) fn has_died(&mut self) -> bool {
        let ended: Option<ExitStatus> = self.serving.as_mut().and_then(|serving| serving.wait(Duration::ZERO));
        if let Some(status) = ended {
            assert_eq!(status.signal(), ABORTED, "the center ended by itself: {status}");
            self.serving = None;
        }
        ended.is_some()
    }

    /// Ends the program that serves in the middle of whatever it does.
    pub(crate) fn kill(&mut self) {
        if let Some(mut serving) = self.serving.take() {
            serving.kill();
        }
    }
}
