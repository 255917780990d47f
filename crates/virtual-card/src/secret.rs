//! Bytes that must not be seen: zeroized when dropped, without `Debug`, compared in constant time.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A key or another secret. Serialized as hexadecimal text into the state file, and nowhere else.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// A secret of `bytes`.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes, for the computation that needs them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Whether both are the same, in a time that depends on the length alone.
    #[must_use]
    pub fn equals(&self, other: &[u8]) -> bool {
        equal(&self.0, other)
    }

    pub(crate) fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Whether both are the same, in a time that depends on the length alone.
pub(crate) fn equal(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = hex::encode_upper(&self.0);
        let done = serializer.serialize_str(&text);
        text.zeroize();
        done
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut text = String::deserialize(deserializer)?;
        let bytes = hex::decode(&text).map_err(serde::de::Error::custom);
        text.zeroize();
        bytes.map(Self)
    }
}
