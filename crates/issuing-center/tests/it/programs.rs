//! Programs: imported by one person, approved by another, and what an AID stands for.

use cardwright_globalplatform::cap::CapFile;
use cardwright_issuance::entry::Event;
use cardwright_issuing_center::registry::person::{self, Role};
use cardwright_issuing_center::registry::program::{self, NewProgram};
use cardwright_issuing_center::store::{Program, Store};
use cardwright_relay::Code;

use crate::cap_builder::Cap;
use crate::commands::Desk;
use crate::world::World;

const PACKAGE: &str = "F04341524457494402";

/// A CAP file of one module, whose Method component is `method`.
fn cap(package: &str, minor: u8, method: &[u8]) -> Vec<u8> {
    Cap::small(package, minor, method).bytes()
}

async fn import(world: &World, name: &str, file: &[u8], memory: Option<u32>) -> Result<Program, (Code, Vec<String>)> {
    let (store, now) = (&*world.center.store, world.center.now());
    let imported = program::import(store, now, &world.admin, NewProgram { name, file, memory }).await;
    imported.map_err(|refused| (refused.code, refused.parameters))
}

#[tokio::test]
async fn a_program_is_kept_as_its_file_says_and_the_log_names_what_is_loaded() {
    let world = World::new().await;
    let file = cap(PACKAGE, 3, &[7; 5000]);
    let read = CapFile::read(&file).unwrap();
    let program = import(&world, "wallet", &file, None).await.unwrap();
    assert_eq!((program.load_file, program.version), (read.package(), read.version()));
    assert_eq!((program.modules.as_slice(), program.hash), (read.modules(), read.hash()));
    assert_eq!((program.block.as_slice(), program.memory), (read.load_file_data_block(), program.block.len() as u32));
    assert_eq!((program.imported_by, program.is_approved()), (world.admin.id, false));
    assert_eq!(world.center.store.program(read.package()).await.unwrap(), Some(program.clone()));
    let entry = world.newest_entry().await;
    let name = format!("wallet {PACKAGE} 2.3 {} for {} bytes", hex::encode(read.hash()), program.memory);
    assert_eq!(entry.event, Event::Registered { what: "program".into(), name: name.clone(), present: true });
    assert_eq!(entry.person, Some(world.admin.id));
    program::approve(&*world.center.store, world.center.now(), &world.approver, "wallet").await.unwrap();
    let entry = world.newest_entry().await;
    assert_eq!(entry.event, Event::Registered { what: program::APPROVAL.into(), name, present: true });
    assert_eq!(entry.person, Some(world.approver.id));
}

#[tokio::test]
async fn who_imported_a_program_does_not_approve_it() {
    let world = World::new().await;
    let (store, now) = (&*world.center.store, world.center.now());
    let program = import(&world, "wallet", &cap(PACKAGE, 0, &[7]), None).await.unwrap();
    let refused = program::approve(store, now, &world.admin, "wallet").await.unwrap_err();
    assert_eq!(refused.code, Code::SAME_PERSON);
    assert_eq!(program::approved(store, program.load_file).await.unwrap(), None);
    let other_admin =
        person::add(store, now, &world.admin, "Ulla", &[Role::Admin], crate::world::SECRET).await.unwrap();
    let approved = program::approve(store, now, &other_admin, "wallet").await.unwrap();
    assert_eq!(approved.approval.map(|approval| approval.by), Some(other_admin.id));
    assert_eq!(program::approved(store, program.load_file).await.unwrap(), Some(approved));
    let again = program::approve(store, now, &world.approver, "wallet").await.unwrap_err();
    assert_eq!((again.code, again.parameters), (Code::PROGRAM_APPROVED, vec!["wallet".to_owned()]));
    assert_eq!(program::approve(store, now, &world.approver, "purse").await.unwrap_err().code, Code::PROGRAM_UNKNOWN);
    let nothing = "F0434152445749449A".parse().unwrap();
    assert_eq!(program::approved(store, nothing).await.unwrap(), None);
}

#[tokio::test]
async fn a_changed_program_under_the_same_aid_is_refused_and_the_reason_says_what_to_do() {
    let world = World::new().await;
    let file = cap(PACKAGE, 0, &[7; 100]);
    let first = import(&world, "wallet", &file, Some(9_000)).await.unwrap();
    assert_eq!(first.memory, 9_000);
    // the same again changes nothing, and enters nothing in the log
    let size = world.center.store.log_head().await.unwrap().size;
    assert_eq!(import(&world, "wallet", &file, Some(9_000)).await.unwrap(), first);
    assert_eq!(world.center.store.log_head().await.unwrap().size, size);
    for changed in [cap(PACKAGE, 0, &[8; 100]), cap(PACKAGE, 1, &[7; 100])] {
        let (code, parameters) = import(&world, "wallet-2", &changed, None).await.unwrap_err();
        assert_eq!((code, parameters[0].as_str()), (Code::PROGRAM_REFUSED, "wallet-2"));
        let expected = format!("its load file {PACKAGE} is here with other content, as wallet");
        assert!(parameters[1].starts_with(&expected), "{parameters:?}");
        assert!(parameters[1].ends_with("needs a package AID of its own"), "{parameters:?}");
    }
    for (name, memory) in [("purse", Some(9_000)), ("wallet", None)] {
        let (code, parameters) = import(&world, name, &file, memory).await.unwrap_err();
        assert_eq!(code, Code::PROGRAM_REFUSED);
        assert_eq!(parameters[1], "it is here already, as wallet, for 9000 bytes of memory");
    }
    let other = cap("F04341524457494403", 0, &[7; 100]);
    assert_eq!(import(&world, "wallet", &other, None).await.unwrap_err().0, Code::NAME_TAKEN);
    assert_eq!(import(&world, "no/name", &other, None).await.unwrap_err().0, Code::NAME_REFUSED);
    assert!(import(&world, "wallet-3", &other, None).await.is_ok());
}

