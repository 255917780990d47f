//! `key`: batch keys of card makers, masters of applications, keys shared with others, and what the keystore holds.

use std::path::PathBuf;

use cardwright_issuing_center::registry::document;
use cardwright_issuing_center::registry::key::{self, KeyUse, NewMaster, use_name};
use cardwright_issuing_center::registry::person::Role;
use cardwright_issuing_center::registry::stock::check_value;
use cardwright_issuing_center::registry::told;
use cardwright_issuing_center::sealing;
use cardwright_issuing_center::store::SqlStore;
use cardwright_keystore::{Kcv, KeyInfo, KeyKind, PublishedKeys};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use crate::acting::Acting;
use crate::context::Context;
use crate::failure::Failure;
use crate::key_file::{entered, entered_rsa};
use crate::report::Report;
use crate::rsa_size::RsaArguments;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Import a key: a card maker's batch key file, a file of hexadecimal digits with --kind and --kcv, or PKCS#8
    Import(Import),
    /// Make a key that nobody ever sees
    Generate {
        /// Its name here
        name: String,
        /// What it is for: application, verification, zone, card-keys
        #[arg(long = "use", value_name = "USE")]
        key_use: KeyUse,
        /// What it is
        #[arg(long, value_enum)]
        kind: Kind,
        #[command(flatten)]
        acting: Acting,
    },
    /// List the keys, without their values
    List,
}

#[derive(Args)]
pub(crate) struct Import {
    /// Its name here
    name: String,
    /// The file
    #[arg(long)]
    file: PathBuf,
    /// What it is for: card-keys, application, verification, zone, authority
    #[arg(long = "use", value_name = "USE", default_value = "card-keys")]
    key_use: KeyUse,
    /// What it is; of a batch key file it is what the keys of its card product are
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// The check value on the ceremony's papers, 6 hexadecimal digits; a batch key file brings its own
    #[arg(long)]
    kcv: Option<String>,
    #[command(flatten)]
    rsa: RsaArguments,
    /// Take a published test key, for card products that allow one as their transport keys
    #[arg(long)]
    allow_published: bool,
    #[command(flatten)]
    acting: Acting,
}

/// What a symmetric key is.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    /// two-key triple DES
    Tdes2,
    /// AES, 16 bytes
    Aes128,
    /// AES, 24 bytes
    Aes192,
    /// AES, 32 bytes
    Aes256,
}

impl From<Kind> for KeyKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Tdes2 => Self::Tdes2,
            Kind::Aes128 => Self::Aes128,
            Kind::Aes192 => Self::Aes192,
            Kind::Aes256 => Self::Aes256,
        }
    }
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<Report, Failure> {
        match self {
            Self::List => list(context).await,
            Self::Import(import) => import.run(context).await,
            Self::Generate { name, key_use, kind, acting } => {
                let center = context.center().await?;
                let person = acting.person(context, &*center.store, Role::Admin).await?;
                let made = key::generate(&center, &person, &name, kind.into(), key_use).await;
                Ok(report(&told(&*center.store, context.now(), &person, made).await?))
            }
        }
    }
}

impl Import {
    async fn run(self, context: &Context) -> Result<Report, Failure> {
        if self.key_use == KeyUse::Authority {
            let (kind, value) = (KeyKind::Rsa(self.rsa.size()?), entered_rsa(&self.file)?);
            return self.take(context, kind, &value, None).await;
        }
        let entered = entered(&self.file, self.kcv.as_deref())?;
        let store = context.store().await?;
        let kind = kind_of(&store, self.kind, entered.product.as_deref()).await?;
        self.take(context, kind, &entered.value, Some(entered.kcv)).await
    }

    async fn take(
        self,
        context: &Context,
        kind: KeyKind,
        value: &[u8],
        expected: Option<Kcv>,
    ) -> Result<Report, Failure> {
        let Self { name, key_use, allow_published, acting, .. } = self;
        let center = context.center().await?;
        let person = acting.person(context, &*center.store, Role::Admin).await?;
        let published = if allow_published { PublishedKeys::AllowedForTransport } else { PublishedKeys::Refused };
        let new = NewMaster { name: &name, kind, key_use, value, expected, published };
        let imported = key::import(&center, &person, &new).await;
        Ok(report(&told(&*center.store, context.now(), &person, imported).await?))
    }
}

fn report(info: &KeyInfo) -> Report {
    let check_value = check_value(info);
    let what = if matches!(info.kind, KeyKind::Rsa(_)) { "public key" } else { "check value" };
    let text = format!("Key {} is here: {}, for {}, {what} {check_value}.", info.id, info.kind, use_name(info.purpose));
    let mut value = value(info);
    value["kcv"] = json!(check_value);
    Report::new(text, value)
}

fn value(info: &KeyInfo) -> Value {
    json!({
        "key": info.id.to_string(),
        "kind": info.kind.to_string(),
        "use": use_name(info.purpose),
        "check_value": check_value(info),
    })
}

async fn list(context: &Context) -> Result<Report, Failure> {
    let keys = context.center().await?.keystore.list()?;
    let line = |key: &KeyInfo| format!("{}  {}  {}  {}", key.id, key.kind, use_name(key.purpose), check_value(key));
    let text: Vec<_> = keys.iter().map(line).collect();
    Ok(Report::new(text.join("\n"), json!({ "keys": keys.iter().map(value).collect::<Vec<_>>() })))
}

/// What the key is: as the command line says, or as the keys of the card product are that the file names.
async fn kind_of(store: &SqlStore, kind: Option<Kind>, product: Option<&str>) -> Result<KeyKind, Failure> {
    match (kind, product) {
        (Some(kind), _) => Ok(kind.into()),
        (None, Some(product)) => Ok(sealing::key_kind(document::product(store, product).await?.protocol())),
        (None, None) => Err(Failure::Usage("--kind is needed for hexadecimal digits".into())),
    }
}
