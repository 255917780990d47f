//! `opensc-tool` sees the reader and the card in it, and reads what the center wrote.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::new_card::Recording;
use crate::pcscd::{Inserted, is_beside};

const SELECT: &str = "00A404000AF043415244574944000100";
/// VERIFY with 4711 as an ISO 9564-1 format 2 block.
const VERIFY: &str = "002000010824 4711FFFFFFFFFF";

fn opensc_tool(arguments: &[&str]) -> String {
    let output = Command::new("opensc-tool").args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("opensc-tool cannot be run ({error}); run script/prepare"));
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

/// Sends commands, and hands back what was said about each.
fn send(commands: &[&str]) -> Vec<String> {
    let commands: Vec<String> = commands.iter().map(|command| command.replace(' ', "")).collect();
    let arguments: Vec<&str> = commands.iter().flat_map(|command| ["-s", command]).collect();
    let said = opensc_tool(&[&["-r", "0"][..], &arguments].concat());
    let answers: Vec<String> = said.split("Sending:").skip(1).map(str::to_owned).collect();
    assert_eq!(answers.len(), commands.len(), "{said}");
    answers
}

/// Whether an answer is 9000 and its first row holds `bytes`, as opensc-tool prints them.
fn holds(answer: &str, bytes: &[u8]) -> bool {
    let row: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    answer.contains("SW1=0x90, SW2=0x00") && answer.contains(&format!("\n{} ", row.join(" ")))
}

/// The daemon sees a card within half a second of its coming.
fn wait_for_the_card() {
    let end = Instant::now() + Duration::from_secs(10);
    while !opensc_tool(&["--list-readers"]).contains("Yes") {
        assert!(Instant::now() < end, "{}", opensc_tool(&["--list-readers"]));
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn opensc_tool_lists_and_reads_an_issued_identity_card() {
    if !is_beside("opensc::opensc_tool_lists_and_reads_an_issued_identity_card") {
        return;
    }
    let readers = opensc_tool(&["--list-readers"]);
    assert!(readers.contains("Card Reader 0") && !readers.contains("Yes"), "the control: no card yet\n{readers}");
    let recording = Recording::of("scp03-i70");
    let _inserted = Inserted::new(recording.card.state());
    wait_for_the_card();
    assert!(opensc_tool(&["-r", "0", "--atr"]).to_lowercase().contains("3b:e5:00:00:81:31:fe:45:43:57:2d:37:30:d0"));

    let read = |file| format!("00A4020C02{file}");
    let answers =
        send(&[SELECT, &read("0101"), "00B0000000", &read("0102"), "00B0000000", &read("0103"), "00B0000000"]);
    assert!(holds(&answers[2], b"Ada Example"), "{}", answers[2]);
    assert!(holds(&answers[4], b"6200001234567894"), "{}", answers[4]);
    let valid = [0x20, 0x26, 0x11, 0x22, 0x20, 0x31, 0x11];
    assert!(answers[6].contains(&valid.map(|byte| format!("{byte:02X}")).join(" ")), "{}", answers[6]);

    let answers = send(&[SELECT, &read("0201"), "00B0000000", VERIFY, "00B0000000"]);
    assert!(answers[2].contains("SW1=0x69, SW2=0x82"), "the photo needs the PIN: {}", answers[2]);
    assert!(answers[4].contains("\nFF D8 FF E0 00 01 02"), "{}", answers[4]);
}

#[test]
fn opensc_tool_reads_nothing_from_a_blank_card() {
    if !is_beside("opensc::opensc_tool_reads_nothing_from_a_blank_card") {
        return;
    }
    let card = crate::new_card::blank_card("scp03-i70", crate::new_card::RIGHT);
    let _inserted = Inserted::new(card.state());
    wait_for_the_card();
    let answers = send(&[SELECT]);
    assert!(answers[0].contains("SW1=0x6A, SW2=0x82"), "{}", answers[0]);
}
