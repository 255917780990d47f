//! EMV issuers: the keys of certification authorities, the keys of issuers, and the certificates between them.
//!
//! A scheme's authority certifies an issuer's key outside: the request goes out, the certificate comes in and is held
//! against everything a terminal would hold it against. For tests the center makes a root of its own, under a RID that
//! no scheme has.

mod certificate;
mod ending;
mod file;
mod key;
mod root;

pub use certificate::{import, sign};
pub use ending::ending;
pub use file::request_text;
pub use key::{NewIssuer, make, named};
pub use root::{NewRoot, make_root};

use cardwright_data_preparation::{CertificationKey, Date, IssuerKey, RsaPublicKey};
use cardwright_keystore::{KeyId, Keystore};
use cardwright_relay::Code;

use crate::calendar::day_text;
use crate::refused::Refused;
use crate::store::{CertificationKeyRow, EmvIssuer, Store, StoreError};

/// Whoever has less than this left is warned of: issuing stops where a card outlives the certificate.
pub const WARN_DAYS: i64 = 180;

/// A certificate or key that cannot be used: what, which rule it breaks, what to do.
fn refused(element: impl Into<String>, rule: impl Into<String>, remedy: impl Into<String>) -> Refused {
    Refused::with(Code::CERTIFICATE_REFUSED, [element.into(), rule.into(), remedy.into()])
}

/// The name of a certification key for people: RID and index.
#[must_use]
pub fn key_name(rid: [u8; 5], index: u8) -> String {
    format!("{}/{index:02X}", hex::encode_upper(rid))
}

/// The certification key of this RID and index.
async fn certification_key<S: Store>(store: &S, rid: [u8; 5], index: u8) -> Result<CertificationKeyRow, Refused> {
    let found = store.certification_keys().await?.into_iter().find(|key| (key.rid, key.index) == (rid, index));
    found.ok_or_else(|| {
        let element = format!("The certification key {}", key_name(rid, index));
        refused(element, "it is not here", "Look at cardwright-center issuer-ca list")
    })
}

/// The certified issuer keys of these names, as preparation takes them, on the day `today` (days since 1970).
///
/// # Errors
/// `ISSUER_UNKNOWN` where one is not here or not certified; `CERTIFICATE_REFUSED` where its certificate is over; the
/// store's and the keystore's own.
pub async fn certified<S: Store>(
    store: &S,
    keystore: &dyn Keystore,
    names: &[&str],
    today: i64,
) -> Result<Vec<IssuerKey>, Refused> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let (issuers, authorities) = (store.emv_issuers().await?, store.certification_keys().await?);
    let mut certified = Vec::with_capacity(names.len());
    for name in names {
        let unknown = || Refused::with(Code::ISSUER_UNKNOWN, [*name]);
        let issuer = issuers.iter().find(|issuer| issuer.name == *name).ok_or_else(unknown)?;
        certified.push(issuer_key(keystore, issuer, &authorities, today)?.ok_or_else(unknown)?);
    }
    Ok(certified)
}

/// `None` for an issuer that has no certificate yet.
fn issuer_key(
    keystore: &dyn Keystore,
    issuer: &EmvIssuer,
    authorities: &[CertificationKeyRow],
    today: i64,
) -> Result<Option<IssuerKey>, Refused> {
    let Some(certificate) = &issuer.certificate else { return Ok(None) };
    if certificate.expires < today {
        let rule = format!("it expired on {}", day_text(certificate.expires));
        let remedy = "Have the key certified again: cardwright-center issuer-ca request, then import or sign";
        return Err(refused(format!("The certificate of the issuer key {}", issuer.name), rule, remedy));
    }
    let damaged = || StoreError::Damaged("an issuer's certificate without its authority, or without a day".into());
    let same = |key: &&CertificationKeyRow| (key.rid, key.index) == (certificate.rid, certificate.index);
    let authority = authorities.iter().find(same).ok_or_else(damaged)?;
    let key: KeyId = issuer.key.parse()?;
    let public = keystore.rsa_public_key(&key)?;
    Ok(Some(IssuerKey {
        name: issuer.name.clone(),
        key,
        certificate: certificate.certificate.clone(),
        remainder: certificate.remainder.clone(),
        exponent: public.exponent.clone(),
        public: RsaPublicKey { modulus: public.modulus, exponent: public.exponent },
        certification_key: CertificationKey {
            rid: authority.rid,
            index: authority.index,
            modulus: authority.modulus.clone(),
            exponent: authority.exponent.clone(),
        },
        expires: Date::from_day_number(certificate.expires).ok_or_else(damaged)?,
    }))
}
