//! `program`: the programs that cards are loaded with.

use std::path::{Path, PathBuf};

use cardwright_globalplatform::cap::{CapFile, LONGEST_FILE};
use cardwright_issuing_center::calendar::utc;
use cardwright_issuing_center::refused::Refused;
use cardwright_issuing_center::registry::person::Role;
use cardwright_issuing_center::registry::program::{self, NewProgram};
use cardwright_issuing_center::registry::told;
use cardwright_issuing_center::store::{Program, Store, StoreError};
use cardwright_relay::Code;
use clap::Subcommand;
use serde_json::{Value, json};

use crate::acting::Acting;
use crate::context::{Context, read_file};
use crate::failure::Failure;
use crate::report::Report;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Read a CAP file and say what it holds, without a center: for comparing it with one that was imported
    Check {
        /// The file
        file: PathBuf,
    },
    /// Import a CAP file; another person approves it then
    Import {
        /// The file
        file: PathBuf,
        /// What people will call it
        #[arg(long)]
        name: String,
        /// Bytes of non-volatile memory that a card must have free for it; without it, as many as are loaded
        #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..))]
        memory: Option<u32>,
        #[command(flatten)]
        acting: Acting,
    },
    /// Approve a program, as another person than who imported it: it may go to cards then
    Approve {
        /// Its name
        name: String,
        #[command(flatten)]
        acting: Acting,
    },
    /// Take a program back that nobody has approved
    Withdraw {
        /// Its name
        name: String,
        #[command(flatten)]
        acting: Acting,
    },
    /// List the programs
    List,
    /// Show one program
    Show {
        /// Its name
        name: String,
    },
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<Report, Failure> {
        match self {
            Self::Check { file } => check(&file),
            Self::Import { file, name, memory, acting } => import(context, &file, &name, memory, &acting).await,
            Self::Approve { name, acting } => approve(context, &name, &acting).await,
            Self::Withdraw { name, acting } => withdraw(context, &name, &acting).await,
            Self::List => list(context).await,
            Self::Show { name } => show(context, &name).await,
        }
    }
}

fn check(file: &Path) -> Result<Report, Failure> {
    let name = file.display().to_string();
    let bytes = read_file(file, LONGEST_FILE)?;
    let cap = CapFile::read(&bytes)
        .map_err(|fault| Failure::Refused(Refused::with(Code::PROGRAM_REFUSED, [name, fault.to_string()])))?;
    let modules: Vec<_> = cap.modules().iter().map(ToString::to_string).collect();
    let (hash, length) = (hex::encode(cap.hash()), cap.load_file_data_block().len());
    let mut lines = vec![format!("Load file {}, version {}, {length} bytes.", cap.package(), cap.version())];
    lines.extend(cap.package_name().map(|package| format!("  package {package}")));
    lines.extend(modules.iter().map(|module| format!("  module {module}")));
    lines.push(format!("  SHA-256 {hash}"));
    let value = json!({
        "load_file": cap.package().to_string(),
        "version": cap.version().to_string(),
        "package": cap.package_name(),
        "modules": modules,
        "bytes": length,
        "sha256": hash,
    });
    Ok(Report::new(lines.join("\n"), value))
}

async fn import(
    context: &Context,
    file: &Path,
    name: &str,
    memory: Option<u32>,
    acting: &Acting,
) -> Result<Report, Failure> {
    let bytes = read_file(file, LONGEST_FILE)?;
    let store = context.store().await?;
    let person = acting.person(context, &*store, Role::Admin).await?;
    let imported = program::import(&*store, context.now(), &person, NewProgram { name, file: &bytes, memory }).await;
    let program = told(&*store, context.now(), &person, imported).await?;
    let next = if program.is_approved() { "approved already" } else { "another person approves it now" };
    let hash = hex::encode(program.hash);
    let text = format!("Program {name} is here as {} (SHA-256 {hash}); {next}.", program.load_file);
    Ok(Report::new(text, value(&*store, &program).await?))
}

async fn approve(context: &Context, name: &str, acting: &Acting) -> Result<Report, Failure> {
    let store = context.store().await?;
    let person = acting.one_of(context, &*store, &[Role::Approver, Role::Admin]).await?;
    let approved = program::approve(&*store, context.now(), &person, name).await;
    let program = told(&*store, context.now(), &person, approved).await?;
    let text = format!("Program {name} is approved; cards may be loaded with {}.", program.load_file);
    Ok(Report::new(text, value(&*store, &program).await?))
}

async fn withdraw(context: &Context, name: &str, acting: &Acting) -> Result<Report, Failure> {
    let store = context.store().await?;
    let person = acting.person(context, &*store, Role::Admin).await?;
    let withdrawn = program::withdraw(&*store, context.now(), &person, name).await;
    let program = told(&*store, context.now(), &person, withdrawn).await?;
    let load_file = program.load_file.to_string();
    Ok(Report::new(format!("Program {name} is withdrawn."), json!({ "program": name, "load_file": load_file })))
}

async fn list(context: &Context) -> Result<Report, Failure> {
    let store = context.store().await?;
    let (mut lines, mut values) = (Vec::new(), Vec::new());
    for program in store.programs().await? {
        lines.push(line(&program));
        values.push(value(&*store, &program).await?);
    }
    Ok(Report::new(lines.join("\n"), json!({ "programs": values })))
}

async fn show(context: &Context, name: &str) -> Result<Report, Failure> {
    let store = context.store().await?;
    let program = program::named(&*store, name).await?;
    let value = value(&*store, &program).await?;
    let by = |what: &str| {
        let (who, when) = (value[format!("{what}_by")].as_str()?, value[what].as_str()?);
        Some(format!("  {what} by {who}, {when}"))
    };
    let mut lines = vec![line(&program)];
    lines.extend(program.modules.iter().map(|module| format!("  module {module}")));
    lines.push(format!("  SHA-256 {}", hex::encode(program.hash)));
    lines.push(format!("  {} bytes are loaded, a card needs {} free", program.block.len(), program.memory));
    lines.extend([by("imported"), by("approved")].into_iter().flatten());
    Ok(Report::new(lines.join("\n"), value))
}

fn line(program: &Program) -> String {
    let Program { name, load_file, version, .. } = program;
    let state = if program.is_approved() { "approved" } else { "waits for approval" };
    format!("{name}  {load_file}  {version}  {state}")
}

async fn value<S: Store>(store: &S, program: &Program) -> Result<Value, StoreError> {
    let approval = program.approval;
    let approved_by = match approval {
        Some(approval) => Some(person(store, approval.by).await?),
        None => None,
    };
    Ok(json!({
        "program": program.name,
        "load_file": program.load_file.to_string(),
        "version": program.version.to_string(),
        "modules": program.modules.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "bytes": program.block.len(),
        "memory": program.memory,
        "sha256": hex::encode(program.hash),
        "imported_by": person(store, program.imported_by).await?,
        "imported": utc(program.imported),
        "approved_by": approved_by,
        "approved": approval.map(|approval| utc(approval.at)),
    }))
}

async fn person<S: Store>(store: &S, id: cardwright_issuance::Id) -> Result<String, StoreError> {
    let found = store.person_by_id(id).await?;
    Ok(found.map_or_else(|| hex::encode(*id), |person| person.name))
}
