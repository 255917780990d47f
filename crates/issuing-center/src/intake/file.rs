//! Files of orders: CSV in UTF-8, one order a row, photos as files beside it.
//!
//! No fault repeats what stands in the file: a column that slipped may hold a name.

use std::collections::BTreeSet;

use cardwright_relay::Code;
use csv::StringRecord;
use zeroize::Zeroizing;

use super::NewOrder;
use crate::file_fault::FileFault;

/// The columns that every file has.
const REQUIRED: [&str; 6] = ["reference", "base", "profile", "kind", "customer", "taken_by"];
/// The columns that a file may have.
const OPTIONAL: [&str; 3] = [DATE, CARD, ARGUMENT];
const DATE: &str = "date";
const CARD: &str = "card";
const ARGUMENT: &str = "argument";
/// The most orders of a file.
const MOST: usize = 10_000;

/// Gives the photo of a file name, or why there is none.
pub type FindPhoto<'a> = &'a dyn Fn(&str) -> Result<Zeroizing<Vec<u8>>, &'static str>;

/// What the profiles say of columns.
pub struct Columns {
    /// the names of all fields
    pub fields: BTreeSet<String>,
    /// those of photos, which hold file names
    pub photos: BTreeSet<String>,
}

/// Reads a file of orders: those that have the form of one, and every fault of form, by row.
pub(super) fn read_orders(text: &[u8], columns: &Columns, photo: FindPhoto<'_>) -> (Vec<NewOrder>, Vec<FileFault>) {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text);
    let not_text = |row| malformed(row, "", "the file is not UTF-8 text");
    let headers = match reader.headers() {
        Ok(headers) => headers.clone(),
        Err(_) => return (Vec::new(), vec![not_text(1)]),
    };
    let (mut orders, mut faults) = (Vec::new(), wrong_headers(&headers, columns));
    if !faults.is_empty() {
        return (orders, faults);
    }
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                faults.push(not_text(error.position().map_or(0, |position| line_of(text, position))));
                continue;
            }
        };
        let row = record.position().map_or(0, |position| line_of(text, position));
        match order(row, &headers, &record, columns, photo) {
            Ok(order) => orders.push(order),
            Err(fault) => faults.push(fault),
        }
        if orders.len() > MOST {
            return (Vec::new(), vec![malformed(row, "", "a file has 10,000 orders at most: divide it")]);
        }
    }
    if orders.is_empty() && faults.is_empty() {
        faults.push(malformed(1, "", "there is no order in the file"));
    }
    (orders, faults)
}

/// Reads the orders of a file whatever fields they bring: every column that not every order has is taken for one.
pub(crate) fn read_any(
    text: &[u8],
    photos: &BTreeSet<String>,
    photo: FindPhoto<'_>,
) -> (Vec<NewOrder>, Vec<FileFault>) {
    let headers = csv::Reader::from_reader(text).headers().cloned().unwrap_or_default();
    let own = |header: &&str| !REQUIRED.contains(header) && !OPTIONAL.contains(header);
    let fields = headers.iter().filter(own).map(str::to_owned).collect();
    read_orders(text, &Columns { fields, photos: photos.clone() }, photo)
}

/// The line on which a record begins; the reader's position is before the empty lines that it passes over.
fn line_of(text: &[u8], position: &csv::Position) -> u64 {
    let rest = usize::try_from(position.byte()).ok().and_then(|byte| text.get(byte..)).unwrap_or_default();
    let passed = rest.iter().take_while(|byte| matches!(**byte, b'\r' | b'\n'));
    position.line() + passed.filter(|byte| **byte == b'\n').count() as u64
}

fn malformed(row: u64, column: &str, reason: &str) -> FileFault {
    FileFault::of_order(row, column, reason, Code::ORDER_FILE_REFUSED)
}

/// Columns that are missing, there twice, or not known.
fn wrong_headers(headers: &StringRecord, columns: &Columns) -> Vec<FileFault> {
    let mut faults = Vec::new();
    for name in REQUIRED {
        if !headers.iter().any(|header| header == name) {
            faults.push(malformed(1, name, "the column is missing"));
        }
    }
    let mut seen = BTreeSet::new();
    for (index, header) in headers.iter().enumerate() {
        let known = REQUIRED.contains(&header) || OPTIONAL.contains(&header) || columns.fields.contains(header);
        if !known {
            // Not its name: where the header is missing, the first order stands here.
            let place = format!("number {}", index + 1);
            faults.push(malformed(1, &place, "neither a column of every order nor a field of an imported profile"));
        } else if !seen.insert(header) {
            faults.push(malformed(1, header, "the column is there twice"));
        }
    }
    faults
}

fn order(
    row: u64,
    headers: &StringRecord,
    record: &StringRecord,
    columns: &Columns,
    photo: FindPhoto<'_>,
) -> Result<NewOrder, FileFault> {
    if record.len() != headers.len() {
        let reason =
            format!("{} fields where the header has {}; is there a comma without quotes?", record.len(), headers.len());
        return Err(malformed(row, "", &reason));
    }
    let text = |name: &str| {
        headers.iter().position(|header| header == name).map(|place| record[place].to_owned()).unwrap_or_default()
    };
    let mut order = NewOrder {
        row,
        reference: text("reference"),
        base: text("base"),
        profile: text("profile"),
        kind: text("kind"),
        card: text(CARD),
        argument: text(ARGUMENT),
        customer: Zeroizing::new(text("customer")),
        taken_by: Zeroizing::new(text("taken_by")),
        date: Some(text(DATE)).filter(|date| !date.is_empty()),
        fields: Vec::new(),
        photo: None,
    };
    for (header, value) in headers.iter().zip(record).filter(|(header, _)| columns.fields.contains(*header)) {
        if value.is_empty() {
            continue;
        }
        if columns.photos.contains(header) {
            order.photo = Some(photo(value).map_err(|reason| malformed(row, header, reason))?);
        }
        order.fields.push((header.to_owned(), Zeroizing::new(value.to_owned())));
    }
    Ok(order)
}
