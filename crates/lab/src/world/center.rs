//! The issuing center of a world: its command line, and the program that serves.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use openssl::base64::encode_block;
use openssl::sha::sha256;

use super::Fault;
use super::process::{self, Running, Said};
use super::programs::Programs;

/// How long the center may take to get ready.
const READY: Duration = Duration::from_secs(60);
/// What opens the keystore of any world.
pub const PASSPHRASE: &str = "a passphrase that opens this world's keystore";

/// Registers everything.
pub const ADMIN: &str = "Mori";
/// Enters orders.
pub const CLERK: &str = "Ines";
/// Approves them.
pub const APPROVER: &str = "Otto";
/// Releases them to terminals, and writes cards.
pub const OPERATOR: &str = "Kim";

/// The secret of a person of this world.
#[must_use]
pub fn secret_of(person: &str) -> String {
    format!("{person} keeps this secret")
}

/// A center in its directory; the program that serves is ended when it is dropped.
pub struct IssuingCenter {
    programs: Programs,
    state: PathBuf,
    log: PathBuf,
    database: Option<String>,
    address: Option<SocketAddr>,
    api: Option<SocketAddr>,
    serving: Option<Running>,
}

impl IssuingCenter {
    /// A center that is not set up yet, in `directory`; in the database of this URL instead of a SQLite file.
    #[must_use]
    pub fn new(programs: &Programs, directory: &Path, database: Option<String>) -> Self {
        Self {
            programs: programs.clone(),
            state: directory.join("center"),
            log: directory.join("log"),
            database,
            address: None,
            api: None,
            serving: None,
        }
    }

    /// Where it keeps everything.
    #[must_use]
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// What it said while it served.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.log.join("center.log")
    }

    /// Runs one command of the center as its people type it. Who answers (`--as`) knows their secret.
    ///
    /// # Errors
    /// The program could not be run.
    pub fn run(&self, arguments: &[&str]) -> Result<Said, Fault> {
        let mut command = self.command(arguments);
        let answers = arguments.windows(2).find(|pair| matches!(pair[0], "--as" | "--admin")).map(|pair| pair[1]);
        if let Some(person) = answers {
            command.env("CARDWRIGHT_SECRET", secret_of(person));
        }
        if let ["person", "add", person, ..] = arguments {
            command.env("CARDWRIGHT_NEW_SECRET", secret_of(person));
        }
        Ok(process::run(&mut command, &self.log.join("commands.log"))?)
    }

    /// The same, where everything but success is a fault.
    ///
    /// # Errors
    /// What the command said where it refused.
    pub fn must(&self, arguments: &[&str]) -> Result<Said, Fault> {
        let said = self.run(arguments)?;
        if said.exit == 0 { Ok(said) } else { Err(Fault::command(&self.command(arguments), &said)) }
    }

    /// One word of what a command shows in JSON.
    ///
    /// # Errors
    /// What the command said where it refused, or that it does not show this.
    pub fn shown(&self, arguments: &[&str], key: &str) -> Result<String, Fault> {
        let said = self.must(&[&["--json"], arguments].concat())?;
        let word = said.events().first().and_then(|shown| shown[key].as_str().map(str::to_owned));
        word.ok_or_else(|| Fault::story(format!("{key} is not in {}", said.text())))
    }

    /// The command as it is typed, for others to run.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.programs.center());
        command.arg("--state").arg(&self.state).args(arguments).env("CARDWRIGHT_CENTER_PASSPHRASE", PASSPHRASE);
        if let Some(database) = &self.database {
            command.env("CARDWRIGHT_CENTER_DATABASE", database);
        }
        command
    }

    /// Starts to serve, on a free port the first time and on the same one ever after; done when it answers.
    ///
    /// # Errors
    /// The center did not get ready.
    pub fn serve(&mut self) -> Result<SocketAddr, Fault> {
        let at = self.address.map_or_else(|| "127.0.0.1:0".to_owned(), |address| address.to_string());
        let command = self.command(&["serve", "--json", "--api", "127.0.0.1:0", "--terminals", &at]);
        let mut serving = Running::start(&command, Stdio::null(), &self.log())?;
        let ready = serving.event(READY, |event| event.get("ready").is_some());
        let at = |what: &str| ready.as_ref().and_then(|event| event["ready"][what].as_str()?.parse().ok());
        let address = at("terminals");
        let Some(address) = address else {
            let said = std::fs::read_to_string(self.log()).unwrap_or_default();
            return Err(Fault::story(format!("the center does not serve:\n{said}")));
        };
        self.address = Some(address);
        self.api = at("api");
        self.serving = Some(serving);
        Ok(address)
    }

    /// Where terminals reach it.
    ///
    /// # Errors
    /// It has never served.
    pub fn address(&self) -> Result<SocketAddr, Fault> {
        self.address.ok_or_else(|| Fault::story("the center has no address yet"))
    }

    /// One call of its API, as a person: path and a body in JSON, empty for none. Gives the answer's body, where it is a
    /// success.
    ///
    /// # Errors
    /// It does not serve, or what it answered.
    pub fn api(&self, person: &str, path: &str, body: &str) -> Result<String, Fault> {
        let address = self.api.ok_or_else(|| Fault::story("the center does not serve its API"))?;
        let who = encode_block(format!("{person}:{}", secret_of(person)).as_bytes());
        let key = hex::encode(sha256(format!("{person}{path}{body}").as_bytes()));
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: Basic {who}\r\n\
             Idempotency-Key: {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = TcpStream::connect(address)?;
        stream.write_all([head.as_bytes(), body.as_bytes()].concat().as_slice())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (status, text) = (answer.split(' ').nth(1).unwrap_or_default(), answer.split("\r\n\r\n").nth(1));
        if status.starts_with('2') { Ok(text.unwrap_or_default().to_owned()) } else { Err(Fault::story(answer)) }
    }

    /// Asks the serving program to end, and waits until it has.
    pub fn stop(&mut self) {
        if let Some(mut serving) = self.serving.take() {
            serving.stop();
        }
    }

    /// Ends the serving program in the middle of whatever it does.
    pub fn kill(&mut self) {
        if let Some(mut serving) = self.serving.take() {
            serving.kill();
        }
    }
}
