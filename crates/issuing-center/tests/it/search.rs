//! Whoever reads the center's files finds nothing of an order: no name, number or PIN, in any usual encoding.

use std::path::Path;

use crate::world::World;

/// A value as it might stand in a file.
fn encodings(value: &str) -> Vec<Vec<u8>> {
    let utf8 = value.as_bytes().to_vec();
    let wide: Vec<u16> = value.encode_utf16().collect();
    let mut all = vec![
        wide.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
        wide.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
        hex::encode(&utf8).into_bytes(),
        hex::encode_upper(&utf8).into_bytes(),
        utf8,
    ];
    if value.bytes().all(|byte| byte.is_ascii_digit()) && value.len().is_multiple_of(2) && value.len() > 6 {
        all.push(hex::decode(value).unwrap());
    }
    all
}

/// The files of `directory` that hold one of `values`.
fn found(directory: &Path, values: &[&str]) -> Vec<String> {
    let mut hits = Vec::new();
    for file in std::fs::read_dir(directory).unwrap() {
        let path = file.unwrap().path();
        let content = std::fs::read(&path).unwrap();
        for value in values {
            for needle in encodings(value) {
                if content.windows(needle.len()).any(|window| window == needle) {
                    hits.push(format!("{value} in {}", path.display()));
                }
            }
        }
    }
    hits
}

const PERSONAL: [&str; 7] =
    ["Zoë Needleworth", "Needleworth", "Max Muster", "4929000000001234", "4929000000005678", "92389", "ACME"];

#[tokio::test]
async fn the_files_of_the_database_hold_nothing_of_an_order() {
    let world = World::new().await;
    world.two_prepared().await;
    let directory = world.directory.path();
    assert_eq!(found(directory, &PERSONAL), Vec::<String>::new(), "while it is open, with the write-ahead log");
    // The control: what is written in clear is found by the same search.
    assert!(!found(directory, &["R-1"]).is_empty(), "the reference stands in clear");
    let clear = format!("INSERT INTO settings VALUES ('control', x'{}')", hex::encode("Needleworth"));
    world.tamper(&clear).await;
    assert!(!found(directory, &PERSONAL).is_empty(), "the needle is found");
    world.tamper("DELETE FROM settings WHERE name = 'control'").await;
    world.center.store.close().await;
}
