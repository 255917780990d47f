//! What shows the host that an event is the center's, and new.

use cardwright_keystore::{Error, KeyId, Keystore};

use crate::store::HostRow;

/// The header that names the event.
const EVENT: &str = "cardwright-event";
/// The header of the time at which it was sent, seconds since 1970 UTC.
const TIME: &str = "cardwright-time";
/// The header of the signatures: `KEY=HEXADECIMAL`, one for each key, with `, ` between them.
const SIGNATURE: &str = "cardwright-signature";

/// The headers of one sending. Each signature is HMAC-SHA-256 over the time's digits, a full stop, and the body.
///
/// # Errors
/// The keystore's.
pub(super) fn headers(
    keystore: &dyn Keystore,
    host: &HostRow,
    event: &str,
    body: &[u8],
    now: i64,
) -> Result<Vec<(&'static str, String)>, Error> {
    let time = now.div_euclid(1_000_000).to_string();
    let message = [time.as_bytes(), b".", body].concat();
    let previous = host.previous_key.as_ref().filter(|_| now < host.previous_until);
    let mut signatures = Vec::new();
    for key in std::iter::once(&host.key).chain(previous) {
        let mac = keystore.mac(&key.parse::<KeyId>()?, &message)?;
        signatures.push(format!("{key}={}", hex::encode(mac)));
    }
    Ok(vec![(EVENT, event.to_owned()), (TIME, time), (SIGNATURE, signatures.join(", "))])
}

#[cfg(test)]
mod tests {
    use cardwright_keystore::software::{SoftwareKeystore, SystemRandomness};
    use cardwright_keystore::{KeyKind, NewKey, PublishedKeys, Purpose};

    use super::*;

    /// HMAC-SHA-256 of `1700000000.{"a":1}` under 32 bytes 0B, by `openssl dgst -sha256 -mac HMAC`.
    const KNOWN: &str = "83604725aec31f39ae0b1b0f1e1f87e46d9cd48606467e66828569c0a46004d3";

    #[test]
    fn the_signature_is_over_time_and_body_and_the_key_before_signs_for_a_while() {
        let keystore = SoftwareKeystore::in_memory(Box::new(SystemRandomness));
        for (version, byte) in [(1, 0x0C), (2, 0x0B)] {
            let id = KeyId::new("host-signature", version).unwrap();
            let new = NewKey { id, kind: KeyKind::Hmac256, purpose: Purpose::Mac, created: 0 };
            keystore.import(&new, &[byte; 32], None, PublishedKeys::Refused).unwrap();
        }
        let host = HostRow {
            url: String::new(),
            ca: None,
            key: "host-signature.2".into(),
            previous_key: Some("host-signature.1".into()),
            previous_until: 1_700_000_001_000_000,
        };
        let signed = |now| headers(&keystore, &host, "AB", b"{\"a\":1}", now).unwrap();
        let later = signed(1_700_000_001_000_000);
        assert_eq!((later[0].1.as_str(), later[1].1.as_str()), ("AB", "1700000001"));
        assert!(later[2].1.starts_with("host-signature.2=") && !later[2].1.contains("host-signature.1"));
        let earlier = signed(1_700_000_000_999_999);
        assert!(earlier[2].1.starts_with(&format!("host-signature.2={KNOWN}, host-signature.1=")), "{earlier:?}");
    }
}
