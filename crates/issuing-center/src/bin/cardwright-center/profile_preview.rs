//! `profile preview`: what a card would carry.

use std::path::{Path, PathBuf};

use cardwright_data_preparation::FaceView;
use cardwright_issuing_center::calendar::day_of;
use cardwright_issuing_center::file_fault::FileRefused;
use cardwright_issuing_center::preview::{self, GroupingTold, Preview, TagTold, Told};
use cardwright_issuing_center::refused::Refused;
use cardwright_relay::Code;
use clap::Args;
use serde_json::{Value, json};

use crate::context::{Context, read_file};
use crate::failure::Failure;
use crate::order_import::{LONGEST, photo};
use crate::output_file;
use crate::profile::checked;
use crate::report::Report;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The profile's file
    file: PathBuf,
    /// A file of orders, of which those of this profile are shown
    #[arg(long, value_name = "ORDERS.csv")]
    order: PathBuf,
    /// Only the order of this reference
    #[arg(long)]
    reference: Option<String>,
    /// The directory of the photos that the file names
    #[arg(long, value_name = "DIR")]
    photos: Option<PathBuf>,
    /// A new file for the picture (SVG) of one card's face
    #[arg(long, value_name = "FILE")]
    face: Option<PathBuf>,
    /// The picture shows what a base may see
    #[arg(long, requires = "face")]
    at_base: bool,
}

impl Arguments {
    pub(crate) fn run(self, context: &Context) -> Result<Report, Failure> {
        let profile = checked(&self.file)?;
        let orders = read_file(&self.order, LONGEST)?;
        let photos: Option<&Path> = self.photos.as_deref();
        let today = day_of(context.now()).ok_or_else(|| Refused::with(Code::CLOCK_DIFFERS, ["too many"]))?;
        let find = |name: &str| photo(photos, name);
        let previews = preview::of_file(&profile, &orders, self.reference.as_deref(), &find, today)?;
        if previews.is_empty() {
            return Err(FileRefused::Faults(Code::ORDER_FILE_REFUSED, vec![preview::no_order(&profile)]).into());
        }
        self.draw(&previews)?;
        let text: Vec<_> = previews.iter().map(text).collect();
        let values: Vec<_> = previews.iter().map(value).collect();
        Ok(Report::new(text.join("\n\n"), json!({ "throw_away_keys": true, "orders": values })))
    }

    /// The picture of the one card's face, where one is asked for.
    fn draw(&self, previews: &[Preview]) -> Result<(), Failure> {
        let Some(file) = &self.face else { return Ok(()) };
        let [preview] = previews else {
            let reason = format!("--face draws one card, and here are {}: choose one with --reference", previews.len());
            return Err(Failure::Usage(reason));
        };
        let view = if self.at_base { FaceView::AtBase } else { FaceView::Whole };
        output_file::write(file, preview.face_picture(view).as_bytes())
    }
}

fn text(preview: &Preview) -> String {
    let mut lines = vec![format!("Order {}, number {}", preview.reference, preview.number)];
    if !preview.stand_ins.is_empty() {
        lines.push("This card would be no card: made for this preview alone were".to_owned());
        lines.extend(preview.stand_ins.iter().map(|what| format!("  {what}")));
    }
    for application in &preview.applications {
        lines.push(format!("{} {}", application.standard, application.instance));
        for grouping in &application.groupings {
            let GroupingTold { identifier, name, length, protection, tags } = grouping;
            lines.push(format!("  {identifier}  {name}, {length} bytes, {protection}"));
            lines.extend(tags.iter().map(tag_line));
        }
    }
    if !preview.face.is_empty() {
        lines.push("Printed on the card".to_owned());
        lines.extend(preview.face.iter().map(|item| format!("  {item}")));
    }
    lines.join("\n")
}

fn tag_line(told: &TagTold) -> String {
    let TagTold { depth, tag, name, length, value } = told;
    let indent = "  ".repeat(depth + 2);
    let parts = [tag.clone(), format!("{length:02}"), (*name).to_owned(), value.clone()];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("{indent}{}", parts.join("  "))
}

fn value(preview: &Preview) -> Value {
    json!({
        "reference": preview.reference,
        "number": preview.number,
        "stand_ins": preview.stand_ins,
        "applications": preview.applications.iter().map(application_value).collect::<Vec<_>>(),
        "face": preview.face,
    })
}

fn application_value(told: &Told) -> Value {
    let tag = |told: &TagTold| json!({ "depth": told.depth, "tag": told.tag, "name": told.name, "length": told.length, "value": told.value });
    let grouping = |told: &GroupingTold| {
        json!({
            "dgi": told.identifier,
            "name": told.name,
            "length": told.length,
            "protection": told.protection,
            "content": told.tags.iter().map(tag).collect::<Vec<_>>(),
        })
    };
    json!({
        "standard": told.standard,
        "instance": told.instance,
        "groupings": told.groupings.iter().map(grouping).collect::<Vec<_>>(),
    })
}
