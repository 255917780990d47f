//! Issuing one order at a base, as an operator does it: the terminal asks for a card, somebody puts one in.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::Fault;
use super::base::Base;
use super::card_host::Mischief;
use super::process::Running;

/// How long a terminal may take from one event to the next.
const EVENT: Duration = Duration::from_secs(60);

/// How an attempt to issue ended.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// `issued`, `refused`, `failed-clean` or `unknown`
    pub outcome: String,
    /// the code of what went wrong; empty where nothing did
    pub code: String,
    /// what went wrong, in a sentence
    pub happened: String,
    /// the terminal's exit code
    pub exit: i32,
    /// everything the terminal told
    pub events: Vec<Value>,
}

impl Attempt {
    /// Whether the card is issued.
    #[must_use]
    pub fn is_issued(&self) -> bool {
        self.outcome == "issued" && self.exit == 0
    }

    /// How many commands the longest script had.
    #[must_use]
    pub fn commands(&self) -> u64 {
        self.events.iter().filter_map(|event| event["total"].as_u64()).max().unwrap_or(0)
    }

    fn of(result: &Value, exit: i32, events: Vec<Value>) -> Self {
        let text = |key: &str| result[key].as_str().unwrap_or_default().to_owned();
        Self { outcome: text("outcome"), code: text("code"), happened: text("happened"), exit, events }
    }
}

impl Base {
    /// Lets the terminal issue an order: empties the reader, and puts `card` in when the terminal asks for one.
    ///
    /// # Errors
    /// The terminal did not come to an end, or the card could not be put in.
    pub fn issue(&self, order: &str, card: &Path) -> Result<Attempt, Fault> {
        self.issue_with(order, card, Mischief::None, None, &mut |_| Ok(()))
    }

    /// The same with something that happens to what passes, a center that is dialled instead of the enrolled address,
    /// and somebody who is told every event before the next is read.
    ///
    /// # Errors
    /// As [`Base::issue`]; what `watch` answers.
    pub fn issue_with(
        &self,
        order: &str,
        card: &Path,
        mischief: Mischief,
        center: Option<SocketAddr>,
        watch: &mut dyn FnMut(&Value) -> Result<(), Fault>,
    ) -> Result<Attempt, Fault> {
        self.remove_card()?;
        let mut terminal =
            self.start_terminal(center, &["issue", order, "--wait", "20", "--reader", &self.reader_name()])?;
        self.attend(&mut terminal, card, mischief, watch)
    }

    /// Puts `card` in when a running terminal asks for one, and waits for the end.
    ///
    /// # Errors
    /// As [`Base::issue_with`].
    pub fn attend(
        &self,
        terminal: &mut Running,
        card: &Path,
        mischief: Mischief,
        watch: &mut dyn FnMut(&Value) -> Result<(), Fault>,
    ) -> Result<Attempt, Fault> {
        let mut events = Vec::new();
        while let Some(event) = terminal.event(EVENT, |_| true) {
            watch(&event)?;
            if event["event"] == "insert-card" {
                self.insert(0, card, mischief)?;
            }
            let is_last = event["event"] == "result";
            events.push(event);
            if is_last {
                break;
            }
        }
        let status = terminal.wait(EVENT);
        let exit = status.and_then(|status| status.code()).unwrap_or(-1);
        match events.last().cloned() {
            Some(result) if result["event"] == "result" => Ok(Attempt::of(&result, exit, events)),
            last => {
                Err(Fault::story(format!("the terminal ended ({status:?}) without a result; its last event: {last:?}")))
            }
        }
    }
}
