//! The certificates that a PIV card will get: by an authority that is good, under serial numbers that are written down.

use cardwright_data_preparation::{CertificateTemplate, PersonalizationData};
use cardwright_issuance::row::Order;
use cardwright_keystore::KeyId;
use cardwright_relay::Code;
use x509_parser::certificate::Validity;
use x509_parser::der_parser::ber::parse_ber;
use x509_parser::der_parser::der::parse_der;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

use crate::calendar::{DAY, day_text};
use crate::center::Center;
use crate::piv_authority;
use crate::refused::Refused;
use crate::store::{CardCertificate, Registration, Store, StoreError};

/// The rows of the serial numbers in `data`.
///
/// # Errors
/// `AUTHORITY_UNKNOWN`, `CERTIFICATE_REFUSED`; `DATA_REFUSED` where the profile names the authority otherwise than its
/// certificate does, or the card would outlive the authority; the store's and the keystore's own.
pub(super) async fn given<S: Store>(
    center: &Center<S>,
    order: &Order,
    data: &PersonalizationData,
) -> Result<Vec<Registration>, Refused> {
    let mut rows = Vec::new();
    for key in data.applications.iter().filter_map(|one| one.piv.as_ref()).flat_map(|piv| &piv.keys) {
        let handle: KeyId = key.certificate.authority.parse()?;
        let today = center.now().div_euclid(DAY);
        let (authority, own) = piv_authority::certified(&*center.store, &handle, today).await?;
        let Said { serial, issuer, last } = said(&key.certificate).ok_or_else(damaged)?;
        let (_, certificate) = x509_parser::parse_x509_certificate(&own.certificate).map_err(|_| damaged())?;
        if certificate.subject().as_raw() != issuer {
            let rule = format!("the certificate of the authority {} says {}", authority.name, certificate.subject());
            let remedy = "Write its parts into the profile's authority name, and import the profile again";
            return Err(Refused::with(Code::DATA_REFUSED, ["authority".to_owned(), rule, remedy.to_owned()]));
        }
        // The authority's last day is not a whole one.
        if last >= own.expires {
            let [last, end] = [last, own.expires].map(day_text);
            let rule = format!("the authority {} ends on {end}, and the card on {last}", authority.name);
            let remedy = "Have the authority certified for longer, or shorten [validity] of the profile";
            return Err(Refused::with(Code::DATA_REFUSED, ["authority".to_owned(), rule, remedy.to_owned()]));
        }
        rows.push(Registration::CardCertificate(CardCertificate {
            authority: authority.name,
            serial,
            order: order.id,
            slot: key.slot,
            prepared: center.now(),
        }));
    }
    Ok(rows)
}

/// What a template says.
struct Said<'a> {
    serial: Vec<u8>,
    /// the issuer's name, DER
    issuer: &'a [u8],
    /// the last day, in days since 1970
    last: i64,
}

/// Reads version, serial number, algorithm, issuer, validity (RFC 5280 §4.1).
fn said(template: &CertificateTemplate) -> Option<Said<'_>> {
    let (rest, _version) = parse_ber(&template.before).ok()?;
    let (rest, serial) = parse_der(rest).ok()?;
    let (rest, _algorithm) = parse_der(rest).ok()?;
    let (after, _name) = X509Name::from_der(rest).ok()?;
    let (_, validity) = Validity::from_der(after).ok()?;
    let last = (validity.not_after.timestamp() * 1_000_000).div_euclid(DAY);
    Some(Said { serial: serial.as_slice().ok()?.to_vec(), issuer: &rest[..rest.len() - after.len()], last })
}

fn damaged() -> StoreError {
    StoreError::Damaged("a certificate's template or an authority's certificate".into())
}
