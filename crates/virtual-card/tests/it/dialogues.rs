//! Dialogues as data: `tests/dialogues/*.txt`.
//!
//! `card PRODUCT` a new blank; `reset`; `open LEVEL` a channel with the transport keys; `> BYTES` a command as it is;
//! `>> HEADER DATA` a command through the channel; `< PATTERN` what the last answer must be, `*` for any bytes;
//! `personalize` the identity application's STORE DATA commands; `#` a remark.

use cardwright_virtual_card::Card;

use crate::host::Scp03;
use crate::identity::{person, store_data};
use crate::world::card;

struct Stage {
    card: Card,
    channel: Option<Scp03>,
    answer: String,
}

impl Stage {
    fn play(&mut self, line: &str) {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb {
            "card" => *self = stage(rest),
            "reset" => {
                self.card.reset();
            }
            "open" => self.channel = Some(Scp03::open(&mut self.card, u8::from_str_radix(rest, 16).unwrap())),
            ">" => self.answer = hex::encode_upper(self.card.transmit(&bytes(rest))),
            ">>" => {
                let all = hex::encode(bytes(rest));
                let (header, data) = all.split_at(8);
                self.answer = self.send(header, &bytes(data));
            }
            "<" => assert!(matches(rest, &self.answer), "expected {rest}, got {}", self.answer),
            "personalize" => {
                for (header, data) in store_data(&person()) {
                    self.answer = self.send(&header, &data);
                }
            }
            other => panic!("no such verb: {other}"),
        }
    }

    fn send(&mut self, header: &str, data: &[u8]) -> String {
        let channel = self.channel.as_mut().expect("a channel is open");
        let (data, status) = channel.send(&mut self.card, header, data);
        format!("{}{status:04X}", hex::encode_upper(data))
    }
}

fn stage(product: &str) -> Stage {
    Stage { card: card(product), channel: None, answer: String::new() }
}

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text.replace(' ', "")).unwrap()
}

fn matches(pattern: &str, answer: &str) -> bool {
    let pattern = pattern.replace(' ', "");
    let parts: Vec<&str> = pattern.split('*').collect();
    let [first, .., last] = parts[..] else { return pattern == answer };
    let mut rest = match answer.strip_prefix(first) {
        Some(rest) if rest.len() >= last.len() && rest.ends_with(last) => &rest[..rest.len() - last.len()],
        _ => return false,
    };
    parts[1..parts.len() - 1].iter().all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

#[test]
fn every_dialogue_goes_as_written() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/dialogues");
    let mut names: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    assert!(names.len() >= 5, "the dialogues are there");
    for name in names {
        let text = std::fs::read_to_string(&name).unwrap();
        let mut stage = stage("scp03-i70");
        for (number, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if !line.is_empty() {
                let place = format!("{}:{}: {line}", name.file_name().unwrap().display(), number + 1);
                let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| stage.play(line)));
                assert!(played.is_ok(), "{place}");
            }
        }
    }
}

#[test]
fn a_dialogue_that_does_not_go_as_written_is_noticed() {
    assert!(matches("6F*9000", "6F00849000") && matches("*9F70 01*9000", "AA9F7001BB9000"));
    assert!(!matches("6F*9000", "6F00846A82") && !matches("9000", "6A82") && !matches("*84*84*", "AA84BB"));
}
