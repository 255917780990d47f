//! The certificates that a PIV card will get: by an authority that is good, under serial numbers that are written down.

use cardwright_data_preparation::{CertificateTemplate, PersonalizationData};
use cardwright_issuance::row::Order;
use cardwright_keystore::KeyId;
use cardwright_relay::Code;
use x509_parser::der_parser::ber::parse_ber;
use x509_parser::der_parser::der::parse_der;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

use crate::calendar::DAY;
use crate::center::Center;
use crate::piv_authority;
use crate::refused::Refused;
use crate::store::{CardCertificate, Registration, Store, StoreError};

/// The rows of the serial numbers in `data`.
///
/// # Errors
/// `AUTHORITY_UNKNOWN`, `CERTIFICATE_REFUSED`; `DATA_REFUSED` where the profile names the authority otherwise than its
/// certificate does; the store's and the keystore's own.
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
        let (serial, issuer) = serial_and_issuer(&key.certificate).ok_or_else(damaged)?;
        let (_, certificate) = x509_parser::parse_x509_certificate(&own.certificate).map_err(|_| damaged())?;
        if certificate.subject().as_raw() != issuer {
            let rule = format!("the certificate of the authority {} says {}", authority.name, certificate.subject());
            let remedy = "Write its parts into the profile's authority name, and import the profile again";
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

/// Serial number and issuer's name (DER) of a template: version, serial number, algorithm, issuer (RFC 5280 §4.1).
fn serial_and_issuer(template: &CertificateTemplate) -> Option<(Vec<u8>, Vec<u8>)> {
    let (rest, _version) = parse_ber(&template.before).ok()?;
    let (rest, serial) = parse_der(rest).ok()?;
    let (rest, _algorithm) = parse_der(rest).ok()?;
    let (_, issuer) = X509Name::from_der(rest).ok()?;
    Some((serial.as_slice().ok()?.to_vec(), issuer.as_raw().to_vec()))
}

fn damaged() -> StoreError {
    StoreError::Damaged("a certificate's template or an authority's certificate".into())
}
