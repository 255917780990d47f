//! `terminal`: who may work at a base.

use cardwright_issuance::row::Terminal;
use cardwright_issuing_center::calendar::day_of;
use cardwright_issuing_center::presence::register::Register;
use cardwright_issuing_center::registry::person::Role;
use cardwright_issuing_center::store::{SqlStore, Store};
use clap::Subcommand;
use serde_json::{Value, json};

use crate::acting::Acting;
use crate::context::Context;
use crate::failure::Failure;
use crate::report::Report;

/// Microseconds of an hour.
const HOUR: i64 = 3_600_000_000;
/// Microseconds of a day.

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a one-time code by which a terminal enrols; a terminal of this name that is there already is replaced
    Enrol {
        /// The name it will have
        name: String,
        /// The base it will stand at
        #[arg(long)]
        base: String,
        /// How long the code is taken
        #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u16).range(1..=168))]
        hours: u16,
        #[command(flatten)]
        acting: Acting,
    },
    /// List all terminals
    List,
    /// Revoke a terminal; it loses its connections within 5 seconds
    Revoke {
        /// Its name
        name: String,
        #[command(flatten)]
        acting: Acting,
    },
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<Report, Failure> {
        match self {
            Self::Enrol { name, base, hours, acting } => enrol(context, &name, &base, hours, &acting).await,
            Self::List => list(context).await,
            Self::Revoke { name, acting } => {
                let (register, person) = admitted(context, &acting).await?;
                register.revoke_terminal(&person, &name).await?;
                Ok(Report::new(format!("Terminal {name} is revoked."), json!({ "terminal": name, "revoked": true })))
            }
        }
    }
}

/// The register, and the admin who enters something in it.
pub(crate) async fn admitted(
    context: &Context,
    acting: &Acting,
) -> Result<(Register<SqlStore>, cardwright_issuing_center::store::Person), Failure> {
    let store = context.store().await?;
    let person = acting.person(context, &*store, Role::Admin).await?;
    Ok((Register { store, clock: context.clock() }, person))
}

async fn enrol(context: &Context, name: &str, base: &str, hours: u16, acting: &Acting) -> Result<Report, Failure> {
    let (register, person) = admitted(context, acting).await?;
    let code = register.enrol_terminal(&person, name, base, i64::from(hours) * HOUR).await?.to_text();
    let text = format!(
        "{code}\nGive this code to who sets {name} up at {base}, by a way that others do not see. \
         It is taken once, within {hours} hours."
    );
    Ok(Report::new(text, json!({ "terminal": name, "base": base, "code": code, "hours": hours })))
}

async fn list(context: &Context) -> Result<Report, Failure> {
    let now = context.now();
    let terminals = context.store().await?.terminals().await?;
    let lines: Vec<_> = terminals.iter().map(|terminal| line(terminal, now)).collect();
    let values: Vec<_> = terminals.iter().map(|terminal| value(terminal, now)).collect();
    Ok(Report::new(lines.join("\n"), json!({ "terminals": values })))
}

fn state(terminal: &Terminal, now: i64) -> &'static str {
    if terminal.revoked.is_some() {
        "revoked"
    } else if terminal.expires <= now {
        "expired"
    } else if terminal.instance.is_some() && terminal.lease_until > now {
        "live"
    } else {
        "away"
    }
}

fn line(terminal: &Terminal, now: i64) -> String {
    let Terminal { name, base, expires, .. } = terminal;
    let until = day_of(*expires).map(|day| format!("until {day}")).unwrap_or_default();
    format!("{name}  {base}  {}  {until}", state(terminal, now))
}

fn value(terminal: &Terminal, now: i64) -> Value {
    json!({
        "id": hex::encode(*terminal.id),
        "name": terminal.name,
        "base": terminal.base,
        "state": state(terminal, now),
        "fingerprint": hex::encode(terminal.fingerprint),
        "expires": terminal.expires,
        "revoked": terminal.revoked,
    })
}
