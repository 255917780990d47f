//! What a command answers: a text for people, a value for programs.

use std::process::ExitCode;

use serde_json::Value;

/// A command's answer.
#[must_use]
pub(crate) struct Report {
    text: String,
    value: Value,
}

impl Report {
    pub(crate) fn new(text: impl Into<String>, value: Value) -> Self {
        Self { text: text.into(), value }
    }

    pub(crate) fn print(self, json: bool) -> ExitCode {
        if json {
            println!("{}", self.value);
        } else if !self.text.is_empty() {
            println!("{}", self.text);
        }
        ExitCode::SUCCESS
    }
}
