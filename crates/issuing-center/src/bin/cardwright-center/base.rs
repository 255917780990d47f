//! `base`: places where cards are written.

use cardwright_issuing_center::registry::person::Role;
use cardwright_issuing_center::registry::{base, told};
use clap::Subcommand;
use serde_json::json;

use crate::acting::Acting;
use crate::context::Context;
use crate::failure::Failure;
use crate::report::Report;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Add a base
    Add {
        /// Its name
        name: String,
        /// The lowest tier of readers that is accepted: 0 attributes, 1 host hardening, 2 a SAM
        #[arg(long, value_parser = clap::value_parser!(u8).range(0..=2))]
        reader_tier: u8,
        #[command(flatten)]
        acting: Acting,
    },
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<Report, Failure> {
        let Self::Add { name, reader_tier, acting } = self;
        let store = context.store().await?;
        let person = acting.person(context, &*store, Role::Admin).await?;
        let added = base::add(&*store, context.now(), &person, &name, reader_tier).await;
        told(&*store, context.now(), &person, added).await?;
        Ok(Report::new(format!("Base {name} is added."), json!({ "base": name, "reader_tier": reader_tier })))
    }
}
