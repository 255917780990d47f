//! `init`: a new center.

use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::Arc;

use cardwright_issuing_center::authority::CERTIFICATE_SETTING;
use cardwright_issuing_center::center::Center;
use cardwright_issuing_center::refused::Refused;
use cardwright_issuing_center::registry::setup;
use cardwright_issuing_center::store::{SqlStore, Store, StoreError};
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
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&context.state)
            .map_err(|error| Failure::file(&state, error))?;
        let keystore = context.keystore_path();
        let has_keys = keystore.exists();
        let store = rows(&context.database_url(), has_keys).await?.ok_or_else(exists)?;
        let make = if has_keys { SoftwareKeystore::open } else { SoftwareKeystore::create };
        let keystore = make(&keystore, &passphrase, Settings::default())?;
        let center = Center { store: Arc::new(store), keystore: Arc::new(keystore), clock: context.clock() };
        setup::set_up(&center, &self.admin, &secret).await?;
        let text = format!("The center is set up in {state}. {} may now add bases, people and products.", self.admin);
        Ok(Report::new(text, json!({ "state": state, "admin": self.admin })))
    }
}

/// The rows of a center that is not set up yet: new ones, or those that an `init` that died has left. `None` where
/// there is a center, or a keystore that belongs to other rows.
async fn rows(url: &str, has_keys: bool) -> Result<Option<SqlStore>, Failure> {
    let store = if has_keys {
        match SqlStore::open(url).await {
            Ok(store) => store,
            Err(_) => return Ok(None),
        }
    } else {
        match SqlStore::create(url).await {
            Err(StoreError::Conflict(_)) => SqlStore::open(url).await?,
            made => made?,
        }
    };
    let is_set_up = store.setting(CERTIFICATE_SETTING).await?.is_some();
    Ok((!is_set_up).then_some(store))
}
