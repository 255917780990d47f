//! A whole issuing world from the real programs, in a temporary directory: a center that serves, bases with their
//! terminals, readers and SAMs, blank cards in stock, people who answer for what they type.
//!
//! Nothing is reached around: everything is done by the command lines that users type, over real TLS and real PC/SC.
//! Whatever a world has started ends with it, also in a panic.

mod base;
pub mod card_host;
mod center;
mod change;
mod desk;
mod founding;
pub mod issuers;
mod line;
mod machine;
pub mod order;
mod photo;
pub mod process;
pub mod programs;

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

pub use base::Base;
use cardwright_virtual_card::CardState;
pub use center::{ADMIN, APPROVER, CLERK, IssuingCenter, OPERATOR, PASSPHRASE, secret_of};
pub use change::ChangeOrder;
pub use desk::Attempt;
pub use line::{Line, Passed};
pub use machine::{Machine, Slot, slot_name};
pub use order::NewOrder;
pub use photo::{portrait, portrait_jpeg};
use process::Said;
use programs::{Programs, source};
use tempfile::TempDir;

/// Why a world did not do what it was told.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// files, programs, the machine
    #[error("{0}")]
    Machine(#[from] io::Error),
    /// a command that had to succeed did not
    #[error("`{command}` ended with {exit}:\n{said}")]
    Command {
        /// as it was typed
        command: String,
        /// its exit code
        exit: i32,
        /// what it said
        said: String,
    },
    /// something did not go as it had to
    #[error("{0}")]
    Story(String),
}

impl Fault {
    /// Something did not go as it had to.
    #[must_use]
    pub fn story(text: impl Into<String>) -> Self {
        Self::Story(text.into())
    }

    fn command(command: &Command, said: &Said) -> Self {
        Self::Command { command: process::shown(command), exit: said.exit, said: said.text() }
    }
}

/// What a world is to have.
#[derive(Debug, Clone)]
pub struct Plan {
    /// the names of its bases
    pub bases: Vec<&'static str>,
    /// the files of its card products
    pub products: Vec<PathBuf>,
    /// the files of its profiles
    pub profiles: Vec<PathBuf>,
    /// blank cards of each product
    pub cards: u32,
    /// orders that are imported and approved before the center serves
    pub orders: Vec<NewOrder>,
    /// the URL of a database instead of a SQLite file
    pub database: Option<String>,
    /// whether the center is an issuer of payment cards and employees' cards too
    pub issuers: bool,
    /// RSA keys that are made ahead: bits, exponent and how many
    pub pool: Vec<(&'static str, &'static str, usize)>,
}

impl Default for Plan {
    /// Two bases, the everyday card, the identity profile, four blanks, no order.
    fn default() -> Self {
        Self {
            bases: vec!["harbor", "station"],
            products: vec![source().join("products/scp03-i70.toml")],
            profiles: vec![source().join("profiles/identity.toml")],
            cards: 4,
            orders: Vec::new(),
            database: None,
            issuers: false,
            pool: Vec::new(),
        }
    }
}

/// A world that runs. The fields are dropped in this order: terminals' machines, the center, the directory.
pub struct World {
    bases: Vec<Base>,
    /// the center
    pub center: IssuingCenter,
    plan: Plan,
    programs: Programs,
    directory: TempDir,
}

impl World {
    /// The world of [`Plan::default`].
    ///
    /// # Errors
    /// What did not work, in a sentence.
    pub fn start() -> Result<Self, Fault> {
        Self::of(Plan::default())
    }

    /// Founds a world, lets its center serve and its terminals enrol.
    ///
    /// # Errors
    /// What did not work, in a sentence.
    pub fn of(plan: Plan) -> Result<Self, Fault> {
        let mut world = Self::empty(plan)?;
        world.found()?;
        let codes = world.register_bases()?;
        let orders = world.plan.orders.clone();
        world.enter_orders(&orders)?;
        world.approve_orders(&orders)?;
        world.center.serve()?;
        world.enrol_terminals(&codes)?;
        Ok(world)
    }

    /// A world in which nothing has happened yet.
    ///
    /// # Errors
    /// Programs are missing, or there is no room.
    pub fn empty(plan: Plan) -> Result<Self, Fault> {
        let programs = Programs::find()?;
        // short, because the name of a socket is: 107 bytes
        let directory = tempfile::Builder::new().prefix("cardwright-world.").tempdir()?;
        std::fs::create_dir(directory.path().join("log"))?;
        let bases = plan.bases.iter().map(|name| Base::new(&programs, directory.path(), name));
        let bases = bases.collect::<Result<_, _>>()?;
        let center = IssuingCenter::new(&programs, directory.path(), plan.database.clone());
        Ok(Self { bases, center, plan, programs, directory })
    }

    /// Sets the center up: people, profiles, card products, stock.
    ///
    /// # Errors
    /// What a command said.
    pub fn found(&mut self) -> Result<(), Fault> {
        founding::people(&self.center)?;
        if self.plan.issuers {
            self.found_issuers()?;
        }
        self.plan.pool.iter().try_for_each(|(bits, exponent, count)| self.fill_pool(bits, exponent, *count))?;
        founding::stock(&self.center, &self.programs, self.directory.path(), &self.plan)
    }

