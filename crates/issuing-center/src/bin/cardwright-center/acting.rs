//! Who answers for a command: `--as NAME`, with a secret that never stands on the command line.

use std::path::PathBuf;

use cardwright_issuing_center::registry::person::{self, Role};
use cardwright_issuing_center::store::{Person, Store};
use clap::Args;
use zeroize::Zeroizing;

use crate::context::{Context, secret_from};
use crate::failure::Failure;

/// The person who answers.
#[derive(Args)]
pub(crate) struct Acting {
    /// Who answers for this
    #[arg(id = "acting_person", long = "as", value_name = "NAME")]
    name: String,
    /// A file whose first line is their secret; otherwise CARDWRIGHT_SECRET is
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
}

impl Acting {
    /// The person, if the secret is theirs and they have `role`. A refusal is in the log.
    pub(crate) async fn person<S: Store>(&self, context: &Context, store: &S, role: Role) -> Result<Person, Failure> {
        self.one_of(context, store, &[role]).await
    }

    /// The person, if the secret is theirs and they have one of `roles`. A refusal is in the log.
    pub(crate) async fn one_of<S: Store>(
        &self,
        context: &Context,
        store: &S,
        roles: &[Role],
    ) -> Result<Person, Failure> {
        let secret = self.secret()?;
        Ok(person::authenticate(store, context.now(), &self.name, &secret, roles).await?)
    }

    fn secret(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        secret_from(self.secret_file.as_deref(), "CARDWRIGHT_SECRET", "--secret-file")
    }
}
