//! Orders as a customer's clerk writes them: a CSV file, and photos beside it.

use std::io;
use std::path::{Path, PathBuf};

/// One order for a card of the profile `identity`.
#[derive(Debug, Clone)]
pub struct NewOrder {
    /// its reference
    pub reference: String,
    /// the base at which it is to be written
    pub base: String,
    /// the profile
    pub profile: String,
    /// the card holder
    pub name: String,
    /// the card's number
    pub card_number: String,
    /// the PIN
    pub pin: String,
    /// a photo
    pub photo: Option<Vec<u8>>,
}

impl NewOrder {
    /// An order without a photo.
    #[must_use]
    pub fn new(reference: &str, base: &str, name: &str, card_number: &str, pin: &str) -> Self {
        let [reference, base, name, card_number, pin] = [reference, base, name, card_number, pin].map(str::to_owned);
        Self { reference, base, profile: "identity".to_owned(), name, card_number, pin, photo: None }
    }

    /// The same with a photo.
    #[must_use]
    pub fn with_photo(self, photo: Vec<u8>) -> Self {
        Self { photo: Some(photo), ..self }
    }

    fn row(&self) -> String {
        let photo = self.photo.as_ref().map(|_| self.photo_name()).unwrap_or_default();
        let cells = [
            &self.reference,
            &self.base,
            &self.profile,
            "new",
            "Example City",
            "counter 3",
            &self.name,
            &self.card_number,
            &self.pin,
            &photo,
        ];
        cells.map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).join(",") + "\n"
    }

    fn photo_name(&self) -> String {
        format!("{}.png", self.reference)
    }
}

/// The columns of [`write`].
const HEADER: &str = "reference,base,profile,kind,customer,taken_by,name,card_number,pin,photo\n";

/// Writes `orders.csv` and the photos into `directory`; gives the file's path.
///
/// # Errors
/// A file could not be written.
pub fn write(directory: &Path, orders: &[NewOrder]) -> io::Result<PathBuf> {
    std::fs::create_dir_all(directory)?;
    for order in orders {
        if let Some(photo) = &order.photo {
            std::fs::write(directory.join(order.photo_name()), photo)?;
        }
    }
    let path = directory.join("orders.csv");
    let rows: String = orders.iter().map(NewOrder::row).collect();
    std::fs::write(&path, format!("{HEADER}{rows}"))?;
    Ok(path)
}