#[tokio::test]
async fn a_withdrawn_program_gives_its_aid_back_and_an_approved_one_stays() {
    let world = World::new().await;
    let (store, now) = (&*world.center.store, world.center.now());
    import(&world, "wallet", &cap(PACKAGE, 0, &[7]), None).await.unwrap();
    program::withdraw(store, now, &world.admin, "wallet").await.unwrap();
    assert!(matches!(world.newest_entry().await.event, Event::Registered { present: false, .. }));
    assert_eq!(store.programs().await.unwrap(), []);
    import(&world, "wallet", &cap(PACKAGE, 0, &[8]), None).await.unwrap();
    program::approve(store, now, &world.approver, "wallet").await.unwrap();
    assert_eq!(program::withdraw(store, now, &world.admin, "wallet").await.unwrap_err().code, Code::PROGRAM_APPROVED);
    assert_eq!(program::withdraw(store, now, &world.admin, "purse").await.unwrap_err().code, Code::PROGRAM_UNKNOWN);
}

#[tokio::test]
async fn a_broken_file_is_refused_with_its_component() {
    let world = World::new().await;
    let whole = cap(PACKAGE, 0, &[7; 100]);
    let (code, parameters) = import(&world, "wallet", &whole[..whole.len() - 1], None).await.unwrap_err();
    assert_eq!((code, parameters[0].as_str()), (Code::PROGRAM_REFUSED, "wallet"));
    let (_, parameters) = import(&world, "wallet", &cap("F04341", 0, &[7]), None).await.unwrap_err();
    assert!(parameters[1].starts_with("the component Header.cap: "), "{parameters:?}");
    assert_eq!(world.center.store.programs().await.unwrap(), []);
}

#[test]
fn from_the_file_to_the_approval_by_commands() {
    let desk = Desk::new();
    desk.set_up();
    let path = desk.directory.path().join("wallet.cap");
    std::fs::write(&path, cap(PACKAGE, 0, &[7; 40_000])).unwrap();
    let file = path.to_str().unwrap();
    let checked = desk.done(&["program", "check", file]);
    assert_eq!((&checked["load_file"], &checked["version"]), (&PACKAGE.into(), &"2.0".into()));
    let import = ["program", "import", file, "--name", "wallet", "--memory", "50000", "--as", "Ada"];
    assert_eq!(desk.done(&import)["sha256"], checked["sha256"]);
    assert_eq!(desk.refused(&["program", "approve", "wallet", "--as", "Ada"]), (1, "CW-1004".into()));
    assert_eq!(desk.refused(&["program", "approve", "wallet", "--as", "Eve"]), (1, "CW-1003".into()));
    assert_eq!(desk.refused(&["program", "import", file, "--name", "purse", "--as", "Ben"]), (1, "CW-1003".into()));
    let waiting = desk.done(&["program", "show", "wallet"]);
    assert_eq!((waiting["imported_by"].as_str(), waiting["approved_by"].as_str()), (Some("Ada"), None));
    desk.done(&["program", "approve", "wallet", "--as", "Ben"]);
    let shown = desk.done(&["program", "show", "wallet"]);
    for (field, value) in [("approved_by", "Ben"), ("load_file", PACKAGE), ("version", "2.0")] {
        assert_eq!(shown[field], value);
    }
    assert_eq!((shown["memory"].as_u64(), &shown["bytes"]), (Some(50_000), &checked["bytes"]));
    assert_eq!(shown["modules"], serde_json::json!([format!("{PACKAGE}01")]));
    assert!(shown["approved"].as_str().unwrap().ends_with('Z'));
    assert_eq!(desk.done(&["program", "list"])["programs"], serde_json::json!([shown]));
    assert_eq!(desk.refused(&["program", "withdraw", "wallet", "--as", "Ada"]), (1, "CW-1033".into()));
    assert_eq!(desk.refused(&["program", "show", "purse"]), (1, "CW-1031".into()));
    let output = desk.command(&["program", "show", "wallet"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with(&format!("wallet  {PACKAGE}  2.0  approved\n  module {PACKAGE}01\n")), "{text}");
    assert!(text.contains("imported by Ada, ") && text.contains("approved by Ben, "), "{text}");
    let log = desk.done(&["log", "show"]).to_string();
    assert!(log.contains("Entered: program wallet") && log.contains("Approved: program wallet"), "{log}");
}

#[test]
fn a_file_that_is_no_program_is_told_from_without_a_center() {
    let desk = Desk::new();
    let wrong = desk.file("wrong.cap", "PK and nothing more");
    assert_eq!(desk.refused(&["program", "check", wrong.to_str().unwrap()]), (1, "CW-1030".into()));
    assert_eq!(desk.refused(&["program", "check", "/nowhere.cap"]), (3, "CW-5013".into()));
    assert!(!desk.directory.path().join("state").exists(), "nothing was made for it");
}
