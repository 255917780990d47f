//! What is told: lines for people, or one JSON object a line.

use std::io::Write;

use serde_json::{Value, json};

use crate::failure::Failure;

/// Where results go.
pub(crate) struct Report {
    json: bool,
}

impl Report {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// A result: `text` for people, `value` for programs.
    pub(crate) fn result(&self, text: &str, value: &Value) {
        let line = if self.json { value.to_string() } else { text.to_owned() };
        // whoever started a card may have stopped listening: the card stays in its reader all the same
        let _ = writeln!(std::io::stdout(), "{line}");
    }

    /// A failure, on the error stream.
    pub(crate) fn failure(&self, failure: &Failure) {
        if self.json {
            eprintln!("{}", json!({ "error": failure.to_string() }));
        } else {
            eprintln!("cardwright-card: {failure}");
        }
    }
}
