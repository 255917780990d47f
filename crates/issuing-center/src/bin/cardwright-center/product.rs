//! `product`: card products.

use std::path::PathBuf;

use cardwright_issuing_center::registry::person::Role;
use cardwright_issuing_center::registry::{document, told};
use clap::Subcommand;
use serde_json::json;

use crate::acting::Acting;
use crate::context::{Context, read_text};
use crate::failure::Failure;
use crate::report::Report;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Import a card product's file
    Import {
        /// The file
        file: PathBuf,
        #[command(flatten)]
        acting: Acting,
    },
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<Report, Failure> {
        let Self::Import { file, acting } = self;
        let text = read_text(&file)?;
        let store = context.store().await?;
        let person = acting.person(context, &*store, Role::Admin).await?;
        let imported = document::import_product(&*store, context.now(), &person, &text).await;
        let document = told(&*store, context.now(), &person, imported).await?;
        let digest = hex::encode(document.digest);
        let text = format!("Card product {} is here, text {} (SHA-256 {digest}).", document.name, document.version);
        Ok(Report::new(text, json!({ "product": document.name, "text": document.version, "sha256": digest })))
    }
}
