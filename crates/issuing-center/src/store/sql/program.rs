//! Programs that cards are loaded with.

use cardwright_apdu::Aid;
use cardwright_globalplatform::cap::PackageVersion;
use sqlx::any::AnyRow;

use super::column::{columns, read, statement};
use super::commit::Writing;
use crate::store::{Program, ProgramApproval, StoreError};

pub(super) fn program(row: &AnyRow) -> Result<Program, StoreError> {
    let approval = match (read::<Option<_>>(row, "approved_by")?, read::<Option<_>>(row, "approved")?) {
        (Some(by), Some(at)) => Some(ProgramApproval { by, at }),
        _ => None,
    };
    Ok(Program {
        load_file: Aid::new(&read::<Vec<u8>>(row, "load_file")?).map_err(|_| damaged("load_file"))?,
        name: read(row, "name")?,
        version: PackageVersion { major: read(row, "major")?, minor: read(row, "minor")? },
        modules: modules(&read::<Vec<u8>>(row, "modules")?).ok_or_else(|| damaged("modules"))?,
        hash: read(row, "hash")?,
        block: read(row, "block")?,
        memory: read(row, "memory")?,
        imported_by: read(row, "imported_by")?,
        imported: read(row, "imported")?,
        approval,
    })
}

pub(super) async fn add(writing: &mut Writing, program: &Program) -> Result<(), StoreError> {
    let text = "INSERT INTO programs (load_file, name, major, minor, modules, hash, block, memory, imported_by, \
                imported, approved_by, approved) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    let Program { load_file, name, version, modules, hash, block, memory, imported_by, imported, approval } = program;
    let mut values = columns![load_file.as_bytes(), name.as_str(), version.major, version.minor];
    values.extend(columns![module_bytes(modules), *hash, block.as_slice(), *memory, *imported_by, *imported]);
    values.extend(columns![approval.map(|approval| approval.by), approval.map(|approval| approval.at)]);
    writing.one("the program", statement(text, values)).await
}

/// A program that waits for approval gets it, by another person than its importer.
pub(super) async fn approve(
    writing: &mut Writing,
    load_file: &Aid,
    approval: ProgramApproval,
) -> Result<(), StoreError> {
    let text = "UPDATE programs SET approved_by = $1, approved = $2 \
                WHERE load_file = $3 AND approved_by IS NULL AND imported_by <> $4";
    let values = columns![approval.by, approval.at, load_file.as_bytes(), approval.by];
    writing.one("the program", statement(text, values)).await
}

/// A program that nobody approved goes, so that its AID is free.
pub(super) async fn withdraw(writing: &mut Writing, load_file: &Aid) -> Result<(), StoreError> {
    let text = "DELETE FROM programs WHERE load_file = $1 AND approved_by IS NULL";
    writing.one("the program", statement(text, columns![load_file.as_bytes()])).await
}

/// Each AID behind its length of one byte.
fn module_bytes(modules: &[Aid]) -> Vec<u8> {
    modules.iter().flat_map(|module| [&[module.as_bytes().len() as u8], module.as_bytes()].concat()).collect()
}

fn modules(mut bytes: &[u8]) -> Option<Vec<Aid>> {
    let mut modules = Vec::new();
    while let Some((length, rest)) = bytes.split_first() {
        let (module, rest) = rest.split_at_checked(usize::from(*length))?;
        modules.push(Aid::new(module).ok()?);
        bytes = rest;
    }
    Some(modules)
}

fn damaged(name: &str) -> StoreError {
    StoreError::Damaged(format!("column {name} does not hold what it should"))
}
