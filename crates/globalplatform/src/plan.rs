//! A command as it is planned: what it carries, and what it may answer.

use cardwright_apdu::{Command, StatusWord};

/// What a command carries; it decides which security levels may carry it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Content {
    /// personal data, names, numbers, keys, PINs: only where commands are encrypted
    Personal,
    /// a block of a load file: no secret
    LoadFile,
    /// content management and questions without a secret
    Management,
}

/// A command with its content and the status words that let the list go on. Anything else stops it: an error that
/// is not a MAC error leaves the channel open (Amd D §5.6), and the card would go on executing.
#[derive(Clone, PartialEq, Eq)]
pub struct PlannedCommand {
    command: Command,
    content: Content,
    allowed: Vec<StatusWord>,
}

impl PlannedCommand {
    /// A command that must answer 9000.
    #[must_use]
    pub fn new(command: Command, content: Content) -> Self {
        Self { command, content, allowed: vec![StatusWord::SUCCESS] }
    }

    /// The same command, allowed to answer `status` too.
    #[must_use]
    pub fn allowing(mut self, status: StatusWord) -> Self {
        if !self.allowed.contains(&status) {
            self.allowed.push(status);
        }
        self
    }

    /// The same command, carrying `content`: for parameters that the constructor could not know to be personal.
    #[must_use]
    pub fn carrying(mut self, content: Content) -> Self {
        self.content = content;
        self
    }

    /// The plain command.
    #[must_use]
    pub fn command(&self) -> &Command {
        &self.command
    }

    /// What it carries.
    #[must_use]
    pub fn content(&self) -> Content {
        self.content
    }

    /// The status words it may answer, 9000 the first.
    #[must_use]
    pub fn allowed(&self) -> &[StatusWord] {
        &self.allowed
    }
}

/// The data of a command may be a name or a key: only header, length and content are shown.
impl std::fmt::Debug for PlannedCommand {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let header = self.command.header;
        let length = self.command.data().len();
        write!(out, "PlannedCommand({:02X}{:02X}{:02X}{:02X}", header.cla, header.ins, header.p1, header.p2)?;
        write!(out, ", {length} bytes, {:?}, {:?})", self.content, self.allowed)
    }
}
