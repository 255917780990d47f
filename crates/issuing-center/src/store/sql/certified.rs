//! EMV certification authorities and issuers, PIV authorities, and the certificates of cards.

use sqlx::any::AnyRow;

use super::column::{columns, read, statement};
use super::commit::Writing;
use crate::store::{
    CardCertificate, CertificationKeyRow, Certified, EmvIssuer, IssuerCertificate, PivAuthority, StoreError,
};

/// An issuer with its newest certificate, or with nulls.
pub(super) const ISSUERS: &str = "SELECT emv_issuers.name, emv_issuers.key, emv_issuers.identifier, newest.number, \
     newest.rid, newest.key_index, newest.certificate, newest.remainder, newest.expires \
     FROM emv_issuers LEFT JOIN issuer_certificates AS newest ON newest.issuer = emv_issuers.name \
     AND newest.number = (SELECT MAX(number) FROM issuer_certificates AS other WHERE other.issuer = emv_issuers.name) \
     ORDER BY emv_issuers.name";

pub(super) fn certification_key(row: &AnyRow) -> Result<CertificationKeyRow, StoreError> {
    Ok(CertificationKeyRow {
        rid: read(row, "rid")?,
        index: read(row, "key_index")?,
        modulus: read(row, "modulus")?,
        exponent: read(row, "exponent")?,
        expires: read(row, "expires")?,
        key: read(row, "key")?,
    })
}

pub(super) async fn add_certification_key(writing: &mut Writing, key: &CertificationKeyRow) -> Result<(), StoreError> {
    let text = "INSERT INTO certification_keys (rid, key_index, modulus, exponent, expires, key) \
                VALUES ($1, $2, $3, $4, $5, $6)";
    let CertificationKeyRow { rid, index, modulus, exponent, expires, key } = key;
    let values = columns![*rid, *index, modulus.as_slice(), exponent.as_slice(), *expires, key.clone()];
    writing.one("the certification key", statement(text, values)).await
}

pub(super) fn emv_issuer(row: &AnyRow) -> Result<EmvIssuer, StoreError> {
    let name: String = read(row, "name")?;
    let certificate = match read::<Option<i64>>(row, "number")? {
        None => None,
        Some(_) => Some(IssuerCertificate {
            issuer: name.clone(),
            number: read(row, "number")?,
            rid: read(row, "rid")?,
            index: read(row, "key_index")?,
            certificate: read(row, "certificate")?,
            remainder: read(row, "remainder")?,
            expires: read(row, "expires")?,
        }),
    };
    Ok(EmvIssuer { name, key: read(row, "key")?, identifier: read(row, "identifier")?, certificate })
}

pub(super) async fn add_emv_issuer(
    writing: &mut Writing,
    name: &str,
    key: &str,
    identifier: &str,
) -> Result<(), StoreError> {
    let text = "INSERT INTO emv_issuers (name, key, identifier) VALUES ($1, $2, $3)";
    writing.one("the issuer", statement(text, columns![name, key, identifier])).await
}

pub(super) async fn add_issuer_certificate(
    writing: &mut Writing,
    certificate: &IssuerCertificate,
) -> Result<(), StoreError> {
    let text = "INSERT INTO issuer_certificates (issuer, number, rid, key_index, certificate, remainder, expires) \
                VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let IssuerCertificate { issuer, number, rid, index, certificate, remainder, expires } = certificate;
    let mut values = columns![issuer.as_str(), *number, *rid, *index, certificate.as_slice(), remainder.as_slice()];
    values.extend(columns![*expires]);
    writing.one("the issuer's certificate", statement(text, values)).await
}

pub(super) fn piv_authority(row: &AnyRow) -> Result<PivAuthority, StoreError> {
    let certified = match read::<Option<Vec<u8>>>(row, "certificate")? {
        None => None,
        Some(certificate) => Some(Certified {
            certificate,
            chain: read::<Option<Vec<u8>>>(row, "chain")?.unwrap_or_default(),
            expires: read(row, "expires")?,
        }),
    };
    Ok(PivAuthority { name: read(row, "name")?, key: read(row, "key")?, subject: read(row, "subject")?, certified })
}

pub(super) async fn add_piv_authority(writing: &mut Writing, authority: &PivAuthority) -> Result<(), StoreError> {
    let text = "INSERT INTO piv_authorities (name, key, subject, certificate, chain, expires) \
                VALUES ($1, $2, $3, $4, $5, $6)";
    let PivAuthority { name, key, subject, certified } = authority;
    let mut values = columns![name.as_str(), key.as_str(), subject.as_str()];
    values.extend(columns![
        certified.as_ref().map(|own| own.certificate.clone()),
        certified.as_ref().map(|own| own.chain.clone()),
        certified.as_ref().map(|own| own.expires)
    ]);
    writing.one("the authority", statement(text, values)).await
}

/// A certificate for an authority that waits for one, or a newer one.
pub(super) async fn certify_piv_authority(
    writing: &mut Writing,
    name: &str,
    certified: &Certified,
) -> Result<(), StoreError> {
    let text = "UPDATE piv_authorities SET certificate = $1, chain = $2, expires = $3 WHERE name = $4";
    let Certified { certificate, chain, expires } = certified;
    let values = columns![certificate.as_slice(), chain.as_slice(), *expires, name];
    writing.one("the authority", statement(text, values)).await
}

pub(super) fn card_certificate(row: &AnyRow) -> Result<CardCertificate, StoreError> {
    Ok(CardCertificate {
        authority: read(row, "authority")?,
        serial: read(row, "serial")?,
        order: read(row, "order_id")?,
        slot: read(row, "slot")?,
        prepared: read(row, "prepared")?,
    })
}

pub(super) async fn add_card_certificate(
    writing: &mut Writing,
    certificate: &CardCertificate,
) -> Result<(), StoreError> {
    let text =
        "INSERT INTO card_certificates (authority, serial, order_id, slot, prepared) VALUES ($1, $2, $3, $4, $5)";
    let CardCertificate { authority, serial, order, slot, prepared } = certificate;
    let values = columns![authority.as_str(), serial.as_slice(), *order, *slot, *prepared];
    writing.one("the card's certificate", statement(text, values)).await
}
