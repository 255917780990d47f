//! Reads the known-answer data; each entry keeps its passport.

use serde_json::Value;

/// One entry of a vector file.
pub(crate) struct Vector(Value);

impl Vector {
    /// The entries of `file` whose kind begins with `kind`; never none.
    pub(crate) fn all(file: &str, kind: &str) -> Vec<Self> {
        let text = match file {
            "scp02.json" => include_str!("../../../../vectors/scp02.json"),
            "scp03.json" => include_str!("../../../../vectors/scp03.json"),
            "diversification.json" => include_str!("../../../../vectors/diversification.json"),
            other => panic!("no vector file {other}"),
        };
        let entries: Vec<Value> = serde_json::from_str(text).expect("a list");
        let entries: Vec<Self> =
            entries.into_iter().map(Self).filter(|entry| entry.text("kind").starts_with(kind)).collect();
        assert!(!entries.is_empty(), "{file} has no {kind}");
        entries
    }

    /// Where it came from, for the message of a failing assertion.
    pub(crate) fn passport(&self) -> String {
        format!("{} {} from {}", self.text("kind"), self.optional("name").unwrap_or_default(), self.text("src"))
    }

    pub(crate) fn text(&self, field: &str) -> &str {
        self.optional(field).unwrap_or_else(|| panic!("no {field}: {}", self.0))
    }

    pub(crate) fn optional(&self, field: &str) -> Option<&str> {
        self.0[field].as_str()
    }

    pub(crate) fn hex(&self, field: &str) -> Vec<u8> {
        hex::decode(self.text(field)).unwrap_or_else(|_| panic!("{field}: {}", self.0))
    }

    pub(crate) fn byte(&self, field: &str) -> u8 {
        self.hex(field)[0]
    }

    /// Pairs of command and, where it was recorded, answer.
    pub(crate) fn pairs(&self, field: &str) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        let decode = |value: &Value| value.as_str().map(|text| hex::decode(text).unwrap());
        let pairs = self.0[field].as_array().expect("a list of pairs").iter();
        pairs.map(|pair| (decode(&pair[0]).expect("a command"), decode(&pair[1]))).collect()
    }

    /// Plain command and, where it was recorded, plain response data.
    pub(crate) fn plain(&self) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        let decode = |value: &Value| value.as_str().map(|text| hex::decode(text).unwrap());
        let plain = self.0["plain"].as_array().expect("a list").iter();
        plain.map(|entry| (decode(&entry["cmd"]).expect("a command"), decode(&entry["rsp"]))).collect()
    }

    pub(crate) fn texts(&self, field: &str) -> Vec<&str> {
        self.0[field].as_array().expect("a list").iter().filter_map(Value::as_str).collect()
    }

    pub(crate) fn has(&self, field: &str) -> bool {
        !self.0[field].is_null()
    }
}

/// A challenge of 8 or 16 bytes as a host challenge.
pub(crate) fn host_challenge(bytes: &[u8]) -> cardwright_globalplatform::HostChallenge {
    let mut challenge = [0; 16];
    challenge[..bytes.len()].copy_from_slice(bytes);
    cardwright_globalplatform::HostChallenge::new(challenge)
}
