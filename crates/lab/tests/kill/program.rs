//! The center's program with its failpoints compiled in. It stands in a directory of its own, so that no other test
//! and no demo ever runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use cardwright_lab::world::programs::source;

/// The packages whose programs a world runs: asked for together, so that whatever they are made of is built once for
/// this program and for theirs.
const PACKAGES: [&str; 4] =
    ["cardwright-issuing-center", "cardwright-lab", "cardwright-terminal", "cardwright-virtual-card"];

/// Programs built with failpoints.
pub(crate) struct Programs {
    /// the issuing center
    pub(crate) center: PathBuf,
    /// the maker of blank cards
    pub(crate) card: PathBuf,
}

/// Builds the programs, once a process; Cargo's own lock keeps others away meanwhile.
pub(crate) fn programs() -> &'static Programs {
    static BUILT: OnceLock<Programs> = OnceLock::new();
    BUILT.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let profile = test.ancestors().nth(2).expect("a test is in target/PROFILE/deps");
        let target = profile.parent().expect("a profile's directory is in the target directory");
        let own = target.join("failpoints");
        build(target, &own, profile.ends_with("release"));
        let directory = own.join(profile.file_name().unwrap());
        Programs { center: directory.join("cardwright-center"), card: directory.join("cardwright-card") }
    })
}

/// What the programs are made of is shared with `target`; only the finished ones go to `own`.
fn build(target: &Path, own: &Path, release: bool) {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--locked", "--offline", "--bin", "cardwright-center", "--bin", "cardwright-card"]);
    cargo.args(PACKAGES.iter().flat_map(|package| ["-p", package]));
    cargo.args(["--features", "cardwright-issuing-center/failpoints"]);
    cargo.args(release.then_some("--release")).arg("--target-dir").arg(own).env("CARGO_BUILD_BUILD_DIR", target);
    let status = cargo.current_dir(source()).stdin(Stdio::null()).status().unwrap();
    assert!(status.success(), "the center with failpoints cannot be built");
}
