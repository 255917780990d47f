//! Programs that cards are loaded with: imported by one person as a CAP file, approved by another.
//!
//! A load file's AID stands for one content for good: a card's registry shows the AID and no hash, so that a changed
//! program under a known AID could never be told from the known one. It needs a package AID of its own.

use cardwright_apdu::Aid;
use cardwright_globalplatform::cap::CapFile;
use cardwright_issuance::entry::Event;
use cardwright_relay::Code;

use super::{checked_name, registered};
use crate::refused::Refused;
use crate::store::{Commit, Person, Program, ProgramApproval, Registration, Store, StoreError};

/// What the log calls the approval of a program.
pub const APPROVAL: &str = "program approval";

/// A CAP file on its way in.
#[derive(Debug, Clone, Copy)]
pub struct NewProgram<'a> {
    /// what people will call it
    pub name: &'a str,
    /// the CAP file
    pub file: &'a [u8],
    /// bytes of non-volatile memory that a card must have free for it; none for the length of what is loaded
    pub memory: Option<u32>,
}

/// Imports a CAP file. The same file with the same name and memory again changes nothing.
///
/// # Errors
/// `NAME_REFUSED`, `NAME_TAKEN`; `PROGRAM_REFUSED` with what is wrong with the file, and where its load file's AID is
/// here with another content; the store's own.
pub async fn import<S: Store>(store: &S, now: i64, person: &Person, new: NewProgram<'_>) -> Result<Program, Refused> {
    checked_name(new.name)?;
    let program = read(now, person, new)?;
    if let Some(known) = store.program(program.load_file).await? {
        return same(&program, known);
    }
    if store.programs().await?.iter().any(|known| known.name == program.name) {
        return Err(Refused::with(Code::NAME_TAKEN, [new.name]));
    }
    let entries = vec![registered(now, person, "program", &told(&program))];
    let registrations = vec![Registration::Program(program.clone())];
    commit(store, Commit { registrations, entries, ..Commit::default() }).await?;
    Ok(program)
}

/// Approves a program, as another person than who imported it. It may go to cards then, and stays as it is for good.
///
/// # Errors
/// `PROGRAM_UNKNOWN`, `SAME_PERSON`, `PROGRAM_APPROVED`; `CHANGED_MEANWHILE`; the store's own.
pub async fn approve<S: Store>(store: &S, now: i64, person: &Person, name: &str) -> Result<Program, Refused> {
    let program = waiting(store, name).await?;
    if program.imported_by == person.id {
        return Err(Refused::with(Code::SAME_PERSON, [person.name.as_str()]));
    }
    let approval = ProgramApproval { by: person.id, at: now };
    let entries = vec![registered(now, person, APPROVAL, &told(&program))];
    let registrations = vec![Registration::ApproveProgram(program.load_file, approval)];
    commit(store, Commit { registrations, entries, ..Commit::default() }).await?;
    Ok(Program { approval: Some(approval), ..program })
}

/// Takes a program back that nobody has approved: its name and its AID are free again.
///
/// # Errors
/// `PROGRAM_UNKNOWN`, `PROGRAM_APPROVED`; `CHANGED_MEANWHILE`; the store's own.
pub async fn withdraw<S: Store>(store: &S, now: i64, person: &Person, name: &str) -> Result<Program, Refused> {
    let program = waiting(store, name).await?;
    let mut entry = registered(now, person, "program", &told(&program));
    if let Event::Registered { present, .. } = &mut entry.event {
        *present = false;
    }
    let registrations = vec![Registration::WithdrawProgram(program.load_file)];
    commit(store, Commit { registrations, entries: vec![entry], ..Commit::default() }).await?;
    Ok(program)
}

/// The program of this name, approved or not.
///
/// # Errors
/// `PROGRAM_UNKNOWN`; the store's own.
pub async fn named<S: Store>(store: &S, name: &str) -> Result<Program, Refused> {
    let found = store.programs().await?.into_iter().find(|program| program.name == name);
    found.ok_or_else(|| Refused::with(Code::PROGRAM_UNKNOWN, [name]))
}

/// The program whose load file has this AID, where it may go to cards.
///
/// # Errors
/// The store's own.
pub async fn approved<S: Store>(store: &S, load_file: Aid) -> Result<Option<Program>, StoreError> {
    Ok(store.program(load_file).await?.filter(Program::is_approved))
}

fn read(now: i64, person: &Person, new: NewProgram<'_>) -> Result<Program, Refused> {
    let refused = |reason: String| Refused::with(Code::PROGRAM_REFUSED, [new.name.to_owned(), reason]);
    let cap = CapFile::read(new.file).map_err(|fault| refused(fault.to_string()))?;
    let block = cap.load_file_data_block();
    Ok(Program {
        load_file: cap.package(),
        name: new.name.to_owned(),
        version: cap.version(),
        modules: cap.modules().to_vec(),
        hash: cap.hash(),
        memory: new.memory.unwrap_or(block.len() as u32),
        block: block.to_vec(),
        imported_by: person.id,
        imported: now,
        approval: None,
    })
}

/// What is said of a load file that is here already.
fn same(program: &Program, known: Program) -> Result<Program, Refused> {
    let refused = |reason: String| Err(Refused::with(Code::PROGRAM_REFUSED, [program.name.clone(), reason]));
    if known.hash != program.hash {
        let (load_file, name) = (&program.load_file, &known.name);
        let reason = format!("its load file {load_file} is here with other content, as {name}");
        return refused(format!("{reason}; a changed program needs a package AID of its own"));
    }
    if (&known.name, known.memory) != (&program.name, program.memory) {
        return refused(format!("it is here already, as {}, for {} bytes of memory", known.name, known.memory));
    }
    Ok(known)
}

async fn waiting<S: Store>(store: &S, name: &str) -> Result<Program, Refused> {
    let program = named(store, name).await?;
    if program.is_approved() { Err(Refused::with(Code::PROGRAM_APPROVED, [name])) } else { Ok(program) }
}

/// As the log tells it: name, load file, version, SHA-256 of what is loaded, memory.
fn told(program: &Program) -> String {
    let Program { name, load_file, version, hash, memory, .. } = program;
    format!("{name} {load_file} {version} {} for {memory} bytes", hex::encode(hash))
}

async fn commit<S: Store>(store: &S, commit: Commit) -> Result<(), Refused> {
    match store.commit(commit).await {
        Err(StoreError::Conflict(_)) => Err(Refused::new(Code::CHANGED_MEANWHILE)),
        other => Ok(other?),
    }
}
