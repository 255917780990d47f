//! `campaign`: one change of many cards, entered by one person and approved once by another.

use std::collections::BTreeMap;

use cardwright_issuing_center::campaign::{self, NewCampaign, Numbers, ToldCampaign};
use cardwright_issuing_center::registry::person::Role;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::acting::Acting;
use crate::context::Context;
use crate::failure::Failure;
use crate::report::Report;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Enter a campaign: its cards are looked up and kept; another person approves it
    Create(Create),
    /// Approve a campaign: each of its cards gets an order, approved and prepared; go on where that broke off
    Approve(Named),
    /// Hold a campaign back: its orders are not offered when their cards are seen
    Pause(Named),
    /// Let a campaign go on
    Resume(Named),
    /// Close a campaign for good, and cancel what of it is not carried out
    Cancel(Named),
    /// List campaigns with their numbers, newest first
    List,
    /// Show one campaign and its numbers, by base
    Show {
        /// Its name
        name: String,
    },
}

#[derive(Args)]
pub(crate) struct Create {
    /// Its name; its orders are called by it
    name: String,
    /// add-application, upgrade-application, remove-application, change-keys, block or terminate
    #[arg(long)]
    kind: String,
    /// The profile that holds the new application or program
    #[arg(long)]
    profile: Option<String>,
    /// The instance to remove, or the keys to change to
    #[arg(long)]
    argument: Option<String>,
    /// Which live cards: profile=NAME, and with commas product=NAME, base=NAME
    #[arg(long, value_name = "CARDS")]
    select: String,
    /// Say how many cards it would be for, and keep nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    acting: Acting,
}

#[derive(Args)]
pub(crate) struct Named {
    /// Its name
    name: String,
    #[command(flatten)]
    acting: Acting,
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<Report, Failure> {
        match self {
            Self::Create(create) => create.run(context).await,
            Self::Approve(named) => {
                let center = context.center().await?;
                let person = named.acting.person(context, &*center.store, Role::Approver).await?;
                campaign::approve(&center, &person, &named.name).await?;
                show(context, &named.name).await
            }
            Self::Pause(named) => named.moved(context, Move::Pause).await,
            Self::Resume(named) => named.moved(context, Move::Resume).await,
            Self::Cancel(named) => named.moved(context, Move::Cancel).await,
            Self::List => list(context).await,
            Self::Show { name } => show(context, &name).await,
        }
    }
}

#[derive(Clone, Copy)]
enum Move {
    Pause,
    Resume,
    Cancel,
}

impl Named {
    async fn moved(self, context: &Context, step: Move) -> Result<Report, Failure> {
        let center = context.center().await?;
        let person = self.acting.one_of(context, &*center.store, &[Role::OrderEntry, Role::Approver]).await?;
        match step {
            Move::Pause => campaign::pause(&center, &person, &self.name).await?,
            Move::Resume => campaign::resume(&center, &person, &self.name).await?,
            Move::Cancel => campaign::cancel(&center, &person, &self.name).await?,
        };
        show(context, &self.name).await
    }
}

impl Create {
    async fn run(self, context: &Context) -> Result<Report, Failure> {
        let Self { name, kind, profile, argument, select: selection, dry_run, acting } = self;
        let center = context.center().await?;
        let person = acting.person(context, &*center.store, Role::OrderEntry).await?;
        let new = NewCampaign { name: name.clone(), kind, profile, argument, selection };
        if dry_run {
            return Ok(would_be(&campaign::dry_run(&center, &new).await?));
        }
        campaign::create(&center, &person, &new).await?;
        let shown = show(context, &name).await?;
        Ok(shown.with_line("Another person approves it: cardwright-center campaign approve."))
    }
}

fn would_be(bases: &BTreeMap<String, u32>) -> Report {
    let all: u32 = bases.values().sum();
    let mut lines = vec![format!("{all} selected")];
    lines.extend(bases.iter().map(|(base, cards)| format!("  {base}: {cards} selected")));
    Report::new(lines.join("\n"), json!({ "selected": all, "bases": bases }))
}

async fn list(context: &Context) -> Result<Report, Failure> {
    let told = campaign::list(&*context.store().await?).await?;
    let lines: Vec<_> = told.iter().map(line).collect();
    Ok(Report::new(lines.join("\n"), json!({ "campaigns": told.iter().map(value).collect::<Vec<_>>() })))
}

async fn show(context: &Context, name: &str) -> Result<Report, Failure> {
    let told = campaign::show(&*context.store().await?, name).await?;
    let mut lines = vec![line(&told), format!("  {}", told.campaign.selection)];
    lines.extend(told.bases.iter().map(|(base, numbers)| format!("  {base}: {}", text(numbers))));
    Ok(Report::new(lines.join("\n"), value(&told)))
}

fn line(told: &ToldCampaign) -> String {
    let campaign = &told.campaign;
    let what = [campaign.profile.as_deref(), campaign.argument.as_deref()].into_iter().flatten();
    let what: String = what.map(|part| format!("  {part}")).collect();
    format!("{}  {}  {}{what}  {}", campaign.name, campaign.state.name(), campaign.kind.name(), text(&told.all))
}

fn text(numbers: &Numbers) -> String {
    let Numbers { selected, waiting, done, blocked, cancelled, needs_data, left_out } = numbers;
    let mut text =
        format!("{selected} selected, {waiting} waiting, {done} done, {blocked} blocked, {cancelled} cancelled");
    for (count, what) in [(needs_data, "needs data"), (left_out, "left out")] {
        if *count > 0 {
            text.push_str(&format!(", {count} {what}"));
        }
    }
    text
}

fn value(told: &ToldCampaign) -> Value {
    let campaign = &told.campaign;
    json!({
        "name": campaign.name,
        "state": campaign.state.name(),
        "kind": campaign.kind.name(),
        "profile": campaign.profile,
        "argument": campaign.argument,
        "selection": campaign.selection,
        "entered": campaign.entered,
        "numbers": of(&told.all),
        "bases": told.bases.iter().map(|(base, numbers)| (base.clone(), of(numbers))).collect::<BTreeMap<_, _>>(),
    })
}

fn of(numbers: &Numbers) -> Value {
    let Numbers { selected, waiting, done, blocked, cancelled, needs_data, left_out } = numbers;
    json!({
        "selected": selected, "waiting": waiting, "done": done, "blocked": blocked, "cancelled": cancelled,
        "needs_data": needs_data, "left_out": left_out,
    })
}
