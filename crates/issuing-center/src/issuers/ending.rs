//! What ends soon, or is over: told in the log of the running center, so that it is renewed in time.

use super::{WARN_DAYS, key_name};
use crate::calendar::{DAY, day_text};
use crate::store::{Store, StoreError};

/// A sentence for each certificate and key that has less than [`WARN_DAYS`] left.
///
/// # Errors
/// The store's own.
pub async fn ending<S: Store>(store: &S, now: i64) -> Result<Vec<String>, StoreError> {
    let today = now.div_euclid(DAY);
    let mut sentences = Vec::new();
    let mut tell = |what: String, last: i64| {
        if last - today < WARN_DAYS {
            let ends = if last < today { "ended" } else { "ends" };
            sentences.push(format!("{what} {ends} on {}; have it renewed", day_text(last)));
        }
    };
    for key in store.certification_keys().await? {
        tell(format!("the certification key {}", key_name(key.rid, key.index)), key.expires);
    }
    for issuer in store.emv_issuers().await? {
        if let Some(own) = issuer.certificate {
            tell(format!("the certificate of the issuer key {}", issuer.name), own.expires);
        }
    }
    for authority in store.piv_authorities().await? {
        if let Some(own) = authority.certified {
            tell(format!("the certificate of the authority {}", authority.name), own.expires);
        }
    }
    Ok(sentences)
}
