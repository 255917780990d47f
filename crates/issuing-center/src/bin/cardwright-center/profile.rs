//! `profile`: what is put on cards.

use std::path::{Path, PathBuf};

use cardwright_data_preparation::{Error, Profile};
use cardwright_issuance::flow::unwritable;
use cardwright_issuing_center::registry::person::Role;
use cardwright_issuing_center::registry::{document, told};
use clap::Subcommand;
use serde_json::json;

use crate::acting::Acting;
use crate::context::{Context, read_text};
use crate::failure::{Failure, ProfileFault};
use crate::profile_preview;
use crate::report::Report;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Import a profile's file
    Import {
        /// The file
        file: PathBuf,
        #[command(flatten)]
        acting: Acting,
    },
    /// Check a profile's file: every fault with its line, and what to do about it. Needs no center
    Check {
        /// The file
        file: PathBuf,
    },
    /// Show what cards would carry by a profile's file and a file of orders, made with throw-away keys. Needs no center
    Preview(profile_preview::Arguments),
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<Report, Failure> {
        match self {
            Self::Import { file, acting } => import(context, &file, &acting).await,
            Self::Preview(arguments) => arguments.run(context),
            Self::Check { file } => {
                let profile = checked(&file)?;
                let (name, version) = (&profile.reference().name, profile.reference().version);
                let text = format!(
                    "The profile {name}, version {version}, has no fault. With an order beside it, `profile preview` makes a card's data of it and reads that back."
                );
                Ok(Report::new(text, json!({ "profile": name, "version": version, "faults": [] })))
            }
        }
    }
}

async fn import(context: &Context, file: &Path, acting: &Acting) -> Result<Report, Failure> {
    let text = read_text(file)?;
    let store = context.store().await?;
    let person = acting.person(context, &*store, Role::Admin).await?;
    let imported = document::import_profile(&*store, context.now(), &person, &text).await;
    let document = told(&*store, context.now(), &person, imported).await?;
    let digest = hex::encode(document.digest);
    let text = format!("Profile {} version {} is here (SHA-256 {digest}).", document.name, document.version);
    Ok(Report::new(text, json!({ "profile": document.name, "version": document.version, "sha256": digest })))
}

/// The file's profile, as an import would take it; or every fault.
pub(crate) fn checked(file: &Path) -> Result<Profile, Failure> {
    let text = read_text(file)?;
    let faulty = |faults| Failure::Profile { file: file.display().to_string(), faults };
    let profile = Profile::parse(&text).map_err(|error| match error {
        Error::Profile(faults) => faulty(faults.into_iter().map(ProfileFault::from).collect()),
        other => faulty(vec![ProfileFault::of_whole(other.to_string(), String::new())]),
    })?;
    match unwritable(&profile) {
        None => Ok(profile),
        Some(reason) => {
            let remedy = "change the profile so that the card can be written";
            Err(faulty(vec![ProfileFault::of_whole(reason.to_owned(), remedy.to_owned())]))
        }
    }
}
