//! Authorities that certify the keys which PIV cards make: the center's own small one, or one that another authority
//! outside has certified.
//!
//! The private key is an RSA key of the keystore. Certificates of authorities are made with `rcgen`, as those of
//! terminals are: it takes a signer whose key is elsewhere, and is in the tree already. Certificates of cards are made
//! by whoever talks with the card, from the template that was sealed with the order.

mod chain;
mod signer;
mod subject;

pub use subject::Subject;

use std::sync::Arc;

use cardwright_keystore::{KeyId, KeyKind, RsaExponent, RsaSize};
use cardwright_relay::Code;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyIdMethod, KeyUsagePurpose};

use crate::authority::{AuthorityError, certificate_params};
use crate::calendar::{DAY, day_text};
use crate::center::Center;
use crate::refused::Refused;
use crate::registry::key::{KeyUse, keep, made};
use crate::registry::{checked_name, registered};
use crate::store::{Certified, Commit, Person, PivAuthority, Registration, Store, StoreError};
use signer::RsaSigner;

/// The sizes of an authority's key, in bits.
pub const SIZES: [u16; 2] = [2_048, 3_072];

/// An authority as it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct NewAuthority<'a> {
    /// its name here, which its key in the keystore bears too
    pub name: &'a str,
    /// the name that certificates tell
    pub subject: &'a Subject,
    /// one of [`SIZES`]
    pub bits: u16,
    /// for how many days it signs itself; none where another authority is asked
    pub own_days: Option<u32>,
}

/// An authority's certificate or key that cannot be used: what, which rule it breaks, what to do.
fn refused(element: impl Into<String>, rule: impl Into<String>, remedy: impl Into<String>) -> Refused {
    Refused::with(Code::CERTIFICATE_REFUSED, [element.into(), rule.into(), remedy.into()])
}

impl From<AuthorityError> for Refused {
    fn from(error: AuthorityError) -> Self {
        match error {
            AuthorityError::Keystore(error) => error.into(),
            other => {
                tracing::error!(error = %other, "a certificate cannot be made");
                Self::new(Code::KEYSTORE_UNAVAILABLE)
            }
        }
    }
}

/// Makes an authority's key, and its self-signed certificate where it is to have one.
///
/// # Errors
/// `NAME_TAKEN`, `NAME_REFUSED`, `KEY_REFUSED`, `CERTIFICATE_REFUSED` for a size that is none; the store's and the
/// keystore's own.
pub async fn make<S: Store>(
    center: &Center<S>,
    person: &Person,
    new: NewAuthority<'_>,
) -> Result<PivAuthority, Refused> {
    checked_name(new.name)?;
    if !SIZES.contains(&new.bits) {
        let rule = format!("its key would have {} bits", new.bits);
        return Err(refused(format!("The authority {}", new.name), rule, "Ask for 2048 or 3072"));
    }
    if center.store.piv_authorities().await?.iter().any(|known| known.name == new.name) {
        return Err(Refused::with(Code::NAME_TAKEN, [new.name]));
    }
    let size = RsaSize::new(new.bits, RsaExponent::F4)?;
    let info = made(center, new.name, KeyKind::Rsa(size), KeyUse::Authority)?;
    let certified = match new.own_days.map(|days| self_signed(center, &info.id, new.subject, days)).transpose() {
        Ok(certified) => certified,
        Err(refused) => {
            center.keystore.destroy(&info.id)?;
            return Err(refused);
        }
    };
    let authority = PivAuthority {
        name: new.name.to_owned(),
        key: info.id.to_string(),
        subject: new.subject.to_string(),
        certified,
    };
    keep(center, person, info, vec![Registration::PivAuthority(authority.clone())]).await?;
    Ok(authority)
}

fn self_signed<S>(center: &Center<S>, key: &KeyId, subject: &Subject, days: u32) -> Result<Certified, Refused> {
    let signer = RsaSigner::open(Arc::clone(&center.keystore), key.clone())?;
    let mut params = certificate_params(&*center.keystore, center.now(), days)?;
    as_authority(&mut params, subject, &signer);
    let certificate = params.self_signed(&signer).map_err(AuthorityError::from)?.der().to_vec();
    Ok(Certified { certificate, chain: Vec::new(), expires: (center.now() + i64::from(days) * DAY).div_euclid(DAY) })
}

