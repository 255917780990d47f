//! Checkpoints: what a log says it holds, in the text form of C2SP `tlog-checkpoint`.

use base64ct::{Base64, Encoding};

use crate::{Error, Hash, NoteKey, SignatureCheck, SignedNote};

/// The head of a log's tree. Its text is what is signed:
///
/// ```text
/// origin
/// size in decimal
/// root in base64
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// which log: a name, as `example.org/center`
    pub origin: String,
    /// the number of its leaves
    pub size: u64,
    /// the root over them
    pub root: Hash,
}

impl Checkpoint {
    /// The note text, with its final newline.
    ///
    /// # Errors
    /// [`Error::Malformed`] where the origin is empty or has a control character in it.
    pub fn to_text(&self) -> Result<String, Error> {
        if !is_origin(&self.origin) {
            return Err(Error::Malformed("the origin is empty or has a control character in it"));
        }
        Ok(format!("{}\n{}\n{}\n", self.origin, self.size, Base64::encode_string(&self.root)))
    }

    /// Reads a note text. Lines after the third (extensions, which no monitor can check) are refused.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let lines = text.strip_suffix('\n').ok_or(Error::Malformed("the checkpoint does not end in a newline"))?;
        let mut lines = lines.split('\n');
        let (Some(origin), Some(size), Some(root), None) = (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(Error::Malformed("a checkpoint has three lines"));
        };
        if !is_origin(origin) {
            return Err(Error::Malformed("the origin is empty or has a control character in it"));
        }
        Ok(Self { origin: origin.to_owned(), size: parse_size(size)?, root: parse_root(root)? })
    }

    /// Reads a signed checkpoint of the log `origin`, if every one of `keys` has signed it.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::NotSigned`], [`Error::WrongSignature`].
    pub fn open(note: &str, origin: &str, keys: &[NoteKey], check: &impl SignatureCheck) -> Result<Self, Error> {
        let note = SignedNote::parse(note)?;
        for key in keys {
            note.verify(std::slice::from_ref(key), check)?;
        }
        if keys.is_empty() {
            return Err(Error::NotSigned);
        }
        let checkpoint = Self::parse(note.text())?;
        if checkpoint.origin != origin {
            return Err(Error::Malformed("the checkpoint is another log's"));
        }
        Ok(checkpoint)
    }
}

fn is_origin(origin: &str) -> bool {
    !origin.is_empty() && !origin.chars().any(char::is_control)
}

fn parse_size(line: &str) -> Result<u64, Error> {
    let size: u64 = line.parse().map_err(|_| Error::Malformed("the size is not a decimal number"))?;
    if size.to_string() != line {
        return Err(Error::Malformed("the size has a sign or leading zeros"));
    }
    Ok(size)
}

fn parse_root(line: &str) -> Result<Hash, Error> {
    let bytes = Base64::decode_vec(line).ok().and_then(|bytes| Hash::try_from(bytes).ok());
    bytes.ok_or(Error::Malformed("the root is not 32 bytes in base64"))
}
