//! `host export`: what the issuer's host needs to know of cards, as a file that its owner alone can read.

use std::path::PathBuf;

use cardwright_issuing_center::host::{Page, Record, issuance_data};
use cardwright_issuing_center::registry::person::Role;
use cardwright_issuing_center::registry::told;
use cardwright_issuing_center::store::Store;
use clap::Args;
use serde_json::json;
use zeroize::Zeroizing;

use crate::acting::Acting;
use crate::context::Context;
use crate::failure::Failure;
use crate::output_file;
use crate::report::{Report, counted};

/// The header of the file.
const HEADER: &str = "event,kind,order,card,number,sequence_number,expiry,pin_format,pin_block,zone_key,kcv,\
                      verification_value,verification_key_index\n";
/// Room for one line, so that the text does not move while it grows.
const LINE: usize = 512;

#[derive(Args)]
pub(crate) struct Export {
    /// The host's zone key, for PIN blocks
    #[arg(long, value_name = "NAME")]
    zone_key: Option<String>,
    /// The last event of the export before; without it, everything is written
    #[arg(long, value_name = "EVENT")]
    after: Option<String>,
    /// The new file: it holds whole card numbers
    file: PathBuf,
    #[command(flatten)]
    acting: Acting,
}

impl Export {
    pub(crate) async fn run(self, context: &Context) -> Result<Report, Failure> {
        let Self { zone_key, after, file, acting } = self;
        output_file::absent(&file)?;
        let center = context.center().await?;
        let person = acting.person(context, &*center.store, Role::Admin).await?;
        let (mut last, mut count) = (after, 0);
        let mut text = Zeroizing::new(String::from(HEADER));
        let mut commits = Vec::new();
        loop {
            let page = issuance_data::page(&center, &person, last.as_deref(), zone_key.as_deref()).await;
            let Page { records, next, more, commit } = told(&*center.store, context.now(), &person, page).await?;
            text = extended(text, &records);
            count += records.len();
            commits.push(commit);
            last = next.or(last);
            if !more {
                break;
            }
        }
        // In the log before it is on disk: what left without an entry would be the worse mistake.
        for commit in commits.into_iter().filter(|commit| !commit.entries.is_empty()) {
            center.store.commit(commit).await?;
        }
        output_file::write(&file, text.as_bytes())?;
        let (name, text) = (file.display().to_string(), counted(count, "card"));
        let next = last.as_ref().map(|last| format!(" The next time: --after {last}")).unwrap_or_default();
        Ok(Report::new(format!("{text} in {name}.{next}"), json!({ "cards": count, "file": name, "after": last })))
    }
}

/// The text with further lines, in room of its own; the old room is wiped.
fn extended(text: Zeroizing<String>, records: &[Record]) -> Zeroizing<String> {
    let mut whole = Zeroizing::new(String::with_capacity(text.len() + records.len() * LINE));
    whole.push_str(&text);
    records.iter().for_each(|record| line(&mut whole, record));
    whole
}

fn line(text: &mut String, record: &Record) {
    let Record { event, kind, order, card, number, sequence_number, expiry, pin, .. } = record;
    let block = pin.as_ref().and_then(|pin| pin.block.as_ref());
    let index = pin.as_ref().and_then(|pin| pin.verification_key_index);
    let fields: [&str; 13] = [
        event,
        kind,
        order,
        card.as_deref().unwrap_or_default(),
        number,
        &sequence_number.to_string(),
        expiry.as_deref().unwrap_or_default(),
        &block.map(|block| block.format.to_string()).unwrap_or_default(),
        block.map_or("", |block| &block.value),
        block.map_or("", |block| &block.key),
        block.map_or("", |block| &block.kcv),
        pin.as_ref().and_then(|pin| pin.verification_value.as_deref()).unwrap_or_default(),
        &index.map(|index| index.to_string()).unwrap_or_default(),
    ];
    for (place, field) in fields.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        text.push_str(field);
    }
    text.push('\n');
}
