//! `issuer-ca`: EMV certification authorities, issuers' keys, and the certificates between them.

use std::path::PathBuf;

use cardwright_data_preparation::emv::ExpiryMonth;
use cardwright_issuing_center::calendar::{DAY, day_text, month};
use cardwright_issuing_center::issuers::{self, NewIssuer, NewRoot, WARN_DAYS, key_name};
use cardwright_issuing_center::registry::person::Role;
use cardwright_issuing_center::registry::told;
use cardwright_issuing_center::store::{CertificationKeyRow, EmvIssuer, IssuerCertificate, Store};
use cardwright_keystore::KeyId;
use clap::Subcommand;
use serde_json::{Value, json};

use crate::acting::Acting;
use crate::context::{Context, read_text};
use crate::failure::Failure;
use crate::output_file;
use crate::report::Report;
use crate::rsa_size::RsaArguments;
use crate::until::until;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a test root: a certification authority of your own, that no real terminal knows
    Root {
        /// The RID it stands for, 10 hexadecimal digits that begin with F
        #[arg(long, default_value = "F0454D5601", value_parser = rid)]
        rid: [u8; 5],
        /// The key's index, 2 hexadecimal digits
        #[arg(long, value_parser = index)]
        index: u8,
        /// The month it ends with, YYYY-MM
        #[arg(long, value_parser = month)]
        expires: ExpiryMonth,
        #[command(flatten)]
        rsa: RsaArguments,
        #[command(flatten)]
        acting: Acting,
    },
    /// Make an issuer's key, to be certified then
    Key {
        /// Its name in profiles
        name: String,
        /// The issuer identifier: the first 3 to 8 digits of its card numbers
        #[arg(long, value_name = "DIGITS")]
        identifier: String,
        #[command(flatten)]
        rsa: RsaArguments,
        #[command(flatten)]
        acting: Acting,
    },
    /// Certify an issuer's key by a test root
    Sign {
        /// The issuer key's name
        name: String,
        /// The root, RID/INDEX
        #[arg(long, value_name = "RID/INDEX", value_parser = key_of_root)]
        root: ([u8; 5], u8),
        /// The month the certificate ends with, YYYY-MM
        #[arg(long, value_parser = month)]
        expires: ExpiryMonth,
        #[command(flatten)]
        acting: Acting,
    },
    /// Write the request for a scheme's certification authority
    Request {
        /// The issuer key's name
        name: String,
        /// The file to write
        #[arg(long)]
        out: PathBuf,
    },
    /// Take the certificate that a scheme's certification authority has made, with the authority's public key
    Import {
        /// The issuer key's name
        name: String,
        /// The file: see docs/center.md
        #[arg(long)]
        file: PathBuf,
        #[command(flatten)]
        acting: Acting,
    },
    /// List authorities and issuers, and what ends soon
    List,
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<Report, Failure> {
        match self {
            Self::List => list(context).await,
            Self::Request { name, out } => {
                let center = context.center().await?;
                let issuer = issuers::named(&*center.store, &name).await?;
                let public = center.keystore.rsa_public_key(&issuer.key.parse::<KeyId>()?)?;
                output_file::write(&out, issuers::request_text(&issuer, &public).as_bytes())?;
                let text = format!("The request for {name} is in {}.", out.display());
                Ok(Report::new(text, json!({ "issuer": name, "file": out.display().to_string() })))
            }
            Self::Root { rid, index, expires, rsa, acting } => {
                let new = NewRoot { rid, index, size: rsa.size()?, expires };
                let center = context.center().await?;
                let person = acting.person(context, &*center.store, Role::Admin).await?;
                let made = issuers::make_root(&center, &person, new).await;
                let root = told(&*center.store, context.now(), &person, made).await?;
                let text = format!("The test root {} is made.", key_name(rid, index));
                Ok(Report::new(text, root_value(&root, context.now())))
            }
            Self::Key { name, identifier, rsa, acting } => {
                let new = NewIssuer { name: &name, size: rsa.size()?, identifier: &identifier };
                let center = context.center().await?;
                let person = acting.person(context, &*center.store, Role::Admin).await?;
                let made = issuers::make(&center, &person, new).await;
                let issuer = told(&*center.store, context.now(), &person, made).await?;
                let text = format!("The issuer key {name} is made; have it certified now.");
                Ok(Report::new(text, issuer_value(&issuer, context.now())))
            }
            Self::Sign { name, root, expires, acting } => {
                let center = context.center().await?;
                let person = acting.person(context, &*center.store, Role::Admin).await?;
                let signed = issuers::sign(&center, &person, &name, root, expires).await;
                Ok(certified(&told(&*center.store, context.now(), &person, signed).await?, context.now()))
            }
            Self::Import { name, file, acting } => {
                let text = read_text(&file)?;
                let center = context.center().await?;
                let person = acting.person(context, &*center.store, Role::Admin).await?;
                let imported = issuers::import(&center, &person, &name, &text).await;
                Ok(certified(&told(&*center.store, context.now(), &person, imported).await?, context.now()))
            }
        }
    }
}

