//! `stock`: blank cards.

use std::path::PathBuf;

use cardwright_issuing_center::registry::person::Role;
use cardwright_issuing_center::registry::{stock, told};
use clap::Subcommand;
use serde_json::json;

use crate::acting::Acting;
use crate::context::{Context, read_file};
use crate::failure::Failure;
use crate::report::{Report, counted};

/// The longest shipment file.
const LONGEST: usize = 64 * 1024 * 1024;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Import a card maker's shipment file
    Import {
        /// The file
        shipment: PathBuf,
        /// The batch key, imported before
        #[arg(long, value_name = "NAME")]
        key: String,
        #[command(flatten)]
        acting: Acting,
    },
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<Report, Failure> {
        let Self::Import { shipment, key, acting } = self;
        let file = read_file(&shipment, LONGEST)?;
        let center = context.center().await?;
        let person = acting.person(context, &*center.store, Role::Admin).await?;
        let imported = stock::import(&center, &person, &file, &key).await;
        let count = told(&*center.store, context.now(), &person, imported).await?;
        Ok(Report::new(format!("{} in stock.", counted(count, "card")), json!({ "cards": count })))
    }
}
