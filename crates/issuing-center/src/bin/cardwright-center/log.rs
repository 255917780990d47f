//! `log`: the story it tells, and whether anybody has changed it.

use cardwright_issuing_center::journal::{story, verification};
use cardwright_issuing_center::refused::Refused;
use cardwright_issuing_center::store::Store;
use cardwright_relay::Code;
use clap::Subcommand;
use serde_json::json;

use crate::context::Context;
use crate::failure::Failure;
use crate::report::Report;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Tell what happened
    Show {
        /// Only what is about this order, by its reference
        #[arg(long, value_name = "REFERENCE")]
        order: Option<String>,
    },
    /// Check every entry, its hash, its place, and the root over all of them
    Verify,
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<Report, Failure> {
        let store = context.store().await?;
        match self {
            Self::Verify => {
                let verified = verification::verify(&*store).await?;
                let root = hex::encode(verified.root);
                let text = format!("The log is whole: {} entries, root {root}.", verified.size);
                Ok(Report::new(text, json!({ "size": verified.size, "root": root })))
            }
            Self::Show { order } => {
                let leaves = match order {
                    None => story::all(&*store).await?,
                    Some(reference) => {
                        let found = store.order_by_reference(&reference).await?;
                        let found = found.ok_or_else(|| Refused::with(Code::ORDER_UNKNOWN, [reference]))?;
                        story::of_order(&*store, found.id).await?
                    }
                };
                let lines: Vec<_> = leaves.iter().map(story::Told::line).collect();
                let values: Vec<_> = leaves.iter().map(story::Told::value).collect();
                Ok(Report::new(lines.join("\n"), json!({ "entries": values })))
            }
        }
    }
}
