//! `order face`: the picture of a card's face. The whole of it is for two roles, and the log says who saw it.

use std::path::PathBuf;

use cardwright_issuing_center::face;
use cardwright_issuing_center::registry::person::Role;
use cardwright_issuing_center::registry::told;
use clap::Args;
use serde_json::json;

use crate::acting::Acting;
use crate::context::Context;
use crate::failure::Failure;
use crate::output_file;
use crate::report::Report;

/// Who may see everything that is printed.
const WHOLE: [Role; 2] = [Role::Admin, Role::Approver];

#[derive(Args)]
pub(crate) struct Face {
    /// The order's reference
    reference: String,
    /// A new file for the picture; otherwise it goes to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Only what the profile lets a base see: for every role
    #[arg(long)]
    at_base: bool,
    #[command(flatten)]
    acting: Acting,
}

impl Face {
    pub(crate) async fn run(self, context: &Context) -> Result<Report, Failure> {
        let Self { reference, out, at_base, acting } = self;
        if let Some(out) = &out {
            output_file::absent(out)?;
        }
        let center = context.center().await?;
        let roles = if at_base { &Role::ALL[..] } else { &WHOLE };
        let person = acting.one_of(context, &*center.store, roles).await?;
        let drawn = match at_base {
            true => face::at_base(&center, &reference).await,
            false => face::whole(&center, &person, &reference).await,
        };
        let picture = told(&*center.store, context.now(), &person, drawn).await?;
        let view = if at_base { "at-base" } else { "whole" };
        let Some(out) = out else {
            let value = json!({ "order": reference, "view": view, "svg": *picture });
            return Ok(Report::new(picture.trim_end(), value));
        };
        output_file::write(&out, picture.as_bytes())?;
        let file = out.display().to_string();
        let text = format!("The face of the card of order {reference} is in {file}.");
        Ok(Report::new(text, json!({ "order": reference, "view": view, "file": file })))
    }
}
