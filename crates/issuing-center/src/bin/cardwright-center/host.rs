//! `host`: the issuer's host, what it was told, and what it gets.

use std::path::PathBuf;

use cardwright_issuing_center::calendar::utc;
use cardwright_issuing_center::host::{self, SharedSecret};
use cardwright_issuing_center::refused::Refused;
use cardwright_issuing_center::registry::person::Role;
use cardwright_issuing_center::registry::told;
use cardwright_issuing_center::store::{HostEvent, Retry, Store};
use cardwright_relay::Code;
use clap::Subcommand;
use serde_json::{Value, json};

use crate::acting::Acting;
use crate::context::{Context, read_file};
use crate::failure::Failure;
use crate::host_export::Export;
use crate::report::{Report, counted};

/// The longest file of certificates.
const LONGEST_CA: usize = 1024 * 1024;
/// The most events that are counted, and the most that are shown.
const COUNTED: u32 = 10_000;
const SHOWN: usize = 20;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Say where the issuer's host is; the first time, the secret that it knows the center by is shown, once
    Set {
        /// https://HOST/PATH, or http:// on this machine
        #[arg(long)]
        url: String,
        /// The certificates that the host's must lead to (PEM); without them those that this machine trusts
        #[arg(long, value_name = "FILE")]
        ca: Option<PathBuf>,
        #[command(flatten)]
        acting: Acting,
    },
    /// Show the host, and what waits for it
    Show,
    /// Send everything that waits again at once
    Retry {
        #[command(flatten)]
        acting: Acting,
    },
    /// Make another secret and show it, once; for a day, events are signed by it and by the one before
    RotateKey {
        #[command(flatten)]
        acting: Acting,
    },
    /// Write what the host needs to know of cards that were issued: number, sequence number, expiry, PIN block, PVV
    Export(Export),
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<Report, Failure> {
        match self {
            Self::Set { url, ca, acting } => set(context, &url, ca, &acting).await,
            Self::Show => show(context).await,
            Self::Retry { acting } => retry(context, &acting).await,
            Self::RotateKey { acting } => rotate(context, &acting).await,
            Self::Export(export) => export.run(context).await,
        }
    }
}

async fn set(context: &Context, url: &str, ca: Option<PathBuf>, acting: &Acting) -> Result<Report, Failure> {
    let ca = ca.map(|path| read_file(&path, LONGEST_CA)).transpose()?;
    let center = context.center().await?;
    let person = acting.person(context, &*center.store, Role::Admin).await?;
    let set = host::set(&center, &person, url, ca.as_deref().map(Vec::as_slice)).await;
    let secret = told(&*center.store, context.now(), &person, set).await?;
    let text = format!("The issuer's host is told at {url}.");
    Ok(match secret {
        Some(secret) => shown(&text, url, &secret),
        None => Report::new(format!("{text} Its secret stays what it was."), json!({ "url": url })),
    })
}

async fn rotate(context: &Context, acting: &Acting) -> Result<Report, Failure> {
    let center = context.center().await?;
    let person = acting.person(context, &*center.store, Role::Admin).await?;
    let rotated = host::rotate_key(&center, &person).await;
    let secret = told(&*center.store, context.now(), &person, rotated).await?;
    let url = center.store.host().await?.map(|host| host.url).unwrap_or_default();
    Ok(shown("Events are signed by a new secret, and for a day by the one before as well.", &url, &secret))
}

/// The one time that a secret is shown.
fn shown(text: &str, url: &str, secret: &SharedSecret) -> Report {
    let SharedSecret { key, hexadecimal } = secret;
    let text = format!("{text}\nGive the host this secret now; it is not shown again.\n{key} {}", **hexadecimal);
    Report::new(text, json!({ "url": url, "key": key, "secret": **hexadecimal }))
}

async fn retry(context: &Context, acting: &Acting) -> Result<Report, Failure> {
    let store = context.store().await?;
    acting.one_of(context, &*store, &[Role::Admin, Role::Operator]).await?;
    if store.host().await?.is_none() {
        return Err(Refused::new(Code::HOST_UNKNOWN).into());
    }
    let count = store.retry_events(context.now(), Retry::All).await?;
    let text = format!("{} sent again at once, if the center runs.", counted(count as usize, "event"));
    Ok(Report::new(text, json!({ "events": count })))
}

async fn show(context: &Context) -> Result<Report, Failure> {
    let store = context.store().await?;
    let host = store.host().await?;
    let waiting = store.events_waiting(COUNTED).await?;
    let mut lines = Vec::new();
    match &host {
        Some(host) => {
            let roots = if host.ca.is_some() { "its own certificates" } else { "this machine's certificates" };
            lines.push(format!("{}  ({roots})", host.url));
            lines.push(format!("  signed by {}", host.key));
            let previous = host.previous_key.as_ref().filter(|_| context.now() < host.previous_until);
            lines.extend(previous.map(|key| format!("  and by {key} until {}", utc(host.previous_until))));
        }
        None => lines.push("No issuer's host is set; events wait, and nothing else does.".to_owned()),
    }
    match waiting.first() {
        Some(oldest) => {
            let since = utc(oldest.event.created);
            lines.push(format!("  {} waiting since {since}", counted(waiting.len(), "event")));
        }
        None => lines.push("  nothing waits".to_owned()),
    }
    let mut events = Vec::new();
    for event in waiting.iter().take(SHOWN) {
        let order = store.order(event.event.order).await?.map(|order| order.reference).unwrap_or_default();
        lines.push(line(event, &order));
        events.push(value(event, &order));
    }
    let value = json!({
        "url": host.as_ref().map(|host| &host.url),
        "key": host.as_ref().map(|host| &host.key),
        "waiting": waiting.len(),
        "since": waiting.first().map(|oldest| oldest.event.created),
        "last_error": waiting.iter().find_map(|event| event.last_error.as_ref()),
        "events": events,
    });
    Ok(Report::new(lines.join("\n"), value))
}

fn line(event: &HostEvent, order: &str) -> String {
    let why = match &event.last_error {
        Some(reason) => format!(": {} times in vain, {reason}; again {}", event.attempts, utc(event.next_attempt)),
        None => String::new(),
    };
    format!("  {:>6}  {}  order {order}  {}{why}", event.number, event.event.kind, utc(event.event.created))
}

fn value(event: &HostEvent, order: &str) -> Value {
    json!({
        "id": hex::encode(*event.event.id),
        "number": event.number,
        "kind": event.event.kind,
        "order": order,
        "time": event.event.created,
        "attempts": event.attempts,
        "next_attempt": event.next_attempt,
        "last_error": event.last_error,
    })
}
