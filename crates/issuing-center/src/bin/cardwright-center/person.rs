//! `person`: people and their roles.

use std::path::PathBuf;

use cardwright_issuing_center::registry::person::{self, Role};
use cardwright_issuing_center::registry::told;
use clap::Subcommand;
use serde_json::json;

use crate::acting::Acting;
use crate::context::{Context, secret_from};
use crate::failure::Failure;
use crate::report::Report;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Add a person
    Add {
        /// Their name
        name: String,
        /// What they may do: admin, order-entry, approver, operator, auditor; several times for several roles
        #[arg(long = "role", required = true)]
        roles: Vec<Role>,
        /// A file whose first line is the new person's secret; otherwise CARDWRIGHT_NEW_SECRET is
        #[arg(long, value_name = "FILE")]
        new_secret_file: Option<PathBuf>,
        #[command(flatten)]
        acting: Acting,
    },
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<Report, Failure> {
        let Self::Add { name, roles, new_secret_file, acting } = self;
        let secret = secret_from(new_secret_file.as_deref(), "CARDWRIGHT_NEW_SECRET", "--new-secret-file")?;
        let store = context.store().await?;
        let by = acting.person(context, &*store, Role::Admin).await?;
        let added = person::add(&*store, context.now(), &by, &name, &roles, &secret).await;
        let person = told(&*store, context.now(), &by, added).await?;
        let text = format!("{} is added: {}.", person.name, person.roles.join(", "));
        Ok(Report::new(text, json!({ "person": person.name, "roles": person.roles })))
    }
}
