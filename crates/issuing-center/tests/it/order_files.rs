//! Files of orders that are wrong: row and column are named, no value is repeated, nothing is half-imported.

use cardwright_issuing_center::file_fault::{FileFault, FileRefused};
use cardwright_issuing_center::store::Store;
use cardwright_relay::Code;

use crate::world::{HEADER, World};

const GOOD: &str = "R-1,north,identity,new,ACME,Tom,Zoë Needleworth,4929000000001234,92389,face.png\n";

fn faults(refused: FileRefused) -> Vec<FileFault> {
    match refused {
        FileRefused::Faults(Code::ORDER_FILE_REFUSED, faults) => faults,
        other => panic!("{other:?}"),
    }
}

/// Imports the file, and gives (row, column) of every fault; nothing may be imported, and no value may be repeated.
async fn places(text: &str) -> Vec<(u64, String)> {
    let world = World::new().await;
    let before = world.center.store.log_head().await.unwrap();
    let faults = faults(world.import_file(text.as_bytes()).await.unwrap_err());
    assert_eq!(world.center.store.orders(10).await.unwrap(), [], "nothing is half-imported");
    assert_eq!(world.center.store.log_head().await.unwrap(), before);
    for fault in &faults {
        let said = fault.to_string();
        for value in ["Needleworth", "4929", "ACME", "Tom", "92389", "elsewhere"] {
            assert!(!said.contains(value), "{said}");
        }
    }
    faults.into_iter().map(|fault| (fault.row, fault.column)).collect()
}

#[tokio::test]
async fn a_good_file_is_taken_with_a_byte_order_mark_quotes_and_a_photo() {
    let world = World::new().await;
    let quoted = "R-2,north,identity,new,\"ACME, Inc.\",Tom,\"Max \"\"M\"\" Muster\",4929000000005678,1234,\n";
    let orders = world.import_file(format!("\u{FEFF}{HEADER}{GOOD}{quoted}").as_bytes()).await.unwrap();
    assert_eq!(orders.len(), 2);
    assert_eq!(world.center.store.orders(10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn malformed_rows_are_named_by_row_and_column() {
    let rows = [
        "R 1,north,identity,new,ACME,Tom,Zoë Needleworth,4929000000001234,92389,", // 3: a space in the reference
        "R-2,elsewhere,identity,new,ACME,Tom,Zoë Needleworth,4929000000001234,92389,", // 4: base
        "R-3,north,elsewhere,new,ACME,Tom,Zoë Needleworth,4929000000001234,92389,", // 5: profile
        "R-4,north,identity,elsewhere,ACME,Tom,Zoë Needleworth,4929000000001234,92389,", // 6: kind
        "R-5,north,identity,new,,Tom,Zoë Needleworth,4929000000001234,92389,",     // 7: customer
        "R-6,north,identity,new,ACME,,Zoë Needleworth,4929000000001234,92389,",    // 8: taken_by
        "R-7,north,identity,new,ACME,Tom,,4929-0000,92389,",                       // 9: name, card_number
        "R-8,north,identity,new,ACME,Tom,Zoë Needleworth,4929000000001234,1,",     // 10: pin
    ];
    let found = places(&format!("{HEADER}{GOOD}{}\n", rows.join("\n"))).await;
    let expected = [
        (3, "reference"),
        (4, "base"),
        (5, "profile"),
        (6, "kind"),
        (7, "customer"),
        (8, "taken_by"),
        (9, "name"),
        (9, "card_number"),
        (10, "pin"),
    ];
    assert_eq!(found, expected.map(|(row, column)| (row, column.to_owned())));
}

#[tokio::test]
async fn rows_that_are_no_rows_are_named() {
    let found =
        places(&format!("{HEADER}{GOOD}R-2,north\n\nR-3,north,identity,new,ACME,Tom,A,49290000,1234,no.png\nR-4,elsewhere,identity,new,ACME,Tom,A,49290000,1234,\n")).await;
    assert_eq!(found, [(3, String::new()), (5, "photo".to_owned()), (6, "base".to_owned())]);
}

#[tokio::test]
async fn a_file_without_its_header_is_refused_and_its_first_order_not_repeated() {
    let found = places(GOOD).await;
    assert!(found.iter().all(|(row, _)| *row == 1));
    assert!(found.contains(&(1, "reference".to_owned())), "{found:?}");
}

#[tokio::test]
async fn headers_that_are_missing_doubled_or_unknown_are_named() {
    let found = places("reference,base,profile,kind,customer,name,name,colour\n").await;
    assert_eq!(found, [(1, "taken_by".into()), (1, "name".into()), (1, "number 8".into())]);
    assert_eq!(places(HEADER).await, [(1, String::new())], "no order at all");
    assert!(!places("").await.is_empty());
}

#[tokio::test]
async fn a_file_that_is_not_utf_8_is_refused() {
    let world = World::new().await;
    let latin1 = [HEADER.as_bytes(), b"R-1,north,identity,new,ACME,Tom,Zo\xEB,49290000,1234,\n"].concat();
    let faults = faults(world.import_file(&latin1).await.unwrap_err());
    assert_eq!((faults[0].row, faults[0].reason.as_str()), (2, "the file is not UTF-8 text"));
    assert_eq!(world.center.store.orders(10).await.unwrap(), []);
}

#[tokio::test]
async fn a_reference_twice_in_a_file_is_refused() {
    assert_eq!(places(&format!("{HEADER}{GOOD}{GOOD}")).await, [(3, "reference".to_owned())]);
}

#[tokio::test]
async fn a_reference_that_is_here_already_is_refused() {
    let world = World::new().await;
    world.import(GOOD).await.unwrap();
    let faults = faults(world.import(&format!("{}{GOOD}", GOOD.replace("R-1", "R-9"))).await.unwrap_err());
    assert_eq!(faults.len(), 1);
    assert_eq!((faults[0].row, faults[0].column.as_str(), faults[0].code), (3, "reference", Code::ORDER_DUPLICATE));
    assert_eq!(world.center.store.orders(10).await.unwrap().len(), 1, "R-9 was not imported either");
}
