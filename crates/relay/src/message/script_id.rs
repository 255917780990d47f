//! How a script gets its id: the same commands for the same step of the same session have the same.

use sha2::{Digest, Sha256};

use super::{Id, Script, ScriptCommand};

impl Script {
    /// SHA-256 over the canonical CBOR array of session, step and commands: what the committed intent holds.
    #[must_use]
    pub fn hash(session: &Id, step: u16, commands: &[ScriptCommand]) -> [u8; 32] {
        let bytes = minicbor::to_vec((session, step, commands))
            .expect("encoding into a Vec cannot fail: there is no writer that could");
        Sha256::digest(bytes).into()
    }

    /// The script's id: the first 16 bytes of [`Script::hash`].
    #[must_use]
    pub fn id(session: &Id, step: u16, commands: &[ScriptCommand]) -> Id {
        id_of(&Self::hash(session, step, commands))
    }

    /// A script of `commands`, with its id.
    #[must_use]
    pub fn new(session: Id, step: u16, deadline: u32, commands: Vec<ScriptCommand>) -> Self {
        Self::hashed(session, step, deadline, commands).0
    }

    /// The same, with the whole hash that its id begins: made once for both.
    #[must_use]
    pub fn hashed(session: Id, step: u16, deadline: u32, commands: Vec<ScriptCommand>) -> (Self, [u8; 32]) {
        let hash = Self::hash(&session, step, &commands);
        (Self { script: id_of(&hash), session, step, deadline, commands, notice: None }, hash)
    }
}

fn id_of(hash: &[u8; 32]) -> Id {
    Id::from(std::array::from_fn::<u8, 16, _>(|index| hash[index]))
}
