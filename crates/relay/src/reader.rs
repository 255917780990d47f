//! The list of readers that may be used, signed by the center; and what a reader signs to prove that it is there.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

use crate::Error;
use crate::message::Id;

/// Says whether `signature` (ASN.1 DER) over `message` verifies under the key (SubjectPublicKeyInfo DER).
pub type Verify<'a> = &'a dyn Fn(&[u8], &[u8], &[u8]) -> bool;

/// The first element of what a reader signs, so that the signature can be taken for nothing else.
const PROOF_LABEL: &str = "cardwright reader proof 1";

/// The longest signed list that is read.
const LONGEST: usize = 4 * 1_024 * 1_024;

/// How a reader shows that it is the one on the list, from inventory to proof. Ascending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Tier {
    /// attributes alone (vendor, type, serial): inventory, forgeable
    #[n(0)]
    R0,
    /// the attributes, at a terminal whose host is hardened
    #[n(1)]
    R1,
    /// a SAM in the reader's second slot signs [`proof_hash`]
    #[n(2)]
    R2,
}

/// One reader of the database.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ReaderEntry {
    /// the reader's identity
    #[n(0)]
    pub id: Id,
    /// its name, for people
    #[n(1)]
    pub name: String,
    /// the base it stands at
    #[n(2)]
    pub base: String,
    /// what it must show
    #[n(3)]
    pub tier: Tier,
    /// vendor, as the reader's own attribute says; empty where any will do
    #[n(4)]
    pub vendor: String,
    /// type, as the reader's own attribute says; empty where any will do
    #[n(5)]
    pub kind: String,
    /// serial number, as the reader's own attribute says; empty where any will do
    #[n(6)]
    pub serial: String,
    /// the PC/SC name of the slot for cards; `*` stands for any characters
    #[n(7)]
    pub card_slot: String,
    /// the PC/SC name of the slot that holds the SAM; set for R2
    #[n(8)]
    pub sam_slot: Option<String>,
    /// the SAM's card-authentication key, SubjectPublicKeyInfo DER (P-256); set for R2
    #[n(9)]
    pub sam_key: Option<ByteVec>,
}

/// The readers of one base, or of all, at one time.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ReaderList {
    /// the center's name
    #[n(0)]
    pub center: String,
    /// goes up with every list
    #[n(1)]
    pub version: u64,
    /// microseconds since 1970 UTC
    #[n(2)]
    pub issued: i64,
    /// microseconds since 1970 UTC
    #[n(3)]
    pub expires: i64,
    /// the readers
    #[n(4)]
    pub readers: Vec<ReaderEntry>,
}

impl ReaderList {
    /// The canonical bytes: what is signed.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        minicbor::to_vec(self).expect("encoding into a Vec cannot fail: there is no writer that could")
    }
}

/// A list and the center's signature over exactly its bytes. Nothing in it may be believed before `verify`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SignedReaderList {
    /// [`ReaderList::to_bytes`]
    #[n(0)]
    pub list: ByteVec,
    /// ECDSA with SHA-256 on P-256, ASN.1 DER
    #[n(1)]
    pub signature: ByteVec,
}

impl SignedReaderList {
    /// The bytes that WELCOME and WORK carry.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        minicbor::to_vec(self).expect("encoding into a Vec cannot fail: there is no writer that could")
    }

    /// Reads what WELCOME or WORK carried.
    ///
    /// # Errors
    /// `Error::ListAltered` for anything that is not a signed list: it is not what the center made.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > LONGEST {
            return Err(Error::ListAltered);
        }
        read_exactly(bytes)
    }

    /// Checks the list: signed under `key` (SubjectPublicKeyInfo DER), not expired at `now` (microseconds since
    /// 1970 UTC), and not older than `newest`, the highest version ever held (0 for none).
    ///
    /// # Errors
    /// `Error::ListAltered`, `Error::ListExpired` or `Error::ListOlder`, looked for in this order.
    pub fn verify(&self, key: &[u8], now: i64, newest: u64, verify: Verify) -> Result<VerifiedReaderList, Error> {
        if !verify(key, &self.list, &self.signature) {
            return Err(Error::ListAltered);
        }
        let list: ReaderList = read_exactly(&self.list)?;
        if list.expires <= now {
            return Err(Error::ListExpired { expired: list.expires });
        }
        if list.version < newest {
            return Err(Error::ListOlder { found: list.version, newest });
        }
        Ok(VerifiedReaderList { list })
    }
}

fn read_exactly<T: for<'b> Decode<'b, ()>>(bytes: &[u8]) -> Result<T, Error> {
    let mut decoder = minicbor::Decoder::new(bytes);
    let value = decoder.decode().map_err(|_| Error::ListAltered)?;
    if decoder.position() == bytes.len() { Ok(value) } else { Err(Error::ListAltered) }
}

/// A list that [`SignedReaderList::verify`] has passed; there is no other way to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedReaderList {
    list: ReaderList,
}

impl VerifiedReaderList {
    /// The list's version.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.list.version
    }

    /// When it expires, microseconds since 1970 UTC. Whoever holds a list for long asks again before each use.
    #[must_use]
    pub fn expires(&self) -> i64 {
        self.list.expires
    }

    /// The readers on it.
    #[must_use]
    pub fn readers(&self) -> &[ReaderEntry] {
        &self.list.readers
    }

    /// The reader whose card slot has this PC/SC name. Of several, the one that must show most.
    #[must_use]
    pub fn by_card_slot(&self, pcsc_name: &str) -> Option<&ReaderEntry> {
        self.readers().iter().filter(|entry| matches(&entry.card_slot, pcsc_name)).max_by_key(|entry| entry.tier)
    }
}

/// Whether `name` fits `pattern`, in which `*` stands for any characters, none included.
#[must_use]
pub fn matches(pattern: &str, name: &str) -> bool {
    let Some((head, mut rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut name) = name.strip_prefix(head) else {
        return false;
    };
    while let Some((middle, next)) = rest.split_once('*') {
        let Some(at) = name.find(middle) else {
            return false;
        };
        name = &name[at + middle.len()..];
        rest = next;
    }
    name.ends_with(rest)
}

/// What the SAM of a tier R2 reader signs: SHA-256 over the canonical CBOR array of label, session, terminal,
/// reader and nonce (the challenge's value).
#[must_use]
pub fn proof_hash(session: &Id, terminal: &Id, reader: &Id, nonce: &Id) -> [u8; 32] {
    let bytes = minicbor::to_vec((PROOF_LABEL, session, terminal, reader, nonce))
        .expect("encoding into a Vec cannot fail: there is no writer that could");
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters_and_everything_else_for_itself() {
        for (pattern, name) in [
            ("Virtual PCD 00 00", "Virtual PCD 00 00"),
            ("*", ""),
            ("A*", "A 01"),
            ("*01", "A 01"),
            ("A*B*C", "A B B C"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("", "A"),
            ("A*", "B"),
            ("*01", "A 02"),
            ("A*B*C", "A C"),
            ("AB*BA", "ABA"),
            ("Virtual PCD 00 00", "Virtual PCD 00 01"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