fn certified(certificate: &IssuerCertificate, now: i64) -> Report {
    let IssuerCertificate { issuer, rid, index, expires, .. } = certificate;
    let text = format!("The issuer key {issuer} is certified by {}, {}.", key_name(*rid, *index), until(*expires, now));
    Report::new(text, certificate_value(certificate, now))
}

async fn list(context: &Context) -> Result<Report, Failure> {
    let (store, now) = (context.store().await?, context.now());
    let (roots, issuers) = (store.certification_keys().await?, store.emv_issuers().await?);
    let mut lines: Vec<String> = roots.iter().map(|root| root_line(root, now)).collect();
    lines.extend(issuers.iter().map(|issuer| issuer_line(issuer, now)));
    let value = json!({
        "certification_keys": roots.iter().map(|root| root_value(root, now)).collect::<Vec<_>>(),
        "issuers": issuers.iter().map(|issuer| issuer_value(issuer, now)).collect::<Vec<_>>(),
    });
    Ok(Report::new(lines.join("\n"), value))
}

fn root_line(root: &CertificationKeyRow, now: i64) -> String {
    let whose = if root.key.is_some() { "test root" } else { "scheme's key" };
    let bits = root.modulus.len() * 8;
    format!("{}  {whose}  {bits} bits, {}", key_name(root.rid, root.index), until(root.expires, now))
}

fn issuer_line(issuer: &EmvIssuer, now: i64) -> String {
    let EmvIssuer { name, key, identifier, certificate } = issuer;
    let state = match certificate {
        None => "  not certified".to_owned(),
        Some(own) => format!("  certified by {}, {}", key_name(own.rid, own.index), until(own.expires, now)),
    };
    format!("{name}  issuer {identifier}  {key}{state}")
}

fn day_value(day: i64, now: i64) -> Value {
    let left = day - now.div_euclid(DAY);
    json!({ "until": day_text(day), "days_left": left, "warns": left < WARN_DAYS })
}

fn root_value(root: &CertificationKeyRow, now: i64) -> Value {
    json!({
        "name": key_name(root.rid, root.index),
        "rid": hex::encode_upper(root.rid),
        "index": format!("{:02X}", root.index),
        "modulus": hex::encode_upper(&root.modulus),
        "exponent": hex::encode_upper(&root.exponent),
        "test_root": root.key.is_some(),
        "validity": day_value(root.expires, now),
    })
}

fn issuer_value(issuer: &EmvIssuer, now: i64) -> Value {
    json!({
        "name": issuer.name,
        "key": issuer.key,
        "identifier": issuer.identifier,
        "certificate": issuer.certificate.as_ref().map(|own| certificate_value(own, now)),
    })
}

fn certificate_value(certificate: &IssuerCertificate, now: i64) -> Value {
    json!({
        "issuer": certificate.issuer,
        "number": certificate.number,
        "authority": key_name(certificate.rid, certificate.index),
        "certificate": hex::encode_upper(&certificate.certificate),
        "remainder": hex::encode_upper(&certificate.remainder),
        "validity": day_value(certificate.expires, now),
    })
}

fn rid(text: &str) -> Result<[u8; 5], String> {
    hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| "10 hexadecimal digits".to_owned())
}

fn index(text: &str) -> Result<u8, String> {
    let bytes = hex::decode(text).ok().and_then(|bytes| <[u8; 1]>::try_from(bytes).ok());
    bytes.map(|[index]| index).ok_or_else(|| "2 hexadecimal digits".to_owned())
}

fn key_of_root(text: &str) -> Result<([u8; 5], u8), String> {
    let (of, number) = text.split_once('/').ok_or_else(|| "RID/INDEX, as issuer-ca list shows it".to_owned())?;
    Ok((rid(of)?, index(number)?))
}
