//! Why a CAP file is not taken: sentences that tell its maker what to change.

/// What is wrong with a CAP file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CapFault {
    /// The file is longer than any package.
    #[error("the file has {found} bytes, at most {limit} are read")]
    FileTooLong {
        /// its length in bytes
        found: usize,
        /// what is read, in bytes
        limit: usize,
    },
    /// The archive cannot be read, or other programs would read something else out of it.
    #[error("it is not one whole ZIP archive: {0}")]
    Archive(String),
    /// An entry of the archive that cannot be taken out of it.
    #[error("{entry} cannot be unpacked: {problem}")]
    Entry {
        /// the entry's path
        entry: String,
        /// why
        problem: &'static str,
    },
    /// Components stand in several directories.
    #[error("it holds several packages, {first} and {second}: make a CAP file of each")]
    SeveralPackages {
        /// one package's directory
        first: String,
        /// another's
        second: String,
    },
    /// The same component twice.
    #[error("the component {0} is there twice")]
    Doubled(&'static str),
    /// A component that must be there.
    #[error("the component {0} is missing")]
    Missing(&'static str),
    /// A file among the components that is none.
    #[error("{0} stands among the components and is none that is known: it would not go to the card")]
    UnknownComponent(String),
    /// A component that is not what its name says.
    #[error("the component {component}: {problem}")]
    Component {
        /// its file name
        component: &'static str,
        /// what is wrong
        problem: &'static str,
    },
    /// More than LOAD can carry.
    #[error("its load file has {found} bytes, at most {limit} can be loaded in 256 commands: make the package smaller")]
    LoadFileTooLong {
        /// its length in bytes
        found: usize,
        /// what can be loaded, in bytes
        limit: usize,
    },
}
