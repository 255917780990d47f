//! `order enter`: one order, entered on the command line; its fields come from a file or from standard input, for the
//! command line is seen by others on the machine.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use cardwright_issuance::kind::OrderKind;
use cardwright_issuing_center::intake::{self, NewOrder};
use cardwright_issuing_center::refused::Refused;
use cardwright_issuing_center::registry::person::Role;
use cardwright_issuing_center::registry::told;
use cardwright_issuing_center::store::{Store, StoreError};
use cardwright_relay::Code;
use clap::Args;
use serde_json::json;
use zeroize::Zeroizing;

use crate::acting::Acting;
use crate::context::{Context, read_file};
use crate::failure::Failure;
use crate::order;
use crate::order_import::{LONGEST, LONGEST_PHOTO};
use crate::report::Report;

#[derive(Args)]
pub(crate) struct Enter {
    /// Its reference at the customer's side
    reference: String,
    /// Where it is to be written; for a change, where it was asked for
    #[arg(long)]
    base: String,
    /// What is asked for
    #[arg(long, default_value = "new", value_parser = kinds())]
    kind: String,
    /// The reference of an order that the card to be changed or replaced carries
    #[arg(long, default_value = "")]
    card: String,
    /// What the kind needs to know: the application to remove, the keys to change to, why a card is replaced
    #[arg(long, default_value = "")]
    argument: String,
    /// The profile, where the kind needs one
    #[arg(long, default_value = "")]
    profile: String,
    /// Who asked for it
    #[arg(long)]
    customer: String,
    /// Who took the order
    #[arg(long)]
    taken_by: String,
    /// The profile's fields, a JSON object of texts in a file; - is standard input
    #[arg(long, value_name = "FILE")]
    fields: Option<PathBuf>,
    /// The photo, a JPEG or PNG file of 16 KiB at most; give its field any text
    #[arg(long, value_name = "FILE")]
    photo: Option<PathBuf>,
    #[command(flatten)]
    acting: Acting,
}

fn kinds() -> clap::builder::PossibleValuesParser {
    clap::builder::PossibleValuesParser::new(OrderKind::NAMES.map(|(_, name)| name))
}

impl Enter {
    pub(crate) async fn run(self, context: &Context) -> Result<Report, Failure> {
        let center = context.center().await?;
        let person = self.acting.person(context, &*center.store, Role::OrderEntry).await?;
        let reference = self.reference.clone();
        let taken = intake::receive(&center, &person, &[self.order()?]).await;
        let received = told(&*center.store, context.now(), &person, taken).await?;
        match center.store.commit(received.commit).await {
            Err(StoreError::Conflict(_)) => return Err(Refused::new(Code::CHANGED_MEANWHILE).into()),
            other => other?,
        }
        let text = format!("Order {reference} is here; another person approves it.");
        Ok(Report::new(text, json!({ "orders": received.orders.iter().map(order::value).collect::<Vec<_>>() })))
    }

    fn order(self) -> Result<NewOrder, Failure> {
        Ok(NewOrder {
            row: 1,
            reference: self.reference,
            base: self.base,
            profile: self.profile,
            kind: self.kind,
            card: self.card,
            argument: self.argument,
            customer: self.customer.into(),
            taken_by: self.taken_by.into(),
            date: None,
            fields: self.fields.map(|path| fields(&path)).transpose()?.unwrap_or_default(),
            photo: self.photo.map(|path| read_file(&path, LONGEST_PHOTO as usize)).transpose()?,
        })
    }
}

/// The fields by name. No fault repeats what stands in the file.
fn fields(path: &Path) -> Result<Vec<(String, Zeroizing<String>)>, Failure> {
    let text = if path == Path::new("-") {
        let mut text = Zeroizing::new(Vec::new());
        std::io::stdin().take(LONGEST as u64).read_to_end(&mut text).map_err(|_| not_fields())?;
        text
    } else {
        read_file(path, LONGEST)?
    };
    let fields: BTreeMap<String, Zeroizing<String>> = serde_json::from_slice(&text).map_err(|_| not_fields())?;
    Ok(fields.into_iter().collect())
}

fn not_fields() -> Refused {
    Refused::with(Code::ORDER_FIELD_REFUSED, ["fields", "must be a JSON object whose values are texts"])
}
