//! `piv-ca`: authorities that certify the keys which PIV cards make.

use std::path::PathBuf;

use cardwright_issuing_center::calendar::{DAY, day_text};
use cardwright_issuing_center::issuers::WARN_DAYS;
use cardwright_issuing_center::piv_authority::{self, NewAuthority, Subject};
use cardwright_issuing_center::registry::person::Role;
use cardwright_issuing_center::registry::told;
use cardwright_issuing_center::store::{PivAuthority, Store};
use clap::Subcommand;
use serde_json::{Value, json};

use crate::acting::Acting;
use crate::context::{Context, read_file};
use crate::failure::Failure;
use crate::output_file;
use crate::report::Report;
use crate::until::until;

/// The longest chain of certificates.
const LONGEST: usize = 256 * 1024;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make an authority that signs its own certificate, or with --outside one that another authority certifies
    Make {
        /// Its name here, of a-z, 0-9, - and _
        name: String,
        /// The name that certificates tell: C=.., O=.., CN=..
        #[arg(long)]
        subject: Subject,
        /// Length of its RSA key: 2048 or 3072
        #[arg(long, default_value_t = 2048)]
        bits: u16,
        /// For how many years it signs itself
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=25))]
        years: u32,
        /// Sign nothing: its certificate comes from outside
        #[arg(long)]
        outside: bool,
        #[command(flatten)]
        acting: Acting,
    },
    /// Write the request for an outside authority: PKCS#10, PEM
    Request {
        /// The authority's name
        name: String,
        /// The file to write
        #[arg(long)]
        out: PathBuf,
    },
    /// Take the certificate that an outside authority has made, and those above it up to the root: PEM
    Import {
        /// The authority's name
        name: String,
        /// The file: the authority's certificate first
        #[arg(long)]
        file: PathBuf,
        #[command(flatten)]
        acting: Acting,
    },
    /// Write the authority's certificate, and those above it: PEM
    Export {
        /// The authority's name
        name: String,
        /// The file to write
        #[arg(long)]
        out: PathBuf,
    },
    /// List the authorities, and what ends soon
    List,
    /// List the serial numbers that an authority's certificates got
    Certificates {
        /// The authority's name
        name: String,
    },
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<Report, Failure> {
        match self {
            Self::Make { name, subject, bits, years, outside, acting } => {
                let own_days = (!outside).then_some(years * 365);
                let new = NewAuthority { name: &name, subject: &subject, bits, own_days };
                let center = context.center().await?;
                let person = acting.person(context, &*center.store, Role::Admin).await?;
                let made = piv_authority::make(&center, &person, new).await;
                let authority = told(&*center.store, context.now(), &person, made).await?;
                let next = if outside { "; have it certified now" } else { "" };
                let text = format!("The authority {name} is made, its key is {}{next}.", authority.key);
                Ok(Report::new(text, value(&authority, context.now())))
            }
            Self::Import { name, file, acting } => {
                let pem = read_file(&file, LONGEST)?;
                let center = context.center().await?;
                let person = acting.person(context, &*center.store, Role::Admin).await?;
                let imported = piv_authority::import(&center, &person, &name, &pem).await;
                let authority = told(&*center.store, context.now(), &person, imported).await?;
                Ok(Report::new(format!("The authority {name} is certified."), value(&authority, context.now())))
            }
            Self::Request { name, out } => {
                let center = context.center().await?;
                written(&out, &piv_authority::request(&center, &name).await?, "The request")
            }
            Self::Export { name, out } => {
                let store = context.store().await?;
                written(&out, &piv_authority::export(&*store, &name).await?, "The certificate")
            }
            Self::List => list(context).await,
            Self::Certificates { name } => certificates(context, &name).await,
        }
    }
}

fn written(out: &std::path::Path, pem: &str, what: &str) -> Result<Report, Failure> {
    output_file::write(out, pem.as_bytes())?;
    let file = out.display().to_string();
    Ok(Report::new(format!("{what} is in {file}."), json!({ "file": file })))
}

async fn list(context: &Context) -> Result<Report, Failure> {
    let now = context.now();
    let authorities = context.store().await?.piv_authorities().await?;
    let lines: Vec<_> = authorities.iter().map(|authority| line(authority, now)).collect();
    let values: Vec<_> = authorities.iter().map(|authority| value(authority, now)).collect();
    Ok(Report::new(lines.join("\n"), json!({ "authorities": values })))
}

async fn certificates(context: &Context, name: &str) -> Result<Report, Failure> {
    let store = context.store().await?;
    piv_authority::named(&*store, name).await?;
    let (mut lines, mut values) = (Vec::new(), Vec::new());
    for row in store.card_certificates(name).await? {
        let order = store.order(row.order).await?.map(|order| order.reference).unwrap_or_default();
        let serial = hex::encode_upper(&row.serial);
        lines.push(format!("{serial}  slot {:02X}  order {order}", row.slot));
        values.push(
            json!({ "serial": serial, "slot": format!("{:02X}", row.slot), "order": order, "prepared": row.prepared }),
        );
    }
    Ok(Report::new(lines.join("\n"), json!({ "certificates": values })))
}

fn line(authority: &PivAuthority, now: i64) -> String {
    let PivAuthority { name, key, subject, certified } = authority;
    let state = match certified {
        None => "waits for its certificate".to_owned(),
        Some(own) => until(own.expires, now),
    };
    format!("{name}  {subject}  {key}  {state}")
}

fn value(authority: &PivAuthority, now: i64) -> Value {
    let own = authority.certified.as_ref();
    json!({
        "name": authority.name,
        "key": authority.key,
        "subject": authority.subject,
        "certified": own.is_some(),
        "until": own.map(|own| day_text(own.expires)),
        "warns": own.is_some_and(|own| own.expires - now.div_euclid(DAY) < WARN_DAYS),
    })
}