/// What makes a certificate an authority's: it certifies cards, and no other authority. Cards' certificates name its key
/// by the same identifier.
fn as_authority(params: &mut CertificateParams, subject: &Subject, signer: &RsaSigner) {
    params.key_identifier_method = KeyIdMethod::PreSpecified(signer.identifier().to_vec());
    params.distinguished_name = subject.distinguished_name();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
}

/// The authority of this name, certified or not.
///
/// # Errors
/// `AUTHORITY_UNKNOWN`; the store's own.
pub async fn named<S: Store>(store: &S, name: &str) -> Result<PivAuthority, Refused> {
    let found = store.piv_authorities().await?.into_iter().find(|authority| authority.name == name);
    found.ok_or_else(|| Refused::with(Code::AUTHORITY_UNKNOWN, [name]))
}

/// The certified authority whose key this is, on the day `today` (days since 1970).
///
/// # Errors
/// `AUTHORITY_UNKNOWN` where there is none or it waits for its certificate; `CERTIFICATE_REFUSED` where that is over;
/// the store's own.
pub async fn certified<S: Store>(store: &S, key: &KeyId, today: i64) -> Result<(PivAuthority, Certified), Refused> {
    let handle = key.to_string();
    let unknown = || Refused::with(Code::AUTHORITY_UNKNOWN, [handle.as_str()]);
    let authority = store.piv_authorities().await?.into_iter().find(|authority| authority.key == handle);
    let authority = authority.ok_or_else(unknown)?;
    let own = authority.certified.clone().ok_or_else(unknown)?;
    if own.expires < today {
        let day = day_text(own.expires);
        let remedy = "Have its key certified again: cardwright-center piv-ca request, then import";
        return Err(refused(format!("The authority {}", authority.name), format!("it expired on {day}"), remedy));
    }
    Ok((authority, own))
}

/// What an outside authority is asked to certify: PKCS#10 (RFC 2986), PEM.
///
/// # Errors
/// `AUTHORITY_UNKNOWN`; the store's and the keystore's own.
pub async fn request<S: Store>(center: &Center<S>, name: &str) -> Result<String, Refused> {
    let authority = named(&*center.store, name).await?;
    let signer = RsaSigner::open(Arc::clone(&center.keystore), authority.key.parse::<KeyId>()?)?;
    let subject: Subject = authority.subject.parse().map_err(|_| StoreError::Damaged("an authority's name".into()))?;
    let mut params = CertificateParams::default();
    as_authority(&mut params, &subject, &signer);
    let request = params.serialize_request(&signer).map_err(AuthorityError::from)?;
    Ok(request.pem().map_err(AuthorityError::from)?)
}

/// Takes the certificate that an outside authority has made, followed by those above it up to its root, in PEM.
///
/// # Errors
/// `AUTHORITY_UNKNOWN`; `CERTIFICATE_REFUSED` with the certificate and the rule it breaks; the store's and the
/// keystore's own.
pub async fn import<S: Store>(
    center: &Center<S>,
    person: &Person,
    name: &str,
    pem: &[u8],
) -> Result<PivAuthority, Refused> {
    let authority = named(&*center.store, name).await?;
    let public = center.keystore.public_key(&authority.key.parse::<KeyId>()?)?;
    let certified = chain::verified(pem, &public, center.now())?;
    let digest = hex::encode(crate::authority::fingerprint(&certified.certificate));
    let entries = vec![registered(center.now(), person, "authority", &format!("{name} {digest}"))];
    let registrations = vec![Registration::PivCertified(name.to_owned(), certified.clone())];
    match center.store.commit(Commit { registrations, entries, ..Commit::default() }).await {
        Err(StoreError::Conflict(_)) => Err(Refused::new(Code::CHANGED_MEANWHILE)),
        other => Ok(other.map(|()| PivAuthority { certified: Some(certified), ..authority })?),
    }
}

/// The authority's certificate and those above it, in PEM.
///
/// # Errors
/// `AUTHORITY_UNKNOWN` where there is none or it waits for its certificate; the store's own.
pub async fn export<S: Store>(store: &S, name: &str) -> Result<String, Refused> {
    let authority = named(store, name).await?;
    let own = authority.certified.ok_or_else(|| Refused::with(Code::AUTHORITY_UNKNOWN, [name]))?;
    Ok(chain::pem(&own))
}
