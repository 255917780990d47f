//! A progress bar from the events that a terminal tells.

use std::io::{IsTerminal, Write};
use std::time::Instant;

use serde_json::Value;

const WIDTH: u64 = 40;

/// The bar of one issuance.
pub(super) struct Bar {
    begun: Instant,
    scripts: Vec<(u64, u64)>,
}

impl Bar {
    pub(super) fn new() -> Self {
        Self { begun: Instant::now(), scripts: Vec::new() }
    }

    /// Takes whatever the terminal told.
    pub(super) fn event(&mut self, event: &Value) {
        if event["event"] == "card" {
            self.begun = Instant::now();
        }
        let (Some(done), Some(total)) = (event["done"].as_u64(), event["total"].as_u64()) else { return };
        match self.scripts.last_mut() {
            Some(script) if script.1 == total && done >= script.0 => script.0 = done,
            _ => self.scripts.push((done, total)),
        }
        if std::io::stdout().is_terminal() {
            self.draw("\r");
        }
    }

    /// Draws the bar for the last time.
    pub(super) fn finish(&mut self) {
        self.scripts.iter_mut().for_each(|script| script.0 = script.1);
        self.draw(if std::io::stdout().is_terminal() { "\r" } else { "" });
        println!();
    }

    fn draw(&self, begin: &str) {
        let done: u64 = self.scripts.iter().map(|script| script.0).sum();
        let total: u64 = self.scripts.iter().map(|script| script.1).sum();
        let filled = (done * WIDTH).checked_div(total).unwrap_or(0);
        let (full, empty) = ("#".repeat(filled as usize), ".".repeat((WIDTH - filled) as usize));
        let seconds = self.begun.elapsed().as_secs_f32();
        print!("{begin}    [{full}{empty}] {done} of {total} commands, {seconds:.1} s");
        // a terminal that does not take it shows the next one
        let _ = std::io::stdout().flush();
    }
}
