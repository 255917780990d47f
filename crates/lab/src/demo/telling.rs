//! How the demo speaks: headings, what happened, and what it means.

use std::io::{IsTerminal, Read};

use crate::world::{Fault, World};

/// Text is folded at this column.
const WIDTH: usize = 100;

/// A new part of the story.
pub(super) fn section(title: &str) {
    if std::io::stdout().is_terminal() {
        println!("\n\x1b[1m{title}\x1b[0m");
    } else {
        println!("\n{title}");
    }
    println!("{}", "-".repeat(title.chars().count().min(WIDTH)));
}

/// Something happened.
pub(super) fn step(text: &str) {
    fold(text, "* ", "  ");
}

/// What is worth knowing about it.
pub(super) fn note(text: &str) {
    fold(text, "    ", "    ");
}

/// One entry of the log: its number, the time of the day, what happened; not who took part.
pub(super) fn entry(line: &str) {
    let mut words = line.split_whitespace();
    let (number, time) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let time = time.split_once('T').map_or(time, |(_, time)| time);
    let what = line.split_once(time).map_or(line, |(_, rest)| rest).split(" [").next().unwrap_or_default();
    println!("  {number:>4}  {:.12}  {}", time, what.trim_start_matches('Z').trim());
}

fn fold(text: &str, first: &str, next: &str) {
    let mut line = first.to_owned();
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && line.chars().count() + word.chars().count() >= WIDTH {
            println!("{}", line.trim_end());
            next.clone_into(&mut line);
        }
        line.push_str(word);
        line.push(' ');
        is_empty = false;
    }
    println!("{}", line.trim_end());
}

/// How to go on from here.
pub(super) fn what_next() {
    println!();
    let steps = [
        ("script/demo --stay", "the same, and everything stays up at the end, with commands to try on it"),
        (
            "docs/first-card.md, docs/payment-and-employee-cards.md",
            "a center and cards of your own, every command written out: first the identity card, then the others",
        ),
        ("target/debug/cardwright-center --help", "every command of the center; docs/center.md tells more"),
        (
            "target/debug/cardwright-card make --help",
            "blank cards, as many as you like; `insert` puts one into a vpcd reader",
        ),
        ("script/test", "every promise of docs/promises.md, with the test that shows it"),
    ];
    println!("To try next:");
    for (command, what) in steps {
        println!("  {command}");
        note(what);
    }
    println!("With a real reader and a real card (JavaCard with GlobalPlatform; nothing is written, no key is tried):");
    println!("  target/debug/cardwright-terminal --state /tmp/my-terminal probe");
    note("tells ATR, SCP, i and key version, and suggests the card product's file.");
    println!("  docs/identity-application.md, products/README.md");
    note("what the card must hold to be issued, and how its product is described.");
}

/// Leaves everything running, and says how to talk with it.
pub(super) fn stay(world: &mut World) -> Result<(), Fault> {
    let directory = super::directory(world);
    println!("\nEverything still runs. In another shell:");
    println!("  export CARDWRIGHT_CENTER_STATE={}", world.center.state().display());
    println!("  target/debug/cardwright-center order list");
    println!("  target/debug/cardwright-center log show");
    println!("  export PCSCLITE_CSOCK_NAME={}", world.base(0).socket()?.display());
    println!("  target/debug/cardwright-terminal --state {} doctor", world.base(0).terminal_state().display());
    println!("Files, logs and every command that was typed: {}", directory.display());
    println!("Enter ends it.");
    let _ = std::io::stdin().read(&mut [0]);
    Ok(())
}
