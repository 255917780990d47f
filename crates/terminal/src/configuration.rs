//! `terminal.toml`, and the variables that override it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use cardwright_relay::Code;

use crate::failure::Failure;

/// Where everything is kept unless `--state` says otherwise.
pub const USUAL_STATE: &str = "/var/lib/cardwright/terminal";

const USUAL_FILE: &str = "/etc/cardwright/terminal.toml";
const PREFIX: &str = "CARDWRIGHT_TERMINAL_";

/// The file as it is written. Every key may be left out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Configuration {
    /// address of the center, `https://host:port`; by default the one it was enrolled at
    pub center: Option<String>,
    /// the reader to use, by its name on the center's list or its PC/SC name; by default the only one there is
    pub reader: Option<String>,
    /// how long OPEN is repeated while the line is broken
    pub open_patience_seconds: u64,
    /// how long RESULT is repeated while the line is broken; at least 10
    pub result_patience_minutes: u64,
    /// how long one WORK waits at the center
    pub work_wait_seconds: u32,
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            center: None,
            reader: None,
            open_patience_seconds: 30,
            result_patience_minutes: 10,
            work_wait_seconds: 25,
        }
    }
}

impl Configuration {
    /// How long OPEN is repeated.
    #[must_use]
    pub fn open_patience(&self) -> Duration {
        Duration::from_secs(self.open_patience_seconds)
    }

    /// How long RESULT is repeated.
    #[must_use]
    pub fn result_patience(&self) -> Duration {
        Duration::from_secs(self.result_patience_minutes * 60)
    }

    /// Reads `file`, or else `terminal.toml` in `state`, or else the one in `/etc`; then the variables.
    ///
    /// # Errors
    /// `CW-5012` with file and reason for an unknown key, an unknown variable or a value that is none.
    pub fn load(
        file: Option<&Path>,
        state: &Path,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, Failure> {
        let candidates = [file.map(PathBuf::from), Some(state.join("terminal.toml")), Some(USUAL_FILE.into())];
        let found = match file {
            Some(named) => Some(named.to_owned()),
            None => candidates.into_iter().flatten().find(|path| path.exists()),
        };
        let (name, text) = match found {
            Some(path) => {
                let text = std::fs::read_to_string(&path).map_err(|error| refused(&path.display(), &error))?;
                (path.display().to_string(), text)
            }
            None => ("terminal.toml".to_owned(), String::new()),
        };
        let mut table: toml::Table = text.parse().map_err(|error| refused(&name, &error))?;
        for (variable, value) in variables.filter(|(variable, _)| variable.starts_with(PREFIX)) {
            table.insert(variable[PREFIX.len()..].to_lowercase(), typed(&value));
        }
        let read: Self = table.try_into().map_err(|error| refused(&name, &error))?;
        if read.result_patience_minutes < 10 {
            return Err(refused(&name, &"result_patience_minutes must be at least 10"));
        }
        Ok(read)
    }
}

fn typed(value: &str) -> toml::Value {
    value.parse().map_or_else(|_| toml::Value::String(value.to_owned()), toml::Value::Integer)
}

fn refused(file: &dyn std::fmt::Display, reason: &dyn std::fmt::Display) -> Failure {
    let reason = reason.to_string().trim().replace('\n', " ");
    Failure::machine(Code::CONFIGURATION_REFUSED, &[&file.to_string(), &reason])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, variables: &[(&str, &str)]) -> Result<Configuration, Failure> {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("terminal.toml"), text).unwrap();
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Configuration::load(None, place.path(), variables)
    }

    #[test]
    fn the_file_is_read_and_a_variable_overrides_it() {
        let text = "center = \"https://a:1\"\nopen_patience_seconds = 5\n";
        let read = load(text, &[("CARDWRIGHT_TERMINAL_CENTER", "https://b:2"), ("CARDWRIGHT_CENTER_X", "1")]).unwrap();
        assert_eq!(read.center.as_deref(), Some("https://b:2"));
        assert_eq!(read.open_patience_seconds, 5);
        assert_eq!(load("", &[("CARDWRIGHT_TERMINAL_WORK_WAIT_SECONDS", "3")]).unwrap().work_wait_seconds, 3);
    }

    #[test]
    fn unknown_keys_unknown_variables_and_too_little_patience_are_refused_with_the_reason() {
        for (text, variable) in [
            ("colour = 1", ("X", "")),
            ("", ("CARDWRIGHT_TERMINAL_COLOUR", "1")),
            ("result_patience_minutes = 9", ("X", "")),
        ] {
            let refusal = load(text, &[variable]).unwrap_err().refusal();
            assert_eq!(refusal.code, Code::CONFIGURATION_REFUSED);
            assert!(refusal.parameters[1].contains("colour") || refusal.parameters[1].contains("at least 10"));
        }
    }
}
