//! One base: a machine with a terminal, its reader with a SAM, and whoever puts cards in.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::Fault;
use super::card_host::Mischief;
use super::machine::{Machine, Slot};
use super::process::{self, Running, Said};
use super::programs::Programs;
use crate::shop::Order;

/// The readers of a base's machine: the enrolled one, and another that nobody enrolled.
const READERS: u16 = 2;

/// A base.
pub struct Base {
    /// its name
    pub name: String,
    programs: Programs,
    directory: PathBuf,
    log: PathBuf,
    /// started when it is needed first
    machine: Mutex<Option<Machine>>,
}

impl Base {
    pub(super) fn new(programs: &Programs, world: &Path, name: &str) -> io::Result<Self> {
        let directory = world.join(name);
        std::fs::create_dir_all(&directory)?;
        let log = world.join("log");
        Ok(Self { name: name.to_owned(), programs: programs.clone(), directory, log, machine: Mutex::default() })
    }

    /// The name of its terminal.
    #[must_use]
    pub fn terminal_name(&self) -> String {
        format!("{}-counter", self.name)
    }

    /// The name of its reader.
    #[must_use]
    pub fn reader_name(&self) -> String {
        format!("{}-reader", self.name)
    }

    /// The state directory of its terminal.
    #[must_use]
    pub fn terminal_state(&self) -> PathBuf {
        self.directory.join("terminal")
    }

    /// The state file of its reader's SAM.
    #[must_use]
    pub fn sam(&self) -> PathBuf {
        self.directory.join("sam.json")
    }

    /// Runs the terminal to its end.
    ///
    /// # Errors
    /// The program could not be run, or the readers are not there.
    pub fn terminal(&self, arguments: &[&str]) -> Result<Said, Fault> {
        self.terminal_of(&self.terminal_state(), None, arguments)
    }

    /// Runs a terminal of another state directory on this machine; `center` is dialled instead of the enrolled address.
    ///
    /// # Errors
    /// As [`Base::terminal`].
    pub fn terminal_of(&self, state: &Path, center: Option<SocketAddr>, arguments: &[&str]) -> Result<Said, Fault> {
        let mut command = self.command(state, center, arguments)?;
        Ok(process::run(&mut command, &self.log.join("commands.log"))?)
    }

    /// Starts the terminal, which tells its events in JSON; `center` is dialled instead of the enrolled address.
    ///
    /// # Errors
    /// As [`Base::terminal`].
    pub fn start_terminal(&self, center: Option<SocketAddr>, arguments: &[&str]) -> Result<Running, Fault> {
        let arguments = [&["--json"], arguments].concat();
        let command = self.command(&self.terminal_state(), center, &arguments)?;
        let log = self.log.join(format!("{}.log", self.terminal_name()));
        Ok(Running::start(&command, Stdio::null(), &log)?)
    }

    fn command(&self, state: &Path, center: Option<SocketAddr>, arguments: &[&str]) -> Result<Command, Fault> {
        let mut command = Command::new(self.programs.terminal());
        command.args(["--language", "en", "--state"]).arg(state).args(arguments);
        command.env("PCSCLITE_CSOCK_NAME", self.socket()?);
        if let Some(center) = center {
            command.env("CARDWRIGHT_TERMINAL_CENTER", format!("https://{center}"));
        }
        Ok(command)
    }

    /// Runs `opensc-tool`, which knows nothing of cardwright, on a reader of this base.
    ///
    /// # Errors
    /// The program could not be run.
    pub fn opensc_tool(&self, slot: &str, commands: &[String]) -> Result<Said, Fault> {
        let mut command = Command::new("opensc-tool");
        command.args(["--reader", slot]).env("PCSCLITE_CSOCK_NAME", self.socket()?);
        command.args(commands.iter().flat_map(|apdu| ["--send-apdu", apdu]));
        Ok(process::run(&mut command, &self.log.join("commands.log"))?)
    }

    /// Pays with the card in a reader of this base, at a terminal of the lab's own; what the shop saw.
    ///
    /// # Errors
    /// The program could not be run.
    pub fn shop(&self, order: &Order) -> Result<Value, Fault> {
        let mut command = Command::new(self.programs.lab());
        command.arg("shop").env("PCSCLITE_CSOCK_NAME", self.socket()?);
        let mut shop = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        if let Some(input) = shop.stdin.take() {
            serde_json::to_writer(input, order).map_err(io::Error::from)?;
        }
        let said = shop.wait_with_output()?;
        Ok(serde_json::from_slice(&said.stdout).map_err(io::Error::from)?)
    }

    /// The socket of this machine's PC/SC daemon.
    ///
    /// # Errors
    /// The daemon could not be started.
    pub fn socket(&self) -> Result<PathBuf, Fault> {
        self.with_machine(|machine| Ok(machine.socket().to_owned()))
    }

    /// Puts a card into the enrolled reader.
    ///
    /// # Errors
    /// The card could not be put in.
    pub fn insert_card(&self, state: &Path) -> Result<(), Fault> {
        self.insert(0, state, Mischief::None)
    }

    /// Puts a card into a reader, and does something to what passes.
    ///
    /// # Errors
    /// The card could not be put in.
    pub fn insert(&self, reader: u16, state: &Path, mischief: Mischief) -> Result<(), Fault> {
        self.with_machine(|machine| machine.insert(reader, Slot::Card, state, mischief))
    }

    /// Takes the card out of the enrolled reader.
    ///
    /// # Errors
    /// The machine did not answer.
    pub fn remove_card(&self) -> Result<(), Fault> {
        self.with_machine(|machine| machine.remove(0, Slot::Card).map(drop))
    }

    /// Changes the SAM of the enrolled reader for another.
    ///
    /// # Errors
    /// The SAM could not be put in.
    pub fn change_sam(&self, state: &Path) -> Result<(), Fault> {
        self.with_machine(|machine| machine.insert(0, Slot::Sam, state, Mischief::None))
    }

    /// Pulls all readers out of the machine; they are there again after [`Base::plug_in`].
    ///
    /// # Errors
    /// The machine did not answer.
    pub fn unplug(&self) -> Result<(), Fault> {
        self.with_machine(Machine::unplug)
    }

    /// Readers that were pulled out are there again, with the SAM and without a card.
    pub fn plug_in(&self) {
        drop(self.machine.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Does something with the machine, which is started where it does not run yet.
    ///
    /// # Errors
    /// The machine's own.
    pub fn with_machine<T>(&self, act: impl FnOnce(&mut Machine) -> io::Result<T>) -> Result<T, Fault> {
        let mut machine = self.machine.lock().unwrap_or_else(PoisonError::into_inner);
        if machine.is_none() {
            let directory = self.directory.join("pcscd");
            std::fs::create_dir_all(&directory)?;
            let mut started = Machine::start(&self.programs, &directory, READERS)?;
            started.insert(0, Slot::Sam, &self.sam(), Mischief::None)?;
            *machine = Some(started);
        }
        match machine.as_mut() {
            Some(machine) => Ok(act(machine)?),
            None => Err(Fault::story("the machine was started just now")),
        }
    }
}
