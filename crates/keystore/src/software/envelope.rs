//! The form of the file, `format=1`: a line that a person can read, the sealed contents, a checksum.
//!
//! ```text
//! cardwright-keystore format=1 kdf=argon2id memory=65536 passes=3 lanes=4 salt=<32 hexadecimal digits>\n
//! nonce 12 ‖ AES-256-GCM ciphertext ‖ tag 16      (associated data: the line with its end)
//! SHA-256 of all of the above, 32 bytes
//! ```
//!
//! The checksum needs no key: it tells a damaged file from a wrong passphrase. It protects against nobody.

use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use zeroize::Zeroizing;

use super::{PassphraseCost, RandomSource, aead};
use crate::{Error, Secret};

const SALT: usize = 16;
const MAGIC: &str = "cardwright-keystore";

/// The first line and the key that goes with it.
pub(super) struct Envelope {
    header: String,
    key: Secret,
}

impl Envelope {
    /// A new salt and its key.
    pub(super) fn new(passphrase: &[u8], cost: PassphraseCost, random: &dyn RandomSource) -> Result<Self, Error> {
        let mut salt = [0; SALT];
        random.fill(&mut salt)?;
        let PassphraseCost { memory, passes, lanes } = cost;
        let digits: String = salt.iter().map(|byte| format!("{byte:02x}")).collect();
        let header =
            format!("{MAGIC} format=1 kdf=argon2id memory={memory} passes={passes} lanes={lanes} salt={digits}\n");
        Ok(Self { header, key: cost.derive(passphrase, &salt)? })
    }

    /// The whole file holding `contents`.
    pub(super) fn seal(&self, contents: &[u8], random: &dyn RandomSource) -> Result<Vec<u8>, Error> {
        let header = self.header.as_bytes();
        let mut file = aead::seal(self.key.expose(), header, header, contents, random)?;
        let checksum = digest(&SHA256, &file);
        file.extend_from_slice(checksum.as_ref());
        Ok(file)
    }

    /// The envelope and the contents of a file.
    pub(super) fn open(file: &[u8], passphrase: &[u8]) -> Result<(Self, Zeroizing<Vec<u8>>), Error> {
        let (header, sealed) = parts_of(file)?;
        let (cost, salt) = parse_header(header)?;
        let envelope = Self { header: header.to_owned(), key: cost.derive(passphrase, &salt)? };
        let contents =
            aead::open(envelope.key.expose(), header.as_bytes(), sealed).map_err(|_| Error::WrongPassphrase)?;
        Ok((envelope, contents))
    }

    /// The contents of a later version of the file, without the passphrase: each has a salt of its own, so that the
    /// same first line means the same key.
    pub(super) fn open_again(&self, file: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let (header, sealed) = parts_of(file)?;
        if header != self.header {
            return Err(Error::PassphraseChanged);
        }
        aead::open(self.key.expose(), header.as_bytes(), sealed)
            .map_err(|_| Error::Damaged("it was sealed with another key than its first line says"))
    }
}

/// The first line and the sealed contents of a file that is whole.
fn parts_of(file: &[u8]) -> Result<(&str, &[u8]), Error> {
    let (body, checksum) = file.split_last_chunk::<SHA256_OUTPUT_LEN>().ok_or(Error::Damaged("it is cut short"))?;
    let header = header_of(body)?;
    if digest(&SHA256, body).as_ref() != checksum {
        return Err(Error::Damaged("its checksum does not fit"));
    }
    Ok((header, &body[header.len()..]))
}

/// The first line, its end included. It says another format before anything else is asked of the file.
fn header_of(body: &[u8]) -> Result<&str, Error> {
    let end = body.iter().position(|byte| *byte == b'\n').ok_or(Error::Damaged("it has no first line"))?;
    let header = str::from_utf8(&body[..=end]).map_err(|_| Error::Damaged("its first line is not text"))?;
    let mut words = header.split_ascii_whitespace();
    if words.next() != Some(MAGIC) {
        return Err(Error::Damaged("it is not a keystore"));
    }
    match words.next().and_then(|word| word.strip_prefix("format=")) {
        Some("1") => Ok(header),
        Some(other) => Err(Error::Format(other.to_owned())),
        None => Err(Error::Damaged("it names no format")),
    }
}

fn parse_header(header: &str) -> Result<(PassphraseCost, [u8; SALT]), Error> {
    let parse = || {
        let mut words = header.split_ascii_whitespace().skip(2);
        let mut value = |name: &str| words.next()?.strip_prefix(name)?.strip_prefix('=');
        (value("kdf")? == "argon2id").then_some(())?;
        let (memory, passes, lanes) =
            (value("memory")?.parse().ok()?, value("passes")?.parse().ok()?, value("lanes")?.parse().ok()?);
        Some((PassphraseCost::of_file(memory, passes, lanes)?, parse_salt(value("salt")?)?))
    };
    parse().ok_or(Error::Damaged("its first line names no key derivation that this program does"))
}

fn parse_salt(digits: &str) -> Option<[u8; SALT]> {
    let digits = digits.as_bytes();
    let mut salt = [0; SALT];
    if digits.len() != 2 * SALT {
        return None;
    }
    for (byte, pair) in salt.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(salt)
}
