//! `insert`: the card is in a reader until the reader closes or the process ends.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use cardwright_virtual_card::Card;
use clap::Args;
use serde_json::json;

use crate::failure::Failure;
use crate::report::Report;
use crate::state_file;
use crate::vpcd::{RETRY, Reader, Request};

#[derive(Args)]
pub(crate) struct Insert {
    /// the state file
    state: PathBuf,
    /// The reader's port
    #[arg(long)]
    port: u16,
    /// The reader's host
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// Seconds to wait for the reader to listen
    #[arg(long, default_value_t = 0)]
    wait: u64,
}

impl Insert {
    pub(crate) fn run(&self, report: &Report) -> Result<(), Failure> {
        let _held = state_file::hold(&self.state)?;
        let state = state_file::load(&self.state)?;
        let name = state.product.name.clone();
        let mut card = Card::new(state, Box::new(state_file::entropy()?));
        let mut reader = self.connect()?;
        let place = format!("{}:{}", self.host, self.port);
        report.result(&format!("{name} is in the reader at {place}"), &json!({ "inserted": place, "product": name }));
        self.serve(&mut card, &mut reader)?;
        report.result("removed", &json!({ "removed": place }));
        Ok(())
    }

    fn connect(&self) -> Result<Reader, Failure> {
        let end = Instant::now() + Duration::from_secs(self.wait);
        loop {
            match Reader::connect(&self.host, self.port) {
                Ok(reader) => return Ok(reader),
                Err(_) if Instant::now() < end => std::thread::sleep(RETRY),
                Err(error) => {
                    let what = format!("no reader listens on {}:{}", self.host, self.port);
                    return Err(Failure::at(what)(error));
                }
            }
        }
    }

    fn serve(&self, card: &mut Card, reader: &mut Reader) -> Result<(), Failure> {
        let mut answer_to_reset = card.reset();
        while let Some(request) = reader.next()? {
            match request {
                Request::Power => answer_to_reset = card.reset(),
                Request::AnswerToReset => reader.answer(&answer_to_reset)?,
                Request::Command(command) => {
                    let answer = self.execute(card, &command)?;
                    reader.answer(&answer)?;
                }
            }
        }
        Ok(())
    }

    /// What changed is on the disk before the answer goes out; then the rest of the chip's time passes.
    fn execute(&self, card: &mut Card, command: &[u8]) -> Result<Vec<u8>, Failure> {
        let begun = Instant::now();
        let writes = card.persistent_writes();
        let answer = card.transmit(command);
        if card.persistent_writes() != writes {
            state_file::save(&self.state, card.state())?;
        }
        std::thread::sleep(card.last_duration().saturating_sub(begun.elapsed()));
        Ok(answer)
    }
}
