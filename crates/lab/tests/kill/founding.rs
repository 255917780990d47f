//! How the center comes to be, command by command; each command may die before, within and after its commit, and is
//! then typed again.

use std::path::{Path, PathBuf};
use std::process::Command;

use cardwright_lab::world::NewOrder;
use cardwright_lab::world::order;
use cardwright_lab::world::programs::source;
use cardwright_terminal::enrolment;

use crate::cap_builder::Cap;
use crate::card::HeldCard;
use crate::program::programs;
use crate::world::{Again, World};

/// A card product whose challenges are random, so that an issuance has as many commits as there can be.
pub(crate) const PRODUCT: &str = "scp03-i60";
pub(crate) const ADMIN: &str = "Mori";
pub(crate) const PEOPLE: [(&str, &str); 3] = [("Ines", "order-entry"), ("Otto", "approver"), ("Kim", "operator")];
/// The terminal that works, and one whose enrolment goes wrong.
pub(crate) const TERMINAL: &str = "north-counter";
pub(crate) const SPARE: &str = "north-spare";
/// The reader that works.
pub(crate) const READER: &str = "north-reader";
/// An order that is rejected.
const REJECTED: &str = "R-rejected";

/// The AES key that every manual prints, and its check value.
const PUBLISHED_KEY: &str = "404142434445464748494A4B4C4D4E4F";
const PUBLISHED_CHECK_VALUE: &str = "504A77";

impl World {
    /// Sets the center up, until cards can be issued but for the terminal.
    pub(crate) fn found(&mut self) {
        self.step(&["person"], &["init", "--admin", ADMIN], Again::Refused("CW-1017"));
        for (index, (person, role)) in PEOPLE.iter().enumerate() {
            let kinds: &[&str] = if index == 0 { &["person"] } else { &[] };
            self.step(kinds, &["person", "add", person, "--role", role, "--as", ADMIN], Again::Refused("CW-1010"));
        }
        let base = ["base", "add", "north", "--reader-tier", "0", "--as", ADMIN];
        self.step(&["base"], &base, Again::Refused("CW-1010"));
        let (product, profile) = (file(&format!("products/{PRODUCT}.toml")), file("profiles/identity.toml"));
        self.step(&["profile"], &["profile", "import", &profile, "--as", ADMIN], Again::Done);
        self.step(&["product"], &["product", "import", &product, "--as", ADMIN], Again::Done);
        for (reader, kinds) in [(READER, &["reader"][..]), ("north-drawer", &[])] {
            let words = ["reader", "enrol", reader, "--base", "north", "--tier", "0", "--card-slot", reader];
            self.step(kinds, &[&words[..], &["--as", ADMIN]].concat(), Again::Refused("CW-1010"));
        }
    }

    /// Keys and blank cards.
    pub(crate) fn stock(&mut self, count: usize) {
        let published = self.path("published-key");
        std::fs::write(&published, PUBLISHED_KEY).unwrap();
        let (published, kcv) = (published.display().to_string(), PUBLISHED_CHECK_VALUE);
        let import = ["key", "import", "test-kit", "--file", &published, "--kind", "aes128", "--kcv", kcv];
        let words = [&import[..], &["--allow-published", "--as", ADMIN]].concat();
        self.step(&["setting"], &words, Again::Done);
        let shipment = self.path("shipment");
        make_cards(&shipment, count);
        self.cards =
            (1..=count).map(|number| HeldCard::read(&shipment.join(format!("card-{number:04}.json")))).collect();
        let file = |name: &str| shipment.join(name).display().to_string();
        let key = ["key", "import", PRODUCT, "--file", &file("batch-key.toml"), "--as", ADMIN];
        self.step(&["entries"], &key, Again::Done);
        let stock = ["stock", "import", &file("shipment.csv"), "--key", PRODUCT, "--as", ADMIN];
        self.step(&["stock"], &stock, Again::Refused("CW-1015"));
    }

    /// An EMV issuer, an authority of PIV cards, and a card's key made ahead.
    pub(crate) fn certify(&mut self) {
        let size = ["--bits", "1024", "--exponent", "3", "--as", ADMIN];
        let root = [&["issuer-ca", "root", "--index", "01", "--expires", "2045-12"][..], &size].concat();
        self.step(&["certification-key"], &root, Again::Refused("CW-1010"));
        let issuer = [&["issuer-ca", "key", "issuer", "--identifier", "620000"][..], &size].concat();
        self.step(&["emv-issuer"], &issuer, Again::Refused("CW-1010"));
        let sign = ["issuer-ca", "sign", "issuer", "--root", "F0454D5601/01", "--expires", "2044-12", "--as", ADMIN];
        self.step(&["issuer-certificate"], &sign, Again::Done);
        let authority = ["piv-ca", "make", "staff", "--subject", "CN=Staff", "--as", ADMIN];
        self.step(&["piv-authority"], &authority, Again::Refused("CW-1010"));
        let chain = self.path("staff.pem").display().to_string();
        self.step(&[], &["piv-ca", "export", "staff", "--out", &chain], Again::Done);
        self.step(&["piv-certified"], &["piv-ca", "import", "staff", "--file", &chain, "--as", ADMIN], Again::Done);
        let fill = ["pool", "fill", "--bits", "512", "--exponent", "3", "--count", "1", "--as", ADMIN];
        self.step(&["pool-key"], &fill, Again::Done);
    }

