//! Reading a card back with `opensc-tool`, and comparing it with the order.

use std::path::Path;

use crate::world::{Base, Fault, NewOrder, Slot, slot_name};

const SELECT: &str = "00A404000AF043415244574944000100";
/// Bytes of one READ BINARY.
const PIECE: usize = 256;

/// Puts the card in, reads it, compares it with the order, and takes it out. Says what was read.
pub(super) fn read(base: &Base, card: &Path, order: &NewOrder) -> Result<String, Fault> {
    base.insert_card(card)?;
    let read = read_inserted(base, order);
    base.remove_card()?;
    read
}

fn read_inserted(base: &Base, order: &NewOrder) -> Result<String, Fault> {
    let length = order.photo.as_ref().map_or(0, Vec::len);
    let mut commands = vec![SELECT.to_owned()];
    for file in ["0101", "0102", "0103"] {
        commands.extend([select_file(file), read_binary(0)]);
    }
    let photo_begins = commands.len() + 3;
    commands.extend([select_file("0201"), read_binary(0), verify(order.field("pin"))]);
    commands.extend((0..length).step_by(PIECE).map(read_binary));
    let said = base.opensc_tool(&slot_name(0, Slot::Card), &commands)?;
    let answers = answers(&said.out);
    if said.exit != 0 || answers.len() != commands.len() {
        return Err(Fault::story(format!("opensc-tool did not read the card: {}", said.text())));
    }
    let text = |index: usize| String::from_utf8_lossy(&answers[index].1).into_owned();
    let photo: Vec<u8> = answers[photo_begins..].iter().flat_map(|answer| answer.1.clone()).collect();
    let photo_before_pin = answers[photo_begins - 2].0;
    let comparisons = [
        ("the name", text(2) == order.field("name")),
        ("the card number", text(4) == order.field("card_number")),
        ("the photo, which must need the PIN", length == 0 || photo_before_pin == 0x6982),
        ("the PIN", answers[photo_begins - 1].0 == 0x9000),
        ("the photo", photo == order.photo.clone().unwrap_or_default()),
    ];
    if let Some((what, _)) = comparisons.iter().find(|(_, equal)| !equal) {
        return Err(Fault::story(format!("{what} of order {} is not what the card holds", order.reference)));
    }
    let days = hex::encode(&answers[6].1);
    let day = |at: usize| format!("{}-{}-{}", &days[at..at + 4], &days[at + 4..at + 6], &days[at + 6..at + 8]);
    if days.len() != 16 {
        return Err(Fault::story("the validity is not two days"));
    }
    Ok(format!("{}, {}, valid {} to {}, photo of {length} bytes after the PIN", text(2), text(4), day(0), day(8)))
}

fn select_file(identifier: &str) -> String {
    format!("00A4020C02{identifier}")
}

fn read_binary(offset: usize) -> String {
    format!("00B0{offset:04X}00")
}

/// VERIFY with the PIN as an ISO 9564-1 format 2 block.
fn verify(pin: &str) -> String {
    format!("0020000108{:F<16}", format!("2{:X}{pin}", pin.len()))
}

/// Status words and data, as `opensc-tool` prints them: rows of up to 16 bytes in hexadecimal, then the same as text.
fn answers(said: &str) -> Vec<(u16, Vec<u8>)> {
    let mut answers: Vec<(u16, Vec<u8>)> = Vec::new();
    let mut in_answer = false;
    for line in said.lines() {
        if let Some(status) = line.strip_prefix("Received (SW1=0x").and_then(status_word) {
            answers.push((status, Vec::new()));
            in_answer = true;
        } else if line.starts_with("Sending: ") {
            in_answer = false;
        } else if let (true, Some(answer)) = (in_answer, answers.last_mut()) {
            let row = line.as_bytes().chunks(3).take(16);
            answer.1.extend(row.map_while(|cell| {
                let is_cell = cell.len() == 3 && cell[2] == b' ';
                is_cell
                    .then(|| std::str::from_utf8(&cell[..2]).ok().and_then(|two| u8::from_str_radix(two, 16).ok()))?
            }));
        }
    }
    answers
}

/// `90, SW2=0x00)…` as a status word.
fn status_word(text: &str) -> Option<u16> {
    let (first, second) = (text.get(..2)?, text.split("SW2=0x").nth(1)?.get(..2)?);
    u16::from_str_radix(&format!("{first}{second}"), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_opensc_tool_prints_is_read() {
        let said = "Sending: 00 B0 00 00 00 \nReceived (SW1=0x90, SW2=0x00):\n5A 6F C3 AB Zo..\nSending: 00 \nReceived (SW1=0x69, SW2=0x82)\n";
        assert_eq!(answers(said), [(0x9000, vec![0x5A, 0x6F, 0xC3, 0xAB]), (0x6982, vec![])]);
    }

    #[test]
    fn a_pin_becomes_a_block() {
        assert_eq!(verify("1234"), "0020000108241234FFFFFFFFFF");
    }
}
