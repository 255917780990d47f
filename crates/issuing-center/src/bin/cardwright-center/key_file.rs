//! Files that keys come in. Nothing of them is repeated in a message.

use std::path::Path;

use base64ct::{Base64, Encoding};
use cardwright_keystore::Kcv;
use serde::Deserialize;
use zeroize::{Zeroize, Zeroizing};

use crate::context::read_file;
use crate::failure::Failure;

/// The longest key file.
const LONGEST: usize = 16_384;

/// A card maker's batch key file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchKeyFile {
    format: u32,
    product: String,
    master: String,
    kcv: String,
}

impl Drop for BatchKeyFile {
    fn drop(&mut self) {
        self.master.zeroize();
    }
}

/// A key's value, its check value, and the card product it is for, where the file says so.
pub(crate) struct Entered {
    pub(crate) value: Zeroizing<Vec<u8>>,
    pub(crate) kcv: Kcv,
    pub(crate) product: Option<String>,
}

/// Reads a symmetric key.
pub(crate) fn entered(path: &Path, kcv: Option<&str>) -> Result<Entered, Failure> {
    let text = read_file(path, LONGEST)?;
    let text = std::str::from_utf8(&text).map_err(|_| Failure::file(path.display(), "not text"))?;
    let (digits, kcv, product) = if text.contains('=') {
        let wrong = || Failure::file(path.display(), "not a batch key file of format 1");
        let mut file: BatchKeyFile = toml::from_str(text).map_err(|_| wrong())?;
        if file.format != 1 {
            return Err(wrong());
        }
        let kcv = kcv.map_or_else(|| file.kcv.clone(), str::to_owned);
        (Zeroizing::new(std::mem::take(&mut file.master)), kcv, Some(file.product.clone()))
    } else {
        let kcv = kcv.ok_or_else(|| Failure::Usage("--kcv is needed: the check value on the papers".into()))?;
        (Zeroizing::new(text.split_whitespace().collect()), kcv.to_owned(), None)
    };
    let value = hex::decode(digits.trim()).map(Zeroizing::new);
    let value = value.map_err(|_| Failure::file(path.display(), "the key is not hexadecimal"))?;
    let kcv = hex::decode(&kcv).ok().and_then(|bytes| <[u8; 3]>::try_from(bytes).ok());
    let kcv = kcv.ok_or_else(|| Failure::Usage("a check value has 6 hexadecimal digits".into()))?;
    Ok(Entered { value, kcv: Kcv(kcv), product })
}

/// Reads an RSA key: PKCS#8, DER or PEM, not encrypted.
pub(crate) fn entered_rsa(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
    let bytes = read_file(path, LONGEST)?;
    let Some(text) = std::str::from_utf8(&bytes).ok().filter(|text| text.contains("-----BEGIN")) else {
        return Ok(bytes);
    };
    let wrong = || Failure::file(path.display(), "not PKCS#8 in PEM (BEGIN PRIVATE KEY), unencrypted");
    let (_, body) = text.split_once(BEGIN).ok_or_else(wrong)?;
    let (body, _) = body.split_once("-----END PRIVATE KEY-----").ok_or_else(wrong)?;
    let base64: Zeroizing<String> = Zeroizing::new(body.split_whitespace().collect());
    Base64::decode_vec(&base64).map(Zeroizing::new).map_err(|_| wrong())
}
