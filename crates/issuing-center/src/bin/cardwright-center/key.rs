//! `key`: the batch keys of card makers, and what the keystore holds.

use std::path::{Path, PathBuf};

use cardwright_issuing_center::registry::document;
use cardwright_issuing_center::registry::key::{self, NewMaster};
use cardwright_issuing_center::registry::person::Role;
use cardwright_issuing_center::registry::stock::check_value;
use cardwright_issuing_center::registry::told;
use cardwright_issuing_center::sealing;
use cardwright_issuing_center::store::SqlStore;
use cardwright_keystore::{Kcv, KeyKind, PublishedKeys};
use clap::{Subcommand, ValueEnum};
use serde::Deserialize;
use serde_json::json;
use zeroize::{Zeroize, Zeroizing};

use crate::acting::Acting;
use crate::context::{Context, read_file};
use crate::failure::Failure;
use crate::report::Report;

/// The longest key file.
const LONGEST: usize = 4_096;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Import a card maker's batch key: a batch key file, or a file of hexadecimal digits with --kind and --kcv
    Import {
        /// Its name here
        name: String,
        /// The file
        #[arg(long)]
        file: PathBuf,
        /// What it is; of a batch key file it is what the keys of its card product are
        #[arg(long, value_enum)]
        kind: Option<Kind>,
        /// The check value on the ceremony's papers, 6 hexadecimal digits; a batch key file brings its own
        #[arg(long)]
        kcv: Option<String>,
        /// Take a published test key, for card products that allow one as their transport keys
        #[arg(long)]
        allow_published: bool,
        #[command(flatten)]
        acting: Acting,
    },
    /// List the keys, without their values
    List,
}

/// What a batch key is.
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

/// A card maker's batch key file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchKeyFile {
    format: u32,
    product: String,
    master: String,
    kcv: String,
}

impl Drop for BatchKeyFile {
    fn drop(&mut self) {
        self.master.zeroize();
    }
}

/// A key's value, its check value, and the card product it is for, where the file says so.
struct Entered {
    value: Zeroizing<Vec<u8>>,
    kcv: Kcv,
    product: Option<String>,
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<Report, Failure> {
        match self {
            Self::List => list(context).await,
            Self::Import { name, file, kind, kcv, allow_published, acting } => {
                let entered = entered(&file, kcv.as_deref())?;
                let center = context.center().await?;
                let person = acting.person(context, &*center.store, Role::Admin).await?;
                let published =
                    if allow_published { PublishedKeys::AllowedForTransport } else { PublishedKeys::Refused };
                let kind = kind_of(&center.store, kind, entered.product.as_deref()).await?;
                let Entered { value, kcv, .. } = &entered;
                let new = NewMaster { name: &name, kind, value, expected: *kcv, published };
                let imported = key::import(&center, &person, &new).await;
                let info = told(&*center.store, context.now(), &person, imported).await?;
                let text = format!("Key {} is here: {}, check value {kcv}.", info.id, info.kind);
                Ok(Report::new(
                    text,
                    json!({ "key": info.id.to_string(), "kind": info.kind.to_string(), "kcv": kcv.to_string() }),
                ))
            }
        }
    }
}

async fn list(context: &Context) -> Result<Report, Failure> {
    let keys = context.center().await?.keystore.list()?;
    let line = |key: &cardwright_keystore::KeyInfo| {
        format!("{}  {}  {:?}  {}", key.id, key.kind, key.purpose, check_value(key))
    };
    let text: Vec<_> = keys.iter().map(line).collect();
    let values: Vec<_> = keys
        .iter()
        .map(|key| json!({ "key": key.id.to_string(), "kind": key.kind.to_string(), "check_value": check_value(key) }))
        .collect();
    Ok(Report::new(text.join("\n"), json!({ "keys": values })))
}

/// What the key is: as the command line says, or as the keys of the card product are that the file names.
async fn kind_of(store: &SqlStore, kind: Option<Kind>, product: Option<&str>) -> Result<KeyKind, Failure> {
    match (kind, product) {
        (Some(kind), _) => Ok(kind.into()),
        (None, Some(product)) => Ok(sealing::key_kind(&document::product(store, product).await?)),
        (None, None) => Err(Failure::Usage("--kind is needed for hexadecimal digits".into())),
    }
}

/// Reads the key file. Nothing of it is repeated in a message.
fn entered(path: &Path, kcv: Option<&str>) -> Result<Entered, Failure> {
    let text = read_file(path, LONGEST)?;
    let text = std::str::from_utf8(&text).map_err(|_| Failure::file(path.display(), "not text"))?;
    let (digits, kcv, product) = if text.contains('=') {
        let wrong = || Failure::file(path.display(), "not a batch key file of format 1");
        let mut file: BatchKeyFile = toml::from_str(text).map_err(|_| wrong())?;
        if file.format != 1 {
            return Err(wrong());
        }
        let kcv = kcv.map_or_else(|| file.kcv.clone(), str::to_owned);
        (Zeroizing::new(std::mem::take(&mut file.master)), kcv, Some(file.product.clone()))
    } else {
        let kcv = kcv.ok_or_else(|| Failure::Usage("--kcv is needed: the check value on the papers".into()))?;
        (Zeroizing::new(text.split_whitespace().collect()), kcv.to_owned(), None)
    };
    let value = hex::decode(digits.trim()).map(Zeroizing::new);
    let value = value.map_err(|_| Failure::file(path.display(), "the key is not hexadecimal"))?;
    let kcv = hex::decode(&kcv).ok().and_then(|bytes| <[u8; 3]>::try_from(bytes).ok());
    let kcv = kcv.ok_or_else(|| Failure::Usage("a check value has 6 hexadecimal digits".into()))?;
    Ok(Entered { value, kcv: Kcv(kcv), product })
}
