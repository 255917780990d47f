//! What a center needs besides to issue payment cards and employees' cards: keys that others know too, an EMV issuer
//! under a test root, an authority for PIV cards. And the host that sends PIN blocks.

use std::io;

use openssl::symm::{Cipher, Crypter, Mode};

use super::center::ADMIN;
use super::{Fault, NewOrder, World, portrait_jpeg};
use crate::shop::{Authority, today};

/// A key that comes from elsewhere: name, use, value, check value.
type Shared = (&'static str, &'static str, &'static str, &'static str);

/// The master key for cryptograms of the profile `emv-credit`.
pub const CREDIT_MASTER: &str = "17C1AE45F9D10D2077527FAE457C7947";
/// The master key for cryptograms of the profile `emv-debit`.
pub const DEBIT_MASTER: &str = "FBAA5ECD3ABFF3BC8A9A34419A6B8C56";
/// The zone key that the hosts send PIN blocks under.
const ZONE: &str = "72ED1F7C4AF4B2A67DE8CA776D2A0A0E";
/// The zone key that the PIN mailer opens blocks with.
const MAILER: &str = "EAA00C55A5648F389D1F166CF6DAB5F5";

/// 3DES; the check values were computed by `openssl enc -des-ede`.
const SHARED: [Shared; 5] = [
    ("imk-ac", "application", CREDIT_MASTER, "CC4B25"),
    ("debit-imk-ac", "application", DEBIT_MASTER, "50DE00"),
    ("zone/host", "zone", ZONE, "1B4DE4"),
    ("zone/personnel", "zone", ZONE, "1B4DE4"),
    ("zone/mailer", "zone", MAILER, "78D409"),
];

/// Keys that nobody else knows: name, use, kind.
const OWN: [(&str, &str, &str); 9] = [
    ("imk-smi", "application", "tdes2"),
    ("imk-smc", "application", "tdes2"),
    ("cvk", "verification", "tdes2"),
    ("pvk", "verification", "tdes2"),
    ("debit-imk-smi", "application", "tdes2"),
    ("debit-imk-smc", "application", "tdes2"),
    ("debit-cvk", "verification", "tdes2"),
    ("debit-pvk", "verification", "tdes2"),
    ("piv-admin", "application", "aes256"),
];

/// The test root's RID.
const RID: &str = "F0454D5601";

/// EMV issuers: name, identifier, bits and exponent; then index and bits of their root.
const ISSUERS: [(&str, &str, &str, &str, &str, &str); 2] = [
    ("example-issuer", "476173", "1408", "3", "01", "1408"),
    ("example-debit-issuer", "476174", "1024", "65537", "02", "1152"),
];

impl World {
    /// The center becomes an issuer of payment cards and of employees' cards, by the commands of its people.
    ///
    /// # Errors
    /// What a command said.
    pub fn found_issuers(&self) -> Result<(), Fault> {
        for (name, key_use, value, check_value) in SHARED {
            let file = self.path("shared.key");
            std::fs::write(&file, value)?;
            let file = file.display().to_string();
            let words = ["key", "import", name, "--use", key_use, "--kind", "tdes2", "--file", &file];
            self.center.must(&[&words[..], &["--kcv", check_value, "--as", ADMIN]].concat())?;
            std::fs::remove_file(&file)?;
        }
        for (name, key_use, kind) in OWN {
            self.center.must(&["key", "generate", name, "--use", key_use, "--kind", kind, "--as", ADMIN])?;
        }
        for issuer in ISSUERS {
            self.found_issuer(issuer)?;
        }
        let subject = "C=XX, O=Example City, CN=Example City Employees CA";
        self.center.must(&["piv-ca", "make", "piv-authority", "--subject", subject, "--as", ADMIN]).map(drop)
    }

    fn found_issuer(
        &self,
        (name, identifier, bits, exponent, index, root_bits): (&str, &str, &str, &str, &str, &str),
    ) -> Result<(), Fault> {
        let year = today().0;
        let (root_ends, ends) = (format!("{}-12", year + 10), format!("{}-12", year + 9));
        let root = ["issuer-ca", "root", "--rid", RID, "--index", index, "--bits", root_bits, "--expires", &root_ends];
        self.center.must(&[&root[..], &["--exponent", exponent, "--as", ADMIN]].concat())?;
        let key = ["issuer-ca", "key", name, "--identifier", identifier, "--bits", bits, "--exponent", exponent];
        self.center.must(&[&key[..], &["--as", ADMIN]].concat())?;
        let root = format!("{RID}/{index}");
        let sign = ["issuer-ca", "sign", name, "--root", &root, "--expires", &ends, "--as", ADMIN];
        self.center.must(&sign).map(drop)
    }

