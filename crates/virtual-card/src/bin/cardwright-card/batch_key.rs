//! The master key of a batch: it travels apart from the cards and their shipment file.

use std::io::Write;
use std::path::Path;

use cardwright_virtual_card::{CardProduct, Entropy, Key, Secret};
use serde::Deserialize;

use crate::failure::Failure;
use crate::state_file;

/// A batch key file (`format = 1`).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchKeyFile {
    format: u32,
    product: String,
    master: Secret,
    kcv: String,
}

/// A new master key for `product`.
pub(crate) fn generate(product: &CardProduct, entropy: &mut dyn Entropy) -> Secret {
    let mut master = vec![0; product.key_length];
    entropy.fill(&mut master);
    Secret::new(master)
}

/// Reads the master key of `product` from hexadecimal digits.
pub(crate) fn parse(product: &CardProduct, digits: &str) -> Result<Secret, Failure> {
    let master = hex::decode(digits).map(Secret::new);
    let master = master.map_err(|error| Failure::Usage(format!("the master key is not hexadecimal: {error}")))?;
    check_length(product, master)
}

/// Reads the master key of `product` from a batch key file, and checks its check value.
pub(crate) fn read(product: &CardProduct, path: &Path) -> Result<Secret, Failure> {
    let text = std::fs::read_to_string(path).map_err(Failure::at(path.display()))?;
    let refused = |reason: String| Failure::Refused(format!("{}: {reason}", path.display()));
    let file: BatchKeyFile = toml::from_str(&text).map_err(|error| refused(error.message().to_owned()))?;
    if file.format != 1 || file.product != product.name {
        return Err(refused(format!("not a batch key of format 1 for {}", product.name)));
    }
    let master = check_length(product, file.master)?;
    let kcv = check_value(product, &master);
    if kcv != file.kcv { Err(refused(format!("the key's check value is {kcv}, not {}", file.kcv))) } else { Ok(master) }
}

/// Writes a batch key file that its owner alone can read. One that is there is never written over: it may be the only
/// copy of the key of cards that were shipped.
pub(crate) fn write(product: &CardProduct, master: &Secret, path: &Path) -> Result<(), Failure> {
    let mut file = state_file::new_private_file(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::Refused(format!("{} is there already", path.display())),
        _ => Failure::at(path.display())(error),
    })?;
    let digits = Secret::new(hex::encode_upper(master.expose()).into_bytes());
    let head = format!(
        "# Carry this apart from the cards and their shipment file.\nformat = 1\nproduct = \"{}\"\n",
        product.name
    );
    let tail = format!("\"\nkcv = \"{}\"\n", check_value(product, master));
    [head.as_bytes(), b"master = \"", digits.expose(), tail.as_bytes()]
        .into_iter()
        .try_for_each(|part| file.write_all(part))
        .and_then(|()| file.sync_all())
        .map_err(Failure::at(path.display()))
}

/// The check value of a master key, as the card's own keys have it.
pub(crate) fn check_value(product: &CardProduct, master: &Secret) -> String {
    let key = Key::new(1, product.key_kind(), Secret::new(master.expose().to_vec()));
    key.map(|key| hex::encode_upper(key.check_value())).unwrap_or_default()
}

fn check_length(product: &CardProduct, master: Secret) -> Result<Secret, Failure> {
    let expected = product.key_length;
    if master.expose().len() == expected {
        Ok(master)
    } else {
        Err(Failure::Usage(format!("the master key of {} has {expected} bytes", product.name)))
    }
}
