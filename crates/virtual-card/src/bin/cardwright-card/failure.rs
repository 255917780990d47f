//! Why a task did not get done, and the exit code that says so: 1 refused, 2 usage, 3 environment.

use std::process::ExitCode;

use cardwright_virtual_card::Error;

/// Why a task did not get done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// what was asked for is not done, here or elsewhere
    #[error("{0}")]
    Refused(String),
    /// the arguments do not fit together
    #[error("{0}")]
    Usage(String),
    /// files, network, machine
    #[error("{0}")]
    Environment(String),
}

impl Failure {
    /// The exit code.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Refused(_) => 1,
            Self::Usage(_) => 2,
            Self::Environment(_) => 3,
        })
    }

    /// For `map_err` on what reads or writes `what`.
    pub(crate) fn at(what: impl std::fmt::Display) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self::Environment(format!("{what}: {error}"))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error.to_string())
    }
}
