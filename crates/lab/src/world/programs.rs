//! Where the programs are that a world is made of.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The packages whose programs a world runs.
const PACKAGES: [&str; 4] =
    ["cardwright-issuing-center", "cardwright-lab", "cardwright-terminal", "cardwright-virtual-card"];
/// Says that the programs beside us are those of this source, so that nobody need ask Cargo.
const BUILT: &str = "CARDWRIGHT_PROGRAMS_ARE_BUILT";

/// The programs of one build.
#[derive(Debug, Clone)]
pub struct Programs {
    directory: PathBuf,
}

impl Programs {
    /// The programs beside the running one. A test is one directory further down, and may be older or newer than the
    /// programs: Cargo is asked to build them first, once a process, which takes half a second where nothing changed.
    ///
    /// # Errors
    /// A sentence that says what is missing, and what to do.
    pub fn find() -> io::Result<Self> {
        static FOUND: OnceLock<Result<Programs, String>> = OnceLock::new();
        FOUND.get_or_init(|| Self::look().map_err(|error| error.to_string())).clone().map_err(io::Error::other)
    }

    fn look() -> io::Result<Self> {
        let own = std::env::current_exe()?;
        let beside = own.parent().ok_or_else(|| io::Error::other("this program has no directory"))?;
        let is_test = beside.file_name().is_some_and(|name| name == "deps");
        let directory = if is_test { beside.parent().unwrap_or(beside) } else { beside };
        if is_test && std::env::var_os(BUILT).is_none() {
            build(directory)?;
        }
        let programs = Self { directory: directory.to_owned() };
        for path in [programs.center(), programs.terminal(), programs.card(), programs.lab()] {
            if !path.exists() {
                let text = format!("{} is missing; run: cargo build --workspace --bins", path.display());
                return Err(io::Error::other(text));
            }
        }
        Ok(programs)
    }

    /// The issuing center.
    #[must_use]
    pub fn center(&self) -> PathBuf {
        self.directory.join("cardwright-center")
    }

    /// The control terminal.
    #[must_use]
    pub fn terminal(&self) -> PathBuf {
        self.directory.join("cardwright-terminal")
    }

    /// The virtual card.
    #[must_use]
    pub fn card(&self) -> PathBuf {
        self.directory.join("cardwright-card")
    }

    /// This crate's own.
    #[must_use]
    pub fn lab(&self) -> PathBuf {
        self.directory.join("cardwright-lab")
    }
}

/// The directory of the sources: scripts, card products, profiles.
#[must_use]
pub fn source() -> &'static Path {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    root.unwrap_or(Path::new("."))
}

/// Builds into the target directory that the running test came from.
fn build(directory: &Path) -> io::Result<()> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--locked", "--offline", "--bins"]);
    cargo.args(PACKAGES.iter().flat_map(|package| ["-p", package]));
    if directory.file_name().is_some_and(|name| name == "release") {
        cargo.arg("--release");
    }
    if let Some(target) = directory.parent() {
        cargo.arg("--target-dir").arg(target);
    }
    let status = cargo.current_dir(source()).stdin(Stdio::null()).status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other("the programs could not be built")) }
}
