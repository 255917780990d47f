//! CAP files: the archives that Java Card programs come in.

mod version;

pub use version::PackageVersion;
