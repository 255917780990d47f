//! `reader`: the reader/writers that terminals may work with.

use std::path::PathBuf;

use cardwright_issuance::row::Reader;
use cardwright_issuing_center::presence::register::NewReader;
use cardwright_issuing_center::store::Store;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::acting::Acting;
use crate::context::{Context, read_file};
use crate::failure::Failure;
use crate::report::Report;
use crate::terminal::admitted;

/// The longest key file.
const LONGEST: usize = 64 * 1024;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Enter a reader
    Enrol(Enrol),
    /// List all readers
    List,
    /// Revoke a reader
    Revoke {
        /// Its name
        name: String,
        #[command(flatten)]
        acting: Acting,
    },
}

#[derive(Args)]
pub(crate) struct Enrol {
    /// Its name
    name: String,
    /// The base it stands at
    #[arg(long)]
    base: String,
    /// How it shows that it is the one: 0 attributes, 1 host hardening, 2 a SAM
    #[arg(long, value_parser = clap::value_parser!(u8).range(0..=2))]
    tier: u8,
    /// PC/SC name of the slot that takes the card; * stands for any characters
    #[arg(long, value_name = "NAME")]
    card_slot: String,
    /// PC/SC name of the slot that holds the SAM (tier 2)
    #[arg(long, value_name = "NAME", default_value = "")]
    sam_slot: String,
    /// The SAM's P-256 key or certificate, PEM or DER (tier 2)
    #[arg(long, value_name = "FILE")]
    sam_key: Option<PathBuf>,
    #[command(flatten)]
    acting: Acting,
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<Report, Failure> {
        match self {
            Self::Enrol(enrol) => enrol.run(context).await,
            Self::List => list(context).await,
            Self::Revoke { name, acting } => {
                let (register, person) = admitted(context, &acting).await?;
                register.revoke_reader(&person, &name).await?;
                Ok(Report::new(format!("Reader {name} is revoked."), json!({ "reader": name, "revoked": true })))
            }
        }
    }
}

impl Enrol {
    async fn run(self, context: &Context) -> Result<Report, Failure> {
        let sam_key = match &self.sam_key {
            Some(file) => read_file(file, LONGEST)?.to_vec(),
            None => Vec::new(),
        };
        let (register, person) = admitted(context, &self.acting).await?;
        let Self { name, base, tier, card_slot, sam_slot, .. } = self;
        let new = NewReader { name, base, tier, card_slot, sam_slot, sam_key };
        let reader = register.enrol_reader(&person, new).await?;
        let text = format!("Reader {} is entered at {}.", reader.name, reader.base);
        Ok(Report::new(text, json!({ "reader": value(&reader) })))
    }
}

async fn list(context: &Context) -> Result<Report, Failure> {
    let readers = context.store().await?.readers().await?;
    let lines: Vec<_> = readers.iter().map(line).collect();
    Ok(Report::new(lines.join("\n"), json!({ "readers": readers.iter().map(value).collect::<Vec<_>>() })))
}

fn line(reader: &Reader) -> String {
    let state = if reader.revoked.is_some() { "revoked" } else { "entered" };
    format!("{}  {}  {state}  tier {}  {}", reader.name, reader.base, reader.tier, reader.card_slot)
}

fn value(reader: &Reader) -> Value {
    json!({
        "id": hex::encode(*reader.id),
        "name": reader.name,
        "base": reader.base,
        "tier": reader.tier,
        "card_slot": reader.card_slot,
        "sam_slot": reader.sam_slot,
        "sam_key": hex::encode(&reader.sam_key),
        "revoked": reader.revoked,
    })
}
