//! The life of cards after they were issued: orders about a card in use, a desk that is open for whatever card comes,
//! and cards that leave one base and come back at another.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};

use super::card_host::Mischief;
use super::center::{ADMIN, APPROVER, CLERK, OPERATOR};
use super::{Attempt, Base, Fault, World, process};

/// The columns that every such order has.
const COLUMNS: [&str; 8] = ["reference", "base", "profile", "kind", "card", "argument", "customer", "taken_by"];

/// An order about a card that was issued.
#[derive(Debug, Clone)]
pub struct ChangeOrder {
    /// its reference
    pub reference: String,
    /// the base that it names
    pub base: String,
    /// the profile; empty where it is the card's own
    pub profile: String,
    /// its kind
    pub kind: String,
    /// the reference of the order that issued the card
    pub card: String,
    /// what the kind needs to know besides
    pub argument: String,
    /// the profile's fields that it brings
    pub fields: Vec<(String, String)>,
}

impl ChangeOrder {
    /// An order of `kind` about the card of the order `card`.
    #[must_use]
    pub fn new(kind: &str, reference: &str, card: &str) -> Self {
        let [kind, reference, card] = [kind, reference, card].map(str::to_owned);
        let [base, profile, argument] = ["harbor", "", ""].map(str::to_owned);
        Self { reference, base, profile, kind, card, argument, fields: Vec::new() }
    }

    /// The same with an argument.
    #[must_use]
    pub fn argument(self, argument: &str) -> Self {
        Self { argument: argument.to_owned(), ..self }
    }

    /// The same by a profile.
    #[must_use]
    pub fn profile(self, profile: &str) -> Self {
        Self { profile: profile.to_owned(), ..self }
    }

    /// The same at a base.
    #[must_use]
    pub fn base(self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self }
    }

    /// The same with data.
    #[must_use]
    pub fn fields(self, fields: &[(&str, &str)]) -> Self {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { fields, ..self }
    }

    /// The order as a file of its own.
    fn csv(&self) -> String {
        let Self { reference, base, profile, kind, card, argument, fields } = self;
        let common = [reference, base, profile, kind, card, argument].map(String::as_str);
        let common = common.into_iter().chain(["Example City", "counter 3"]);
        let columns = COLUMNS.into_iter().chain(fields.iter().map(|(name, _)| name.as_str()));
        let cells = common.chain(fields.iter().map(|(_, value)| value.as_str()));
        let cells = cells.map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
        format!("{}\n{}\n", columns.collect::<Vec<_>>().join(","), cells.collect::<Vec<_>>().join(","))
    }
}

impl World {
    /// Imports orders about cards, each from a file of its own, and lets another person approve them. The center is
    /// stopped for that, and serves again afterwards: only one program at a time has the keystore.
    ///
    /// # Errors
    /// What a command said.
    pub fn order_changes(&mut self, orders: &[ChangeOrder]) -> Result<(), Fault> {
        self.while_closed(|world| {
            for order in orders {
                world.enter_change(order)?;
                world.approve_change(order)?;
            }
            Ok(())
        })
    }

    /// Does something while the center does not serve.
    ///
    /// # Errors
    /// What `act` answers; the center does not serve again.
    pub fn while_closed<T>(&mut self, act: impl FnOnce(&Self) -> Result<T, Fault>) -> Result<T, Fault> {
        self.center.stop();
        let done = act(self)?;
        self.center.serve()?;
        Ok(done)
    }

    /// Imports an order about a card.
    ///
    /// # Errors
    /// What the command said.
    pub fn enter_change(&self, order: &ChangeOrder) -> Result<(), Fault> {
        let file = self.path(&format!("{}.csv", order.reference));
        std::fs::write(&file, order.csv())?;
        self.center.must(&["order", "import", &file.display().to_string(), "--as", CLERK]).map(drop)
    }

    /// Another person approves an order about a card.
    ///
    /// # Errors
    /// What the command said.
    pub fn approve_change(&self, order: &ChangeOrder) -> Result<(), Fault> {
        self.center.must(&["order", "approve", &order.reference, "--as", APPROVER]).map(drop)
    }

