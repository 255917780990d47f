//! How a center comes to be: everything its people type until cards can be issued, command by command.

use std::path::Path;
use std::process::Command;

use super::base::Base;
use super::center::{ADMIN, APPROVER, CLERK, IssuingCenter, OPERATOR};
use super::machine::{Slot, slot_name};
use super::process;
use super::programs::Programs;
use super::{Fault, Plan};

/// The center is set up, and its people are known.
pub(super) fn people(center: &IssuingCenter) -> Result<(), Fault> {
    center.must(&["init", "--admin", ADMIN])?;
    for (person, role) in [(CLERK, "order-entry"), (APPROVER, "approver"), (OPERATOR, "operator")] {
        center.must(&["person", "add", person, "--role", role, "--as", ADMIN])?;
    }
    Ok(())
}

/// What is put on which cards, and the blank cards: made, shipped, and imported.
pub(super) fn stock(center: &IssuingCenter, programs: &Programs, directory: &Path, plan: &Plan) -> Result<(), Fault> {
    for profile in &plan.profiles {
        center.must(&["profile", "import", &text(profile), "--as", ADMIN])?;
    }
    for product in &plan.products {
        center.must(&["product", "import", &text(product), "--as", ADMIN])?;
        let name = product.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let shipment = directory.join("cards").join(&name);
        make_cards(programs, directory, product, plan.cards, &shipment)?;
        let (key, file) = (text(&shipment.join("batch-key.toml")), text(&shipment.join("shipment.csv")));
        center.must(&["key", "import", &name, "--file", &key, "--as", ADMIN])?;
        center.must(&["stock", "import", &file, "--key", &name, "--as", ADMIN])?;
    }
    Ok(())
}

/// Blank cards in a directory, with their shipment file and batch key.
pub(super) fn make_cards(
    programs: &Programs,
    directory: &Path,
    product: &Path,
    count: u32,
    out: &Path,
) -> Result<(), Fault> {
    let mut command = Command::new(programs.card());
    command.arg("make").arg("--product").arg(product).args(["--count", &count.to_string()]).arg("--out").arg(out);
    must(&mut command, directory)
}

/// A SAM for a reader of this name.
pub(super) fn make_sam(programs: &Programs, directory: &Path, name: &str, out: &Path) -> Result<(), Fault> {
    let product = super::programs::source().join("products/scp03-i70.toml");
    let mut command = Command::new(programs.card());
    command.arg("make-sam").arg("--product").arg(product).args(["--name", name]).arg("--out").arg(out);
    must(&mut command, directory)
}

/// The base is known, and its reader with the public key of its SAM. Gives the code by which its terminal enrols.
pub(super) fn base(
    center: &IssuingCenter,
    programs: &Programs,
    directory: &Path,
    base: &Base,
) -> Result<String, Fault> {
    center.must(&["base", "add", &base.name, "--reader-tier", "2", "--as", ADMIN])?;
    make_sam(programs, directory, &base.reader_name(), &base.sam())?;
    let key = text(&base.sam().with_extension("public-key.pem"));
    let (card_slot, sam_slot) = (slot_name(0, Slot::Card), slot_name(0, Slot::Sam));
    let reader = ["reader", "enrol", &base.reader_name(), "--base", &base.name, "--tier", "2"].map(str::to_owned);
    let slots = ["--card-slot", &card_slot, "--sam-slot", &sam_slot, "--sam-key", &key, "--as", ADMIN];
    let words: Vec<&str> = reader.iter().map(String::as_str).chain(slots).collect();
    center.must(&words)?;
    let enrol = ["--json", "terminal", "enrol", &base.terminal_name(), "--base", &base.name, "--as", ADMIN];
    let said = center.must(&enrol)?;
    let code = said.events().first().and_then(|event| event["code"].as_str().map(str::to_owned));
    code.ok_or_else(|| Fault::story(format!("no code by which a terminal enrols: {}", said.text())))
}

/// The terminal of the base gets its identity.
pub(super) fn terminal(center: &IssuingCenter, base: &Base, code: &str) -> Result<(), Fault> {
    let address = format!("https://{}", center.address()?);
    let said = base.terminal(&["enrol", "--center", &address, "--code", code])?;
    if said.exit == 0 { Ok(()) } else { Err(Fault::story(format!("the terminal did not enrol: {}", said.text()))) }
}

fn must(command: &mut Command, directory: &Path) -> Result<(), Fault> {
    let said = process::run(command, &directory.join("log/commands.log"))?;
    if said.exit == 0 { Ok(()) } else { Err(Fault::command(command, &said)) }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}
