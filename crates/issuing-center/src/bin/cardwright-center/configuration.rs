//! `center.toml` in the state directory, and what `CARDWRIGHT_CENTER_…` says instead.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use cardwright_issuing_center::pool::Levels;
use cardwright_issuing_center::refused::Refused;
use cardwright_relay::Code;
use serde::Deserialize;

use crate::failure::Failure;

/// The configuration's file.
const FILE: &str = "center.toml";

/// The configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Configuration {
    /// URL of the database; a SQLite file in the state directory where it is empty
    pub(crate) database: String,
    /// the keystore's file, from the state directory
    pub(crate) keystore: PathBuf,
    /// address of the terminals' listener
    pub(crate) terminals: SocketAddr,
    /// address of the API
    pub(crate) api: SocketAddr,
    /// how far cards' RSA keys are made ahead
    pub(crate) pool: Pool,
}

/// How many cards' RSA keys are made ahead, of each size that a profile asks for.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Pool {
    /// the running center makes so many
    full: u32,
    /// with fewer it warns
    low: u32,
}

impl Default for Pool {
    fn default() -> Self {
        let Levels { full, low } = Levels::default();
        Self { full, low }
    }
}

impl Pool {
    pub(crate) fn levels(self) -> Levels {
        Levels { full: self.full, low: self.low }
    }
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            database: String::new(),
            keystore: PathBuf::from("keystore"),
            terminals: SocketAddr::from(([0, 0, 0, 0], 7443)),
            api: SocketAddr::from(([127, 0, 0, 1], 7080)),
            pool: Pool::default(),
        }
    }
}

impl Configuration {
    /// Reads the file, where there is one, and the environment.
    ///
    /// # Errors
    /// `CONFIGURATION_REFUSED` for an unknown key or a value that is none.
    pub(crate) fn read(state: &Path) -> Result<Self, Failure> {
        let path = state.join(FILE);
        let refused = |reason: String| {
            Failure::Refused(Refused::with(Code::CONFIGURATION_REFUSED, [path.display().to_string(), reason]))
        };
        let mut configuration: Self = match std::fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|error| refused(error.message().to_owned()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::default(),
            Err(error) => return Err(refused(error.to_string())),
        };
        configuration.overridden(&|name| std::env::var(name).ok()).map_err(refused)?;
        Ok(configuration)
    }

    /// Takes what the environment says; a wrong address is an error.
    fn overridden(&mut self, variable: &dyn Fn(&str) -> Option<String>) -> Result<(), String> {
        if let Some(database) = variable("CARDWRIGHT_CENTER_DATABASE") {
            self.database = database;
        }
        if let Some(keystore) = variable("CARDWRIGHT_CENTER_KEYSTORE") {
            self.keystore = keystore.into();
        }
        for (name, place) in
            [("CARDWRIGHT_CENTER_POOL_FULL", &mut self.pool.full), ("CARDWRIGHT_CENTER_POOL_LOW", &mut self.pool.low)]
        {
            if let Some(number) = variable(name) {
                *place = number.parse().map_err(|_| format!("{name} is not a number"))?;
            }
        }
        for (name, place) in
            [("CARDWRIGHT_CENTER_TERMINALS", &mut self.terminals), ("CARDWRIGHT_CENTER_API", &mut self.api)]
        {
            if let Some(address) = variable(name) {
                *place = address.parse().map_err(|_| format!("{name} is not ADDRESS:PORT"))?;
            }
        }
        Ok(())
    }

    /// The database's URL for this state directory.
    pub(crate) fn database_url(&self, state: &Path) -> String {
        if self.database.is_empty() {
            format!("sqlite://{}", state.join("center.sqlite").display())
        } else {
            self.database.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_refused_and_the_environment_goes_before_the_file() {
        let state = tempfile::tempdir().unwrap();
        std::fs::write(state.path().join(FILE), "api = \"127.0.0.1:1\"\ncolour = 3\n").unwrap();
        assert!(
            matches!(Configuration::read(state.path()), Err(Failure::Refused(refused)) if refused.code == Code::CONFIGURATION_REFUSED)
        );
        let mut configuration: Configuration = toml::from_str("api = \"127.0.0.1:1\"").unwrap();
        assert_eq!(configuration.api.port(), 1);
        assert!(configuration.database_url(Path::new("/a")).starts_with("sqlite:///a/"));
        let says = |name: &str| (name == "CARDWRIGHT_CENTER_API").then(|| "127.0.0.1:2".to_owned());
        configuration.overridden(&says).unwrap();
        assert_eq!(configuration.api.port(), 2);
        assert!(configuration.overridden(&|_| Some("here".to_owned())).is_err());
    }
}