    /// Fills the pool with keys of the sizes that the imported profiles ask for.
    ///
    /// # Errors
    /// What the command said.
    pub fn fill_pool(&self, bits: &str, exponent: &str, count: usize) -> Result<(), Fault> {
        let count = count.to_string();
        let words = ["pool", "fill", "--bits", bits, "--exponent", exponent, "--count", &count, "--as", ADMIN];
        self.center.must(&words).map(drop)
    }

    /// The public keys of the center's test roots, as shops are given them.
    ///
    /// # Errors
    /// What the command said.
    pub fn authorities(&self) -> Result<Vec<Authority>, Fault> {
        let said = self.center.must(&["--json", "issuer-ca", "list"])?;
        let listed = said.events().into_iter().next().unwrap_or_default();
        let keys = listed["certification_keys"].as_array().cloned().unwrap_or_default();
        let text = |key: &serde_json::Value, name: &str| key[name].as_str().unwrap_or_default().to_owned();
        let authority = |key: &serde_json::Value| {
            let [rid, index, modulus, exponent] = ["rid", "index", "modulus", "exponent"].map(|name| text(key, name));
            Authority { rid, index, modulus, exponent }
        };
        Ok(keys.iter().map(authority).collect())
    }
}

/// An order of a credit card for Zoë Müller, as the issuer's host sends it.
///
/// # Errors
/// OpenSSL fails.
pub fn credit_order(reference: &str, base: &str, number: &str, pin: &str) -> io::Result<NewOrder> {
    let block = pin_block(number, pin)?;
    let fields = [("name", "Zoë Müller"), ("card_number", number), ("sequence", "1"), ("pin_block", &block)];
    Ok(NewOrder::of("emv-credit", reference, base, &fields))
}

/// An order of an employee's card for Ada Example, as personnel send it.
///
/// # Errors
/// OpenSSL fails.
pub fn employee_order(reference: &str, base: &str, badge: &str, pin: &str, puk: &str) -> io::Result<NewOrder> {
    let (pin, puk) = (pin_block(badge, pin)?, pin_block(badge, puk)?);
    let fields = [
        ("badge", badge),
        ("name", "Ada Example"),
        ("email", "ada@city.example"),
        ("pin_block", &pin),
        ("puk_block", &puk),
    ];
    Ok(NewOrder::of("piv-employee", reference, base, &fields).with_photo(portrait_jpeg()))
}

/// The block that an issuer's host sends for a PIN: ISO 9564-1 format 0, under the zone key.
///
/// # Errors
/// OpenSSL fails.
pub fn pin_block(number: &str, pin: &str) -> io::Result<String> {
    let account: String = number.chars().rev().skip(1).take(12).collect::<String>().chars().rev().collect();
    let account = u64::from_str_radix(&account, 16).map_err(io::Error::other)?;
    let digits = format!("{:F<16}", format!("0{:X}{pin}", pin.len()));
    let digits = u64::from_str_radix(&digits, 16).map_err(io::Error::other)?;
    Ok(hex::encode_upper(tdes(Mode::Encrypt, ZONE, &(account ^ digits).to_be_bytes())?))
}

/// The PIN in a block of ISO 9564-1 format 1 that the PIN mailer got, in hexadecimal.
///
/// # Errors
/// The block is none, or OpenSSL fails.
pub fn pin_of_letter(block: &str) -> io::Result<String> {
    let clear = hex::encode_upper(tdes(Mode::Decrypt, MAILER, &hex::decode(block).map_err(io::Error::other)?)?);
    let length = clear.strip_prefix('1').and_then(|rest| usize::from_str_radix(rest.get(..1)?, 16).ok());
    let pin = length.and_then(|length| clear.get(2..2 + length));
    pin.map(str::to_owned).ok_or_else(|| io::Error::other("not a PIN block of format 1"))
}

/// Two-key triple DES of one block.
fn tdes(mode: Mode, key: &str, block: &[u8]) -> io::Result<Vec<u8>> {
    let key = hex::decode(key).map_err(io::Error::other)?;
    let whole = [&key[..], &key[..8]].concat();
    let mut crypter = Crypter::new(Cipher::des_ede3_ecb(), mode, &whole, None)?;
    crypter.pad(false);
    let mut out = vec![0; block.len() + 8];
    let count = crypter.update(block, &mut out)?;
    let rest = crypter.finalize(&mut out[count..])?;
    out.truncate(count + rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_opened_by_who_has_the_key() {
        let sent = pin_block("4761739001010119", "1234").unwrap();
        let clear = tdes(Mode::Decrypt, ZONE, &hex::decode(sent).unwrap()).unwrap();
        // 04 1234 FF.. over the 12 digits before the check digit, 173900101011
        assert_eq!(hex::encode_upper(clear), "041223C6FFEFEFEE");
        let letter = hex::decode("1512345ABCDEF012").unwrap();
        let sealed = tdes(Mode::Encrypt, MAILER, &letter).unwrap();
        assert_eq!(pin_of_letter(&hex::encode(sealed)).unwrap(), "12345");
        assert!(pin_of_letter("0000000000000000").is_err());
    }
}
