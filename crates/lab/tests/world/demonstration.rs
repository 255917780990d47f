//! The demo, as a user runs it: it ends with an error where anything that it tells did not happen.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use cardwright_lab::world::process::{Said, run};
use cardwright_lab::world::programs::Programs;

fn demo(directory: &Path) -> Said {
    // the programs beside this one are those of this source
    Programs::find().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cardwright-lab"));
    command.arg("demo").env("TMPDIR", directory);
    run(&mut command, &directory.join("log")).unwrap()
}

#[test]
fn three_cards_are_issued_and_read_back_by_a_foreign_program_and_every_refusal_happens() {
    let directory = tempfile::Builder::new().prefix("cardwright-demo.").tempdir().unwrap();
    let begun = Instant::now();
    let said = demo(directory.path());
    assert_eq!(said.exit, 0, "{}", said.text());
    assert!(begun.elapsed() < Duration::from_secs(120), "{:?}", begun.elapsed());
    for issued in ["999901******0017", "999901******0025", "999901******0033"] {
        assert!(said.out.contains(&format!("issued: {issued}")), "{issued}");
    }
    assert!(said.out.contains("Every byte equals orders.csv"));
    let unfolded = said.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(unfolded.contains("the card believes it: approved"), "{}", said.out);
    assert!(unfolded.contains("opensc-tool reads Zoë Brandt-Weiß, and what only version 2 answers: ZOË BRANDT-WEISS."));
    assert!(said.out.contains("X.509 Certificate [Certificate for Card Authentication]"));
    for code in
        ["CW-1003", "CW-2012", "CW-2001", "CW-2015", "CW-2006", "CW-2008", "CW-3001", "CW-3004", "CW-3008", "CW-3021"]
    {
        assert!(said.out.contains(code), "{code}");
    }
    let left: Vec<_> = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["log"], "the demo left something behind");
}
