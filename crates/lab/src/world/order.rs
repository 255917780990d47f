//! Orders as a customer's clerk writes them: CSV files, and photos beside them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// One order for a new card.
#[derive(Debug, Clone)]
pub struct NewOrder {
    /// its reference
    pub reference: String,
    /// the base at which it is to be written
    pub base: String,
    /// the profile
    pub profile: String,
    /// the profile's fields but the photo: columns with their values
    pub fields: Vec<(String, String)>,
    /// a photo
    pub photo: Option<Vec<u8>>,
}

/// The columns that every order has.
const COLUMNS: [&str; 6] = ["reference", "base", "profile", "kind", "customer", "taken_by"];

impl NewOrder {
    /// An order for a card of the profile `identity`, without a photo.
    #[must_use]
    pub fn new(reference: &str, base: &str, name: &str, card_number: &str, pin: &str) -> Self {
        Self::of("identity", reference, base, &[("name", name), ("card_number", card_number), ("pin", pin)])
    }

    /// An order for a card of any profile, with the fields that it asks for.
    #[must_use]
    pub fn of(profile: &str, reference: &str, base: &str, fields: &[(&str, &str)]) -> Self {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let [reference, base, profile] = [reference, base, profile].map(str::to_owned);
        Self { reference, base, profile, fields, photo: None }
    }

    /// The same with a photo.
    #[must_use]
    pub fn with_photo(self, photo: Vec<u8>) -> Self {
        Self { photo: Some(photo), ..self }
    }

    /// The value of a field; empty where the order does not bring it.
    #[must_use]
    pub fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// The names of the columns of its fields; every identity card has a column for the photo.
    fn columns(&self) -> Vec<&str> {
        let photo = self.photo.is_some() || self.profile == "identity";
        self.fields.iter().map(|(name, _)| name.as_str()).chain(photo.then_some("photo")).collect()
    }

    fn row(&self) -> String {
        let photo = self.photo.as_ref().map(|_| self.photo_name()).unwrap_or_default();
        let common = [&self.reference, &self.base, &self.profile, "new", "Example City", "counter 3"];
        let fields = self.columns().into_iter().map(|column| match column {
            "photo" => photo.as_str(),
            column => self.field(column),
        });
        let cells = common.into_iter().chain(fields).map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
        cells.collect::<Vec<_>>().join(",") + "\n"
    }

    fn photo_name(&self) -> String {
        format!("{}.png", self.reference)
    }
}

/// Writes the photos and, for each set of columns that the orders have, a CSV file into `directory`; gives the files'
/// paths in the order of their first orders.
///
/// # Errors
/// A file could not be written.
pub fn write(directory: &Path, orders: &[NewOrder]) -> io::Result<Vec<PathBuf>> {
    std::fs::create_dir_all(directory)?;
    let mut headers: Vec<String> = Vec::new();
    let mut rows: BTreeMap<String, String> = BTreeMap::new();
    for order in orders {
        if let Some(photo) = &order.photo {
            std::fs::write(directory.join(order.photo_name()), photo)?;
        }
        let header = COLUMNS.into_iter().chain(order.columns()).collect::<Vec<_>>().join(",");
        if !headers.contains(&header) {
            headers.push(header.clone());
        }
        rows.entry(header).or_default().push_str(&order.row());
    }
    let mut files = Vec::new();
    for (number, header) in headers.iter().enumerate() {
        let name = if number == 0 { "orders.csv".to_owned() } else { format!("orders-{}.csv", number + 1) };
        let path = directory.join(name);
        std::fs::write(&path, format!("{header}\n{}", rows[header]))?;
        files.push(path);
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_of_other_columns_stand_in_a_file_of_their_own() {
        let directory = tempfile::tempdir().unwrap();
        let orders = [
            NewOrder::new("A-1", "harbor", "Zoë \"Z\" Brandt", "9999010000000017", "4711"),
            NewOrder::of("emv", "E-1", "harbor", &[("name", "NOOR VISSER")]),
            NewOrder::new("A-2", "harbor", "Olga Petrova", "9999010000000025", "4711").with_photo(vec![1]),
        ];
        let files = write(directory.path(), &orders).unwrap();
        let texts: Vec<String> = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
        assert_eq!(texts.len(), 2);
        assert!(texts[0].starts_with("reference,base,profile,kind,customer,taken_by,name,card_number,pin,photo\n"));
        assert!(texts[0].contains("\"Zoë \"\"Z\"\" Brandt\"") && texts[0].ends_with(",\"A-2.png\"\n"));
        assert!(texts[1].ends_with(
            "taken_by,name\n\"E-1\",\"harbor\",\"emv\",\"new\",\"Example City\",\"counter 3\",\"NOOR VISSER\"\n"
        ));
        assert!(directory.path().join("A-2.png").exists());
    }
}
