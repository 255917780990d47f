//! What a command answers: a text for people, a value for programs.

use std::io::Write;
use std::process::ExitCode;

use serde_json::Value;
use zeroize::Zeroizing;

/// `1 order is`, `2 orders are`: how many of what, and the verb.
pub(crate) fn counted(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one} is") } else { format!("{count} {one}s are") }
}

/// A command's answer.
#[must_use]
pub(crate) struct Report {
    text: Zeroizing<String>,
    value: Value,
}

impl Report {
    pub(crate) fn new(text: impl Into<String>, value: Value) -> Self {
        Self { text: Zeroizing::new(text.into()), value }
    }

    /// The same with another line for people: what to do next.
    pub(crate) fn with_line(self, line: &str) -> Self {
        Self { text: Zeroizing::new(format!("{}\n{line}", *self.text)), ..self }
    }

    pub(crate) fn print(self, json: bool) -> ExitCode {
        let text = if json { Zeroizing::new(self.value.to_string()) } else { self.text };
        if !text.is_empty() {
            // Whoever reads the first lines alone has closed the pipe: what was asked for is done all the same.
            let _ = writeln!(std::io::stdout().lock(), "{}", *text);
        }
        ExitCode::SUCCESS
    }
}