    /// A program that no card has room for, and one that is taken back.
    pub(crate) fn take_programs(&mut self) {
        for (name, package) in [("wallet", "F0434152445749449A"), ("purse", "F0434152445749449B")] {
            let file = self.path(&format!("{name}.cap"));
            std::fs::write(&file, Cap::small(package, 0, &[7; 65_000]).bytes()).unwrap();
            let kinds: &[&str] = if name == "wallet" { &["program"] } else { &[] };
            let import = ["program", "import", &file.display().to_string(), "--name", name, "--as", ADMIN];
            self.step(kinds, &import, Again::Done);
        }
        let approve = ["program", "approve", "wallet", "--as", "Otto"];
        self.step(&["program-approved"], &approve, Again::Refused("CW-1033"));
        let withdraw = ["program", "withdraw", "purse", "--as", ADMIN];
        self.step(&["program-withdrawn"], &withdraw, Again::Refused("CW-1031"));
    }

    /// `count` orders, approved and released to the terminal, and one that is rejected.
    pub(crate) fn take_orders(&mut self, count: usize) {
        let new = |number: usize| {
            let (reference, card) = (format!("R-{number:02}"), format!("62000012345678{number:02}"));
            NewOrder::new(&reference, "north", "Ada Example", &card, "4711")
        };
        let mut orders: Vec<_> = (0..count).map(new).collect();
        self.orders = orders.iter().map(|order| order.reference.clone()).collect();
        orders.push(NewOrder { reference: REJECTED.to_owned(), ..new(99) });
        let file = order::write(&self.path("orders"), &orders).unwrap()[0].display().to_string();
        let import = ["order", "import", &file, "--as", "Ines"];
        self.step(&["destruction-key", "order"], &import, Again::Refused("CW-4006"));
        self.step(&["rows"], &["order", "reject", REJECTED, "--as", "Otto"], Again::Refused("CW-4014"));
        let references = self.orders.clone();
        let approve = [&["order", "approve", "--as", "Otto"][..], &texts(&references)].concat();
        self.step(&["approved"], &approve, Again::Refused("CW-4016"));
        let again = ["order", "prepare", &references[0], "--as", "Otto"];
        self.step(&["prepared-again"], &again, Again::Done);
    }

    /// A ticket for every order; the first is typed again and again.
    pub(crate) fn release(&mut self) {
        for (index, order) in self.orders.clone().iter().enumerate() {
            let kinds: &[&str] = if index == 0 { &["ticket"] } else { &[] };
            let words = ["ticket", "issue", "--order", order, "--terminal", TERMINAL, "--as", "Kim"];
            self.step(kinds, &words, Again::Done);
        }
        self.step(&[], &["ticket", "issue", "--terminal", TERMINAL, "--as", "Kim"], Again::Done);
        let close = ["ticket", "cancel", "--terminal", TERMINAL, "--as", "Kim"];
        self.step(&["ticket-ended"], &close, Again::Refused("CW-5019"));
    }

    /// Enrols the terminal that works. Before it another one, whose code is used up by an enrolment that dies: it gets
    /// in by a new code alone.
    pub(crate) fn enrol_terminals(&mut self) {
        let enrol = |name| ["terminal", "enrol", name, "--base", "north", "--as", ADMIN];
        let code = self.step(&["enrolment-code"], &enrol(SPARE), Again::Done);
        let state = self.path(SPARE);
        for name in ["before", "within", "after"].map(|place| format!("{place}-enrolment-code-used")) {
            self.center.serve(Some(&name));
            let refused = self.post_enrolment(&state, &code).expect_err("the center is gone");
            assert_eq!(refused, "CW-5004", "{name}");
            self.must_have_died(&name);
        }
        self.center.serve(None);
        assert_eq!(self.post_enrolment(&state, &code), Err("CW-2005".to_owned()), "a code is taken once");
        for (name, state) in [(SPARE, state), (TERMINAL, self.path(TERMINAL))] {
            let code = self.step(&[], &enrol(name), Again::Done);
            assert_eq!(self.post_enrolment(&state, &code), Ok(()));
        }
    }

    /// Posts ENROL once; the code of what went wrong.
    fn post_enrolment(&self, state: &Path, answer: &serde_json::Value) -> Result<(), String> {
        let code = answer["code"].as_str().unwrap().parse().unwrap();
        let posted = self.runtime.block_on(enrolment::enrol(state, &self.center.address(), &code, false));
        posted.map(drop).map_err(|failure| failure.refusal().code.to_string())
    }

    /// What was let in is sent away again.
    pub(crate) fn revoke(&mut self) {
        let terminal = ["terminal", "revoke", SPARE, "--as", ADMIN];
        self.step(&["terminal-revoked"], &terminal, Again::Refused("CW-2001"));
        let reader = ["reader", "revoke", "north-drawer", "--as", ADMIN];
        self.step(&["reader-revoked"], &reader, Again::Refused("CW-2006"));
    }
}

fn make_cards(out: &Path, count: usize) {
    let mut command = Command::new(&programs().card);
    command.arg("make").arg("--product").arg(file(&format!("products/{PRODUCT}.toml")));
    command.arg("--count").arg(count.to_string()).arg("--out").arg(out);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A file of the project, by its path from the root.
pub(crate) fn file(name: &str) -> String {
    let path: PathBuf = source().join(name);
    path.display().to_string()
}

fn texts(owned: &[String]) -> Vec<&str> {
    owned.iter().map(String::as_str).collect()
}
