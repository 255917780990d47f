//! Programs that cards are loaded with.

use cardwright_apdu::Aid;
use cardwright_globalplatform::cap::PackageVersion;

use super::world::{NOW, assert_conflict, id, register};
use crate::store::{Program, ProgramApproval, Registration, Store};

const IMPORTER: u8 = 0xE0;

fn program(byte: u8, name: &str) -> Program {
    Program {
        load_file: Aid::new(&[0xF0, 1, 2, 3, byte]).unwrap(),
        name: name.into(),
        version: PackageVersion { major: 255, minor: byte },
        modules: vec![Aid::new(&[byte; 16]).unwrap(), Aid::new(&[0xF0, 1, 2, 3, byte]).unwrap()],
        hash: [byte; 32],
        block: vec![byte; 60_000],
        memory: u32::MAX,
        imported_by: id(IMPORTER),
        imported: NOW,
        approval: None,
    }
}

fn approved_by(byte: u8) -> ProgramApproval {
    ProgramApproval { by: id(byte), at: NOW + 1 }
}

pub(super) async fn a_program_reads_back_and_its_aid_and_name_are_taken_once<S: Store>(store: &S) {
    let library = Program { modules: vec![], memory: 0, ..program(2, "library") };
    let programs = [program(1, "wallet"), library];
    register(store, programs.clone().map(Registration::Program).into()).await.unwrap();
    assert_eq!(store.programs().await.unwrap(), [programs[1].clone(), programs[0].clone()]); // by name
    assert_eq!(store.program(programs[0].load_file).await.unwrap().as_ref(), Some(&programs[0]));
    assert_eq!(store.program(Aid::new(&[0xF0, 1, 2, 3, 9]).unwrap()).await.unwrap(), None);
    let other_content = Program { name: "another".into(), hash: [9; 32], ..program(1, "wallet") };
    assert_conflict(register(store, vec![Registration::Program(other_content)]).await);
    assert_conflict(register(store, vec![Registration::Program(program(3, "wallet"))]).await);
}

pub(super) async fn a_program_is_approved_once_and_by_another_person<S: Store>(store: &S) {
    let row = program(1, "wallet");
    let approve = |byte| vec![Registration::ApproveProgram(row.load_file, approved_by(byte))];
    assert_conflict(register(store, approve(0xE1)).await); // there is none yet
    register(store, vec![Registration::Program(row.clone()), Registration::Program(program(2, "b"))]).await.unwrap();
    assert_conflict(register(store, approve(IMPORTER)).await);
    register(store, approve(0xE1)).await.unwrap();
    assert_conflict(register(store, approve(0xE2)).await);
    let approved = Program { approval: Some(approved_by(0xE1)), ..row.clone() };
    assert_eq!(store.program(row.load_file).await.unwrap(), Some(approved));
    assert_eq!(store.program(program(2, "b").load_file).await.unwrap(), Some(program(2, "b")));
    let twice = Program { approval: Some(approved_by(IMPORTER)), ..program(4, "by one person alone") };
    assert_conflict(register(store, vec![Registration::Program(twice)]).await);
}

pub(super) async fn a_program_is_withdrawn_only_before_its_approval<S: Store>(store: &S) {
    let row = program(1, "wallet");
    let withdraw = || vec![Registration::WithdrawProgram(row.load_file)];
    assert_conflict(register(store, withdraw()).await);
    register(store, vec![Registration::Program(row.clone())]).await.unwrap();
    register(store, withdraw()).await.unwrap();
    assert_eq!(store.program(row.load_file).await.unwrap(), None);
    let better = Program { hash: [9; 32], ..row.clone() };
    register(store, vec![Registration::Program(better.clone())]).await.unwrap();
    register(store, vec![Registration::ApproveProgram(row.load_file, approved_by(0xE1))]).await.unwrap();
    assert_conflict(register(store, withdraw()).await);
    assert_eq!(store.program(row.load_file).await.unwrap().unwrap().hash, better.hash);
}
