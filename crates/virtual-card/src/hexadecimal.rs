//! Bytes and AIDs as hexadecimal text in state files and product files.

/// For `#[serde(with = "…")]` on byte vectors.
pub(crate) mod bytes {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode_upper(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text: String = String::deserialize(deserializer)?;
        let packed: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
        hex::decode(packed).map_err(serde::de::Error::custom)
    }
}

/// For `#[serde(with = "…")]` on AIDs.
pub(crate) mod aid {
    use cardwright_apdu::Aid;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(aid: &Aid, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(aid)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Aid, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// For `#[serde(with = "…")]` on lists of AIDs.
pub(crate) mod aids {
    use cardwright_apdu::Aid;
    use serde::ser::SerializeSeq;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(aids: &[Aid], serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(aids.len()))?;
        aids.iter().try_for_each(|aid| list.serialize_element(&aid.to_string()))?;
        list.end()
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Aid>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        texts.iter().map(|text| text.parse().map_err(serde::de::Error::custom)).collect()
    }
}
