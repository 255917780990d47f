//! `pin-mailer`: generated PINs go to who prints them, as blocks under a zone key that only they have.

use std::path::{Path, PathBuf};

use cardwright_issuing_center::intake;
use cardwright_issuing_center::registry::person::Role;
use clap::Subcommand;
use serde_json::json;

use crate::acting::Acting;
use crate::context::Context;
use crate::failure::Failure;
use crate::output_file;
use crate::report::{Report, counted};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Write the letters that wait for one printer, each once
    Export {
        /// The printer's zone key
        #[arg(long, value_name = "NAME")]
        key: String,
        /// The file to write
        #[arg(long)]
        out: PathBuf,
        #[command(flatten)]
        acting: Acting,
    },
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<Report, Failure> {
        let Self::Export { key, out, acting } = self;
        let center = context.center().await?;
        let person = acting.person(context, &*center.store, Role::Admin).await?;
        let letters = intake::letters(&center, &person, &key).await?;
        if letters.count == 0 {
            return Ok(Report::new("No letter waits.", json!({ "letters": 0 })));
        }
        // On disk before they count as handed out, and under the file's name only after: whoever dies in between
        // leaves them waiting, or all of them beside.
        let beside = beside(&out);
        output_file::absent(&out)?;
        output_file::write(&beside, letters.text.as_bytes())?;
        if let Err(refused) = intake::handed_out(&center, letters.commit).await {
            let _ = std::fs::remove_file(&beside);
            return Err(refused.into());
        }
        std::fs::rename(&beside, &out).map_err(|error| Failure::file(beside.display(), error))?;
        let (count, file) = (letters.count, out.display().to_string());
        Ok(Report::new(format!("{} in {file}.", counted(count, "letter")), json!({ "letters": count, "file": file })))
    }
}

fn beside(out: &Path) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}