    /// The operator opens the desk of a base's terminal: whatever card is put in is served. With `confirms_deletion`,
    /// an old application may go before the new one comes.
    ///
    /// # Errors
    /// What the command said.
    pub fn open_desk(&self, base: usize, confirms_deletion: bool) -> Result<(), Fault> {
        let terminal = self.base(base).terminal_name();
        let mut words = vec!["ticket", "issue", "--terminal", &terminal];
        words.extend(confirms_deletion.then_some("--confirm-deletion"));
        self.center.must(&[&words[..], &["--as", OPERATOR]].concat()).map(drop)
    }

    /// An order about a card by the API, while the center serves; another person approves it the same way.
    ///
    /// # Errors
    /// What the API answered.
    pub fn order_by_api(&self, order: &ChangeOrder) -> Result<(), Fault> {
        let fields: Map<String, Value> =
            order.fields.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let ChangeOrder { reference, base, profile, kind, card, argument, .. } = order;
        let body = json!({
            "reference": reference, "base": base, "profile": profile, "kind": kind, "card": card, "argument": argument,
            "customer": "Example City", "taken_by": "portal", "fields": fields,
        });
        self.center.api(CLERK, "/api/v1/orders", &body.to_string())?;
        self.center.api(APPROVER, &format!("/api/v1/orders/{reference}/approve"), "").map(drop)
    }

    /// A program comes as a CAP file from the virtual card's maker, is imported by one person and approved by another.
    ///
    /// # Errors
    /// What a command said.
    pub fn add_program(&self, program: &str, version: u8) -> Result<(), Fault> {
        let (name, version) = (format!("{program}-{version}"), version.to_string());
        let cap = self.path(&format!("{name}.cap"));
        let mut make = Command::new(self.programs.card());
        make.args(["cap", "--program", program, "--version", &version]).arg(&cap);
        let said = process::run(&mut make, &self.path("log/commands.log"))?;
        if said.exit != 0 {
            return Err(Fault::command(&make, &said));
        }
        self.center.must(&["program", "import", &cap.display().to_string(), "--name", &name, "--as", ADMIN])?;
        self.center.must(&["program", "approve", &name, "--as", APPROVER]).map(drop)
    }

    /// A card leaves the base where it was: its state goes to another place. Gives where it is now.
    ///
    /// # Errors
    /// The file could not be moved.
    pub fn carry_away(&self, card: &Path, name: &str) -> Result<PathBuf, Fault> {
        let pocket = self.path("pockets");
        std::fs::create_dir_all(&pocket)?;
        let carried = pocket.join(format!("{name}.json"));
        std::fs::rename(card, &carried)?;
        Ok(carried)
    }
}

impl Base {
    /// Lets the terminal, whose desk is open, serve one card: puts it in when the terminal asks for one.
    ///
    /// # Errors
    /// As [`Base::issue`].
    pub fn serve(&self, card: &Path) -> Result<Attempt, Fault> {
        self.serve_with(card, Mischief::None, &mut |_| Ok(()))
    }

    /// The same with something that happens to what passes, and somebody who is told every event.
    ///
    /// # Errors
    /// As [`Base::issue`]; what `watch` answers.
    pub fn serve_with(
        &self,
        card: &Path,
        mischief: Mischief,
        watch: &mut dyn FnMut(&Value) -> Result<(), Fault>,
    ) -> Result<Attempt, Fault> {
        self.remove_card()?;
        let mut terminal = self.start_terminal(None, &["issue", "--wait", "20", "--reader", &self.reader_name()])?;
        self.attend(&mut terminal, card, mischief, watch)
    }
}

impl Attempt {
    /// What the center had the operator told meanwhile, each with its code.
    #[must_use]
    pub fn notices(&self) -> Vec<String> {
        let notices = self.events.iter().filter(|event| event["event"] == "notice");
        let text = |event: &Value, key: &str| event[key].as_str().unwrap_or_default().to_owned();
        notices
            .map(|event| format!("{}: {} {}", text(event, "code"), text(event, "happened"), text(event, "next")))
            .collect()
    }

    /// How many changes were carried out.
    #[must_use]
    pub fn changes(&self) -> usize {
        self.events.iter().filter(|event| event["outcome"] == "issued").count()
    }
}
