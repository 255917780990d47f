//! `init`: a new center.

use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::Arc;

use cardwright_issuing_center::center::Center;
use cardwright_issuing_center::refused::Refused;
use cardwright_issuing_center::registry::setup;
use cardwright_issuing_center::store::{SqlStore, StoreError};
use cardwright_keystore::software::{Settings, SoftwareKeystore};
use cardwright_relay::Code;
use clap::Args;
use serde_json::json;

use crate::context::{Context, secret_from};
use crate::failure::Failure;
use crate::report::Report;

#[derive(Args)]
pub(crate) struct Init {
    /// The first person, an admin, who adds the others
    #[arg(long, value_name = "NAME")]
    admin: String,
    /// A file whose first line is their secret; otherwise CARDWRIGHT_SECRET is
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
}

impl Init {
    pub(crate) async fn run(self, context: &Context) -> Result<Report, Failure> {
        let secret = secret_from(self.secret_file.as_deref(), "CARDWRIGHT_SECRET", "--secret-file")?;
        let passphrase = context.passphrase()?;
        let state = context.state.display().to_string();
        let exists = || Failure::Refused(Refused::with(Code::CENTER_EXISTS, [state.clone()]));
        if context.keystore_path().exists() {
            return Err(exists());
        }
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&context.state)
            .map_err(|error| Failure::file(&state, error))?;
        let store = SqlStore::create(&context.database_url()).await.map_err(|error| match error {
            StoreError::Conflict(_) => exists(),
            other => other.into(),
        })?;
        let keystore = SoftwareKeystore::create(&context.keystore_path(), &passphrase, Settings::default())?;
        let center = Center { store: Arc::new(store), keystore: Arc::new(keystore), clock: context.clock() };
        setup::set_up(&center, &self.admin, &secret).await?;
        let text = format!("The center is set up in {state}. {} may now add bases, people and products.", self.admin);
        Ok(Report::new(text, json!({ "state": state, "admin": self.admin })))
    }
}
