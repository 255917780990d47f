//! Signed notes: a text, an empty line, and a line for each signature (C2SP `signed-note`).

use std::fmt;

use base64ct::{Base64, Encoding};

use crate::{Error, NoteKey, SignatureCheck};

/// How long a note may be, in bytes.
const MAX_LENGTH: usize = 1 << 20;
/// How many signatures it may carry; the specification asks for 16 at least.
const MAX_SIGNATURES: usize = 64;
/// How a signature's line begins: an em dash and a space.
const DASH: &str = "\u{2014} ";

/// A note as it came, with nothing verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature's line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// the key's name
    pub name: String,
    /// the key's id
    pub key_id: [u8; 4],
    /// the signature, in the form of the key's kind
    pub signature: Vec<u8>,
}

impl SignedNote {
    /// A note of `text`, which ends in a newline, without signatures yet.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn new(text: impl Into<String>) -> Result<Self, Error> {
        let text = text.into();
        if !text.ends_with('\n') || !is_note(&text) {
            return Err(Error::Malformed("a note's text ends in a newline and has no other control character"));
        }
        Ok(Self { text, signatures: Vec::new() })
    }

    /// The same note with one more signature: `key`'s over [`SignedNote::text`].
    #[must_use]
    pub fn signed(mut self, key: &NoteKey, signature: impl Into<Vec<u8>>) -> Self {
        self.signatures.push(NoteSignature {
            name: key.name().to_owned(),
            key_id: key.id(),
            signature: signature.into(),
        });
        self
    }

    /// Reads a note with at least one signature.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn parse(note: &str) -> Result<Self, Error> {
        if note.len() > MAX_LENGTH || !is_note(note) {
            return Err(Error::Malformed("the note is too long or has a control character in it"));
        }
        let at = note.rfind("\n\n").ok_or(Error::Malformed("the note has no empty line before its signatures"))?;
        let (text, lines) = (&note[..=at], &note[at + 2..]);
        let lines = lines.strip_suffix('\n').ok_or(Error::Malformed("the note does not end in a newline"))?;
        let signatures = lines.split('\n').map(parse_signature).collect::<Result<Vec<_>, _>>()?;
        if signatures.len() > MAX_SIGNATURES {
            return Err(Error::Malformed("the note has more than 64 signatures"));
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// The text, with its final newline. Nothing of it is true before [`SignedNote::verify`].
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures, as they came.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// The keys of `trusted` that have signed the text, at least one. Signatures of other keys are passed over; a
    /// wrong one of a trusted key refuses the whole note.
    ///
    /// # Errors
    /// [`Error::NotSigned`], [`Error::WrongSignature`].
    pub fn verify<'a>(&self, trusted: &'a [NoteKey], check: &impl SignatureCheck) -> Result<Vec<&'a NoteKey>, Error> {
        let mut signers = Vec::new();
        for key in trusted {
            let made_by_key = |line: &&NoteSignature| line.name == key.name() && line.key_id == key.id();
            let lines: Vec<_> = self.signatures.iter().filter(made_by_key).collect();
            if lines.iter().any(|line| !check.verify(key, self.text.as_bytes(), &line.signature)) {
                return Err(Error::WrongSignature(key.name().to_owned()));
            }
            if !lines.is_empty() {
                signers.push(key);
            }
        }
        if signers.is_empty() { Err(Error::NotSigned) } else { Ok(signers) }
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| {
            let bytes = [&line.key_id, line.signature.as_slice()].concat();
            writeln!(out, "{DASH}{} {}", line.name, Base64::encode_string(&bytes))
        })
    }
}

fn is_note(text: &str) -> bool {
    !text.bytes().any(|byte| byte < 0x20 && byte != b'\n')
}

fn parse_signature(line: &str) -> Result<NoteSignature, Error> {
    const WRONG: Error = Error::Malformed("a signature's line is: em dash, name, base64");
    let (name, signature) = line.strip_prefix(DASH).and_then(|rest| rest.split_once(' ')).ok_or(WRONG)?;
    let bytes = Base64::decode_vec(signature).map_err(|_| WRONG)?;
    let (key_id, signature) = bytes.split_first_chunk::<4>().ok_or(WRONG)?;
    if !crate::note_key::is_name(name) {
        return Err(WRONG);
    }
    Ok(NoteSignature { name: name.to_owned(), key_id: *key_id, signature: signature.to_vec() })
}
