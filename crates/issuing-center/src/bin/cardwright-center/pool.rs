//! `pool`: cards' RSA keys, made ahead.

use cardwright_issuing_center::pool::{self, Standing};
use cardwright_issuing_center::registry::person::Role;
use cardwright_issuing_center::registry::told;
use clap::{Args, Subcommand};
use serde_json::json;

use crate::acting::Acting;
use crate::context::Context;
use crate::failure::Failure;
use crate::progress;
use crate::report::{Report, counted};
use crate::rsa_size::RsaArguments;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show how many keys of which size are left
    Status,
    /// Make keys now: of every size that a profile asks for up to the level, or so many of one size
    Fill(Fill),
}

#[derive(Args)]
pub(crate) struct Fill {
    #[command(flatten)]
    rsa: RsaArguments,
    /// How many keys of the size of --bits and --exponent; otherwise up to the configuration's level
    #[arg(long, requires = "bits")]
    count: Option<u32>,
    #[command(flatten)]
    acting: Acting,
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<Report, Failure> {
        match self {
            Self::Status => status(context).await,
            Self::Fill(fill) => fill.run(context).await,
        }
    }
}

async fn status(context: &Context) -> Result<Report, Failure> {
    let levels = context.configuration.pool.levels();
    let standing = pool::standing(&*context.store().await?).await?;
    let low = |one: &Standing| one.wanted && one.keys < levels.low;
    let line = |one: &Standing| {
        let warning = if low(one) { "  FEW ARE LEFT" } else { "" };
        let wanted = if one.wanted { "" } else { "  no profile asks for it" };
        format!("{}  {} of {}{warning}{wanted}", one.size, one.keys, levels.full)
    };
    let value = |one: &Standing| {
        json!({
            "bits": one.size.bits(),
            "exponent": pool::exponent_number(one.size.exponent()),
            "keys": one.keys,
            "wanted": one.wanted,
            "low": low(one),
        })
    };
    let lines: Vec<_> = standing.iter().map(line).collect();
    let text = if lines.is_empty() { "No profile asks for keys of the pool.".to_owned() } else { lines.join("\n") };
    let sizes: Vec<_> = standing.iter().map(value).collect();
    Ok(Report::new(text, json!({ "full": levels.full, "low": levels.low, "sizes": sizes })))
}

impl Fill {
    async fn run(self, context: &Context) -> Result<Report, Failure> {
        let levels = context.configuration.pool.levels();
        let center = context.center().await?;
        let person = self.acting.person(context, &*center.store, Role::Admin).await?;
        let mut made = 0;
        for Standing { size, keys, wanted } in self.wanted(&center.store).await? {
            let lacking = match self.count {
                Some(count) => count,
                None if wanted => levels.full.saturating_sub(keys),
                None => 0,
            };
            let bar = progress::bar(lacking.into(), size.to_string());
            for _ in 0..lacking {
                pool::add(&center, size).await?;
                made += 1;
                bar.inc(1);
            }
        }
        let entered = pool::filled(&center, &person, made).await;
        told(&*center.store, context.now(), &person, entered).await?;
        Ok(Report::new(format!("{} made.", counted(made as usize, "key")), json!({ "made": made })))
    }

    async fn wanted(&self, store: &cardwright_issuing_center::store::SqlStore) -> Result<Vec<Standing>, Failure> {
        let standing = pool::standing(store).await?;
        let Some(size) = self.rsa.optional()? else { return Ok(standing) };
        let found = standing.into_iter().find(|one| one.size == size);
        Ok(vec![Standing { wanted: true, ..found.unwrap_or(Standing { size, keys: 0, wanted: true }) }])
    }
}
