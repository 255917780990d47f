//! Programs that cards are loaded with.

use cardwright_apdu::Aid;
use cardwright_issuing_center::store::{Program, ProgramApproval, Registration, StoreError};

use super::{Rows, conflict, insert};

/// Adds, approves or takes back a program; gives back what is none.
pub(super) fn register(rows: &mut Rows, registration: Registration) -> Result<Option<Registration>, StoreError> {
    match registration {
        Registration::Program(program) => add(rows, program),
        Registration::ApproveProgram(load_file, approval) => approve(rows, load_file, approval),
        Registration::WithdrawProgram(load_file) => {
            let unapproved = rows.programs.get(&load_file).is_some_and(|row| !row.is_approved());
            rows.programs.remove(&load_file).filter(|_| unapproved).map(drop).ok_or_else(|| conflict("program"))
        }
        other => return Ok(Some(other)),
    }
    .map(|()| None)
}

/// All programs.
pub(super) fn by_name(rows: &Rows) -> Vec<Program> {
    let mut found: Vec<_> = rows.programs.values().cloned().collect();
    found.sort_by(|left, right| left.name.cmp(&right.name));
    found
}

fn add(rows: &mut Rows, program: Program) -> Result<(), StoreError> {
    let by_one_person = program.approval.is_some_and(|approval| approval.by == program.imported_by);
    if by_one_person || rows.programs.values().any(|known| known.name == program.name) {
        return Err(conflict("program"));
    }
    insert(&mut rows.programs, program.load_file, program, "program")
}

fn approve(rows: &mut Rows, load_file: Aid, approval: ProgramApproval) -> Result<(), StoreError> {
    let waits = |row: &&mut Program| row.approval.is_none() && row.imported_by != approval.by;
    let row = rows.programs.get_mut(&load_file).filter(waits).ok_or_else(|| conflict("program"))?;
    row.approval = Some(approval);
    Ok(())
}
