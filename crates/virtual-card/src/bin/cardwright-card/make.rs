//! `make`: blank cards with diversified transport keys, and the file that ships with them.

use std::fmt::Write as _;
use std::path::PathBuf;

use cardwright_virtual_card::{CardIdentity, CardProduct, CardState, Entropy, Secret, blank, diversification};
use clap::Args;
use serde_json::json;

use crate::failure::Failure;
use crate::report::Report;
use crate::{batch_key, state_file};

/// The columns of a shipment file.
const HEADER: &str = "product,iin,cin,cplc,kdd,kvn,kcvs\n";

#[derive(Args)]
pub(crate) struct Make {
    /// The card product (products/*.toml)
    #[arg(long)]
    product: PathBuf,
    /// How many cards
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    count: u32,
    /// The directory for state files and shipment.csv
    #[arg(long)]
    out: PathBuf,
    /// The batch's master key in hexadecimal; without it and --batch-key-file a new one is made
    #[arg(long, conflicts_with = "batch_key_file")]
    master: Option<String>,
    /// The file with the batch's master key; written if it is not there [default: OUT/batch-key.toml]
    #[arg(long)]
    batch_key_file: Option<PathBuf>,
    /// The issuer identification number, hexadecimal
    #[arg(long, default_value = "999999")]
    iin: String,
}

impl Make {
    pub(crate) fn run(&self, report: &Report) -> Result<(), Failure> {
        let product = read_product(&self.product)?;
        let iin = hex::decode(&self.iin).map_err(|error| Failure::Usage(format!("--iin: {error}")))?;
        std::fs::create_dir_all(&self.out).map_err(Failure::at(self.out.display()))?;
        let shipment_path = self.out.join("shipment.csv");
        if shipment_path.exists() {
            return Err(Failure::Refused(format!("{} is there already", shipment_path.display())));
        }
        let mut entropy = state_file::entropy()?;
        let master = self.master_key(&product, &mut entropy)?;
        let batch = Batch::new(&mut entropy);
        let mut shipment = String::from(HEADER);
        for index in 0..self.count {
            let card = make_card(&product, &master, batch.identity(&iin, index))?;
            state_file::create(&self.out.join(format!("card-{:04}.json", index + 1)), &card)?;
            shipment.push_str(&shipment_line(&card));
        }
        std::fs::write(&shipment_path, shipment).map_err(Failure::at(shipment_path.display()))?;
        let kcv = batch_key::check_value(&product, &master);
        let cards = if self.count == 1 { "card" } else { "cards" };
        let place = self.out.display();
        let text = format!("{} blank {cards} of {} in {place}, batch key {kcv}", self.count, product.name);
        report.result(
            &text,
            &json!({ "cards": self.count, "product": product.name, "shipment": shipment_path, "batch_key_kcv": kcv }),
        );
        Ok(())
    }

    fn master_key(&self, product: &CardProduct, entropy: &mut dyn Entropy) -> Result<Secret, Failure> {
        if let Some(digits) = &self.master {
            let master = batch_key::parse(product, digits)?;
            batch_key::write(product, &master, &self.out.join("batch-key.toml"))?;
            return Ok(master);
        }
        let path = self.batch_key_file.clone().unwrap_or_else(|| self.out.join("batch-key.toml"));
        if path.exists() {
            return batch_key::read(product, &path);
        }
        let master = batch_key::generate(product, entropy);
        batch_key::write(product, &master, &path)?;
        Ok(master)
    }
}

/// Reads a product file.
pub(crate) fn read_product(path: &std::path::Path) -> Result<CardProduct, Failure> {
    let text = std::fs::read_to_string(path).map_err(Failure::at(path.display()))?;
    Ok(CardProduct::from_toml(&text)?)
}

/// What the cards of one batch have in common, and where their serial numbers start.
pub(crate) struct Batch {
    identifier: [u8; 2],
    first_serial: u32,
}

impl Batch {
    pub(crate) fn new(entropy: &mut dyn Entropy) -> Self {
        let mut random = [0; 6];
        entropy.fill(&mut random);
        let [b1, b2, s1, s2, s3, s4] = random;
        Self { identifier: [b1, b2], first_serial: u32::from_be_bytes([s1, s2, s3, s4]) }
    }

    /// The identity of the batch's card number `index`. Serial and batch stand in the production data (bytes 12 to
    /// 17) and, because VISA2 and EMV read different bytes, at the end of the diversification data.
    pub(crate) fn identity(&self, iin: &[u8], index: u32) -> CardIdentity {
        let serial = self.first_serial.wrapping_add(index).to_be_bytes();
        let number = [&serial[..], &self.identifier].concat();
        let mut production = vec![0; 42];
        production[..4].copy_from_slice(b"CWVC"); // fabricator and type of the chip
        production[12..18].copy_from_slice(&number);
        CardIdentity {
            issuer_identification_number: iin.to_vec(),
            card_image_number: number.clone(),
            production_life_cycle: production,
            key_diversification_data: [b"CWVC", &number[..]].concat(),
        }
    }
}

fn make_card(product: &CardProduct, master: &Secret, identity: CardIdentity) -> Result<CardState, Failure> {
    let refused = || Failure::Refused("the master key does not fit the product's diversification".into());
    let data = identity.key_diversification_data.first_chunk().ok_or_else(refused)?;
    let keys = diversification::card_keys(product.diversification, master, data).ok_or_else(refused)?;
    Ok(blank::blank(product.clone(), identity, keys)?)
}

/// One line: key version as two hexadecimal digits, check values of ENC, MAC and DEK with `/` between them.
fn shipment_line(card: &CardState) -> String {
    let mut line = card.product.name.clone();
    let identity = &card.identity;
    let columns = [
        &identity.issuer_identification_number,
        &identity.card_image_number,
        &identity.production_life_cycle,
        &identity.key_diversification_data,
    ];
    columns.into_iter().for_each(|column| {
        line.push(',');
        line.push_str(&hex::encode_upper(column));
    });
    for set in &card.key_sets {
        let values: Vec<String> = set.keys.iter().map(|key| hex::encode_upper(key.check_value())).collect();
        let _ = writeln!(line, ",{:02X},{}", set.version, values.join("/"));
    }
    line
}
