//! Shipment files: what a card maker says of the blanks in a box. CSV, one card a row.

use cardwright_issuance::product::CardProduct;

use crate::file_fault::FileFault;

/// The columns, in any order.
const COLUMNS: [&str; 7] = ["product", "iin", "cin", "cplc", "kdd", "kvn", "kcvs"];

/// One blank of a shipment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Blank {
    pub(super) row: u64,
    pub(super) product: String,
    pub(super) cplc: Vec<u8>,
    pub(super) kdd: [u8; 10],
    pub(super) key_version: u8,
    pub(super) check_values: [[u8; 3]; 3],
}

/// Reads a shipment file; every fault of it, where there is one.
pub(super) fn read(text: &[u8]) -> Result<Vec<Blank>, Vec<FileFault>> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text);
    let headers =
        reader.headers().map_err(|_| vec![FileFault::of_stock(1, "", "the header is not UTF-8 text")])?.clone();
    let places = places(&headers)?;
    let (mut blanks, mut faults) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let Ok(record) = record else {
            faults.push(FileFault::of_stock(0, "", "the file is not UTF-8 text"));
            break;
        };
        let row = record.position().map_or(0, csv::Position::line);
        if record.len() != headers.len() {
            faults.push(FileFault::of_stock(
                row,
                "",
                format!("{} fields where the header has {}", record.len(), headers.len()),
            ));
            continue;
        }
        match blank(row, places.map(|place| &record[place])) {
            Ok(blank) => blanks.push(blank),
            Err(fault) => faults.push(fault),
        }
    }
    faults.extend(doubled(&blanks));
    if blanks.is_empty() && faults.is_empty() {
        faults.push(FileFault::of_stock(1, "", "there is no card in the file"));
    }
    if faults.is_empty() { Ok(blanks) } else { Err(faults) }
}

/// Where each of the columns stands.
fn places(headers: &csv::StringRecord) -> Result<[usize; 7], Vec<FileFault>> {
    let place = |name: &str| headers.iter().position(|header| header == name);
    let missing = COLUMNS.iter().filter(|name| place(name).is_none());
    let unknown = headers.iter().filter(|header| !COLUMNS.contains(header));
    let faults: Vec<_> = missing
        .map(|name| FileFault::of_stock(1, *name, "the column is missing"))
        .chain(unknown.map(|name| FileFault::of_stock(1, name, "there is no such column")))
        .collect();
    if faults.is_empty() { Ok(COLUMNS.map(|name| place(name).unwrap_or(0))) } else { Err(faults) }
}

fn blank(row: u64, [product, iin, cin, cplc, kdd, kvn, kcvs]: [&str; 7]) -> Result<Blank, FileFault> {
    let fault = |column: &str, reason: &str| FileFault::of_stock(row, column, reason);
    let hexadecimal = |column: &str, text: &str| hex::decode(text).map_err(|_| fault(column, "not hexadecimal bytes"));
    hexadecimal("iin", iin)?;
    hexadecimal("cin", cin)?;
    let cplc = hexadecimal("cplc", cplc)?;
    if !cplc.is_empty() && cplc.len() != 42 {
        return Err(fault("cplc", "42 bytes, or nothing where the product has none"));
    }
    let kdd = hexadecimal("kdd", kdd)?.try_into().map_err(|_| fault("kdd", "must be 10 bytes"))?;
    let [key_version] = hexadecimal("kvn", kvn)?.try_into().map_err(|_| fault("kvn", "must be one byte"))?;
    let values: Vec<[u8; 3]> = kcvs.split('/').filter_map(|value| hex::decode(value).ok()?.try_into().ok()).collect();
    let check_values =
        values.try_into().map_err(|_| fault("kcvs", "must be three values of three bytes with / between them"))?;
    Ok(Blank { row, product: product.to_owned(), cplc, kdd, key_version, check_values })
}

fn doubled(blanks: &[Blank]) -> Vec<FileFault> {
    let mut seen = std::collections::BTreeMap::new();
    let mut faults = Vec::new();
    for blank in blanks {
        if let Some(first) = seen.insert((&blank.product, &blank.cplc, blank.kdd), blank.row) {
            faults.push(FileFault::of_stock(blank.row, "kdd", format!("the card of row {first} again")));
        }
    }
    faults
}

/// Whether the row fits what the product says of itself.
pub(super) fn fits(blank: &Blank, product: &CardProduct) -> Result<(), FileFault> {
    let expected = product.transport_key_version();
    if blank.key_version == expected {
        return Ok(());
    }
    Err(FileFault::of_stock(blank.row, "kvn", format!("the product is delivered with key version {expected:02X}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "product,iin,cin,cplc,kdd,kvn,kcvs\n";

    fn faults(rows: &str) -> Vec<String> {
        read(format!("{HEADER}{rows}").as_bytes()).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_row_becomes_a_blank() {
        let cplc = "11".repeat(42);
        let text = format!("{HEADER}scp03-i70,4242,0102,{cplc},00010203040506070809,30,010203/040506/070809\n");
        let blanks = read(text.as_bytes()).unwrap();
        assert_eq!(blanks.len(), 1);
        assert_eq!((blanks[0].row, blanks[0].key_version, blanks[0].kdd[9]), (2, 0x30, 9));
        assert_eq!(blanks[0].check_values, [[1, 2, 3], [4, 5, 6], [7, 8, 9]]);
    }

    #[test]
    fn every_fault_is_told_with_its_row_and_column() {
        let rows = "a,,,,00010203040506070809,30,010203/040506/070809\n\
                    a,,,,0001,30,010203/040506/070809\n\
                    a,,,,00010203040506070809,3,010203/040506/070809\n\
                    a,,,,00010203040506070809,30,010203/040506\n\
                    a,,\n\
                    a,,,,00010203040506070809,30,010203/040506/070809\n";
        let faults = faults(rows);
        let starts =
            ["row 3, column kdd", "row 4, column kvn", "row 5, column kcvs", "row 6, column :", "row 7, column kdd"];
        assert_eq!(faults.len(), starts.len(), "{faults:?}");
        for (fault, start) in faults.iter().zip(starts) {
            assert!(fault.starts_with(start), "{fault}");
        }
    }

    #[test]
    fn a_missing_column_and_an_unknown_one_are_told() {
        let faults = read(b"product,iin,cin,cplc,kdd,kcvs,colour\n").unwrap_err();
        let columns: Vec<_> = faults.iter().map(|fault| fault.column.as_str()).collect();
        assert_eq!(columns, ["kvn", "colour"]);
        assert!(!read(HEADER.as_bytes()).unwrap_err().is_empty(), "no card at all");
    }
}