    /// Makes bases and their readers known; gives the code by which each base's terminal enrols.
    ///
    /// # Errors
    /// What a command said.
    pub fn register_bases(&self) -> Result<Vec<String>, Fault> {
        let directory = self.directory.path();
        self.bases.iter().map(|base| founding::base(&self.center, &self.programs, directory, base)).collect()
    }

    /// Enrols the terminals with their codes.
    ///
    /// # Errors
    /// What a terminal said.
    pub fn enrol_terminals(&self, codes: &[String]) -> Result<(), Fault> {
        self.bases.iter().zip(codes).try_for_each(|(base, code)| founding::terminal(&self.center, base, code))
    }

    /// Writes orders into CSV files and imports them, by the one who enters orders. The center must not serve: only one
    /// program at a time has the keystore.
    ///
    /// # Errors
    /// What the command said.
    pub fn enter_orders(&self, orders: &[NewOrder]) -> Result<(), Fault> {
        if orders.is_empty() {
            return Ok(());
        }
        let photos = self.path("orders");
        for file in order::write(&photos, orders)? {
            let (file, photos) = (file.display().to_string(), photos.display().to_string());
            self.center.must(&["order", "import", &file, "--photos", &photos, "--as", CLERK])?;
        }
        Ok(())
    }

    /// Approves orders, by another person.
    ///
    /// # Errors
    /// What the command said.
    pub fn approve_orders(&self, orders: &[NewOrder]) -> Result<(), Fault> {
        if orders.is_empty() {
            return Ok(());
        }
        let references = orders.iter().map(|order| order.reference.as_str());
        let words: Vec<&str> = ["order", "approve", "--as", APPROVER].into_iter().chain(references).collect();
        self.center.must(&words).map(drop)
    }

    /// The operator releases an order to a base's terminal.
    ///
    /// # Errors
    /// What the command said.
    pub fn release(&self, order: &str, base: usize) -> Result<(), Fault> {
        let terminal = self.base(base).terminal_name();
        self.center.must(&["ticket", "issue", "--order", order, "--terminal", &terminal, "--as", OPERATOR]).map(drop)
    }

    /// The state of an order, as the center shows it.
    ///
    /// # Errors
    /// What the command said.
    pub fn order_state(&self, reference: &str) -> Result<String, Fault> {
        self.center.shown(&["order", "show", reference], "state")
    }

    /// The state of a card, as the center shows it.
    ///
    /// # Errors
    /// What the command said; the card's state file cannot be read.
    pub fn card_state(&self, card: &Path) -> Result<String, Fault> {
        let identity = read_card(card)?.identity;
        self.center.shown(&["card", "show", &hex::encode_upper(identity.key_diversification_data)], "state")
    }

    /// The center, to be ended and started, and a base beside it.
    ///
    /// # Panics
    /// The plan has no such base.
    pub fn parts(&mut self, number: usize) -> (&mut IssuingCenter, &Base) {
        (&mut self.center, &self.bases[number])
    }

    /// The base of this number.
    ///
    /// # Panics
    /// The plan has no such base.
    #[must_use]
    pub fn base(&self, number: usize) -> &Base {
        &self.bases[number]
    }

    /// The state file of blank `number` (from 0) of the plan's first card product.
    #[must_use]
    pub fn card(&self, number: u32) -> PathBuf {
        let product = self.plan.products.first().and_then(|product| product.file_stem()).unwrap_or_default();
        self.path("cards").join(product).join(format!("card-{:04}.json", number + 1))
    }

    /// A path in the world's directory.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Makes blank cards that the center knows nothing of; gives the state file of the first.
    ///
    /// # Errors
    /// What the command said.
    pub fn make_stray_cards(&self, product: &Path, count: u32, name: &str) -> Result<PathBuf, Fault> {
        let out = self.path("cards").join(name);
        founding::make_cards(&self.programs, self.directory.path(), product, count, &out)?;
        Ok(out.join("card-0001.json"))
    }

    /// Makes a SAM that no center knows, under a name of one's choice; gives its state file.
    ///
    /// # Errors
    /// What the command said.
    pub fn make_stray_sam(&self, name: &str) -> Result<PathBuf, Fault> {
        let out = self.path(&format!("stray-sam-{name}.json"));
        founding::make_sam(&self.programs, self.directory.path(), name, &out)?;
        Ok(out)
    }

    /// The commands that a card has got and its answers, in hexadecimal, oldest first.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn dialogue(&self, card: &Path) -> Result<Vec<(String, String)>, Fault> {
        let path = card_host::dialogue(card);
        let text = if path.exists() { std::fs::read_to_string(path)? } else { String::new() };
        let mut exchanges: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            match (line.strip_prefix("> "), line.strip_prefix("< "), exchanges.last_mut()) {
                (Some(command), ..) => exchanges.push((command.to_owned(), String::new())),
                (_, Some(answer), Some(last)) => answer.clone_into(&mut last.1),
                _ => {}
            }
        }
        Ok(exchanges)
    }

    /// Whatever is in the world's directory is kept, and where it is is told: for whoever wants to look.
    #[must_use]
    pub fn keep(&mut self) -> PathBuf {
        self.directory.disable_cleanup(true);
        self.directory.path().to_owned()
    }
}

/// What a virtual card holds.
///
/// # Errors
/// The state file cannot be read.
pub fn read_card(path: &Path) -> Result<CardState, Fault> {
    CardState::from_json(&std::fs::read(path)?).map_err(|error| Fault::story(format!("{}: {error}", path.display())))
}
