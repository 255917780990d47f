//! Issuer certificates: signed by a test root, or imported from a scheme; both are recovered as a terminal would.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use cardwright_data_preparation::emv::ExpiryMonth;
use cardwright_data_preparation::emv::certificate::{CertificateFault, IssuerCertificate as Certificate};
use cardwright_data_preparation::emv::rsa::PublicKey;
use cardwright_keystore::{KeyId, RsaPublicKey};
use cardwright_relay::Code;
use sha1::{Digest, Sha1};

use super::file::{Answer, read_answer};
use super::key::{identifier_bytes, named};
use super::{certification_key, key_name, refused};
use crate::calendar::{DAY, day_text, last_day};
use crate::center::Center;
use crate::refused::Refused;
use crate::registry::registered;
use crate::store::{
    CertificationKeyRow, Commit, EmvIssuer, IssuerCertificate, Person, Registration, Store, StoreError,
};

/// Certifies the issuer key `name` by the test root of this RID and index, to the end of a month.
///
/// # Errors
/// `ISSUER_UNKNOWN`; `CERTIFICATE_REFUSED` where the root's key is not here, is too short, or ends before; the store's
/// and the keystore's own.
pub async fn sign<S: Store>(
    center: &Center<S>,
    person: &Person,
    name: &str,
    (rid, index): ([u8; 5], u8),
    expires: ExpiryMonth,
) -> Result<IssuerCertificate, Refused> {
    let issuer = named(&*center.store, name).await?;
    let root = certification_key(&*center.store, rid, index).await?;
    let Some(handle) = &root.key else {
        let rule = "it is a scheme's, whose private key is not here";
        let remedy = "Send the request to the scheme, or name a test root";
        return Err(refused(format!("The certification key {}", key_name(rid, index)), rule, remedy));
    };
    let public = public_key(center, &issuer)?;
    hold_lengths(&issuer, &public, &root)?;
    let serial = center.keystore.random(3)?;
    let body = Certificate {
        identifier: identifier_bytes(&issuer.identifier).ok_or_else(damaged)?,
        expires,
        serial: serial.try_into().map_err(|_| damaged())?,
        modulus: public.modulus.clone(),
        exponent: public.exponent.clone(),
    };
    let to_be_signed = body.to_be_signed(root.modulus.len()).map_err(|fault| not_this_one(&issuer, fault))?;
    let certificate = center.keystore.rsa_private(&handle.parse::<KeyId>()?, &to_be_signed.block)?;
    let remainder = to_be_signed.remainder;
    verify(center, &issuer, &root, (&certificate, &remainder, &public.exponent))?;
    enter(center, person, None, row(&issuer, &root, certificate, remainder, last_day(expires))).await
}

/// Takes a scheme's certificate over the issuer key `name`, with the scheme's public key where it is not here yet.
///
/// # Errors
/// `ISSUER_UNKNOWN`; `CERTIFICATE_REFUSED` with what is wrong in the file: its form, the authority's hash, a
/// certificate over another key or for another identifier, one that is over; the store's and the keystore's own.
pub async fn import<S: Store>(
    center: &Center<S>,
    person: &Person,
    name: &str,
    text: &str,
) -> Result<IssuerCertificate, Refused> {
    let issuer = named(&*center.store, name).await?;
    let answer = read_answer(text).map_err(|reason| {
        refused("The file", reason, "Write it as docs/center.md says, with the values that the scheme gave")
    })?;
    let known = center.store.certification_keys().await?;
    let known = known.into_iter().find(|key| (key.rid, key.index) == (answer.rid, answer.index));
    let new = authority(&answer)?;
    let (authority, new) = match known {
        Some(known) if (&known.modulus, &known.exponent) != (&new.modulus, &new.exponent) => {
            let rule = "another key is here under this RID and index";
            return Err(refused(
                format!("The certification key {}", key_name(new.rid, new.index)),
                rule,
                "Compare both with what the scheme publishes",
            ));
        }
        Some(known) => (known, None),
        None => (new.clone(), Some(new)),
    };
    let public = public_key(center, &issuer)?;
    hold_lengths(&issuer, &public, &authority)?;
    let Answer { certificate, remainder, issuer_exponent, .. } = answer;
    let expires = verify(center, &issuer, &authority, (&certificate, &remainder, &issuer_exponent))?;
    enter(center, person, new, row(&issuer, &authority, certificate, remainder, expires)).await
}

fn public_key<S>(center: &Center<S>, issuer: &EmvIssuer) -> Result<RsaPublicKey, Refused> {
    Ok(center.keystore.rsa_public_key(&issuer.key.parse::<KeyId>()?)?)
}

/// The authority's key of the file, if its hash is right (EMV B2 §11.2).
fn authority(answer: &Answer) -> Result<CertificationKeyRow, Refused> {
    let element = || format!("The certification key {}", key_name(answer.rid, answer.index));
    if let Err(fault) = PublicKey::new(&answer.modulus, &answer.exponent) {
        return Err(refused(element(), fault.to_string(), "Compare it with what the scheme publishes"));
    }
    let hash = Sha1::new_with_prefix(answer.rid).chain_update([answer.index]);
    let hash = hash.chain_update(&answer.modulus).chain_update(&answer.exponent).finalize();
    if verify_slices_are_equal(&hash, &answer.hash).is_err() {
        let rule = "its SHA-1 is not that of RID, index, modulus and exponent";
        return Err(refused(element(), rule, "Compare all of them with what the scheme publishes"));
    }
    Ok(CertificationKeyRow {
        rid: answer.rid,
        index: answer.index,
        modulus: answer.modulus.clone(),
        exponent: answer.exponent.clone(),
        expires: last_day(answer.expires),
        key: None,
    })
}

/// An authority certifies keys that are not longer than its own.
fn hold_lengths(issuer: &EmvIssuer, public: &RsaPublicKey, authority: &CertificationKeyRow) -> Result<(), Refused> {
    let (key, signer) = (public.modulus.len() * 8, authority.modulus.len() * 8);
    if key <= signer {
        return Ok(());
    }
    let rule = format!("it has {signer} bits and the issuer key {} has {key}", issuer.name);
    let remedy = "Take a longer certification key, or make a shorter issuer key";
    Err(refused(format!("The certification key {}", key_name(authority.rid, authority.index)), rule, remedy))
}

/// Recovers the certificate as a terminal does, holds it against our key, and gives its last day.
fn verify<S>(
    center: &Center<S>,
    issuer: &EmvIssuer,
    authority: &CertificationKeyRow,
    (certificate, remainder, exponent): (&[u8], &[u8], &[u8]),
) -> Result<i64, Refused> {
    let wrong = |rule: String, remedy: &str| refused(format!("The certificate of {}", issuer.name), rule, remedy);
    let signer = PublicKey::new(&authority.modulus, &authority.exponent)
        .map_err(|fault| wrong(fault.to_string(), "Compare the authority's key with what the scheme publishes"))?;
    let recovered =
        Certificate::recover(certificate, remainder, exponent, signer).map_err(|fault| not_this_one(issuer, fault))?;
    let ours = public_key(center, issuer)?;
    if (&recovered.modulus, &recovered.exponent) != (&ours.modulus, &ours.exponent) {
        return Err(wrong("it is over another key".into(), "Ask for one over the key of issuer-ca request"));
    }
    if Some(recovered.identifier) != identifier_bytes(&issuer.identifier) {
        let found = hex::encode_upper(recovered.identifier);
        let rule =
            format!("it is for the issuer identifier {}, not {}", found.trim_end_matches('F'), issuer.identifier);
        return Err(wrong(rule, "Ask for one with the identifier of issuer-ca request"));
    }
    let (today, last) = (center.now().div_euclid(DAY), last_day(recovered.expires));
    if last < today {
        return Err(wrong(format!("it expired on {}", day_text(last)), "Ask for a new one"));
    }
    if last > authority.expires {
        let rule =
            format!("it ends on {}, after the key that signed it ({})", day_text(last), day_text(authority.expires));
        return Err(wrong(rule, "Ask for one that ends before, or by a later key"));
    }
    Ok(last)
}

fn not_this_one(issuer: &EmvIssuer, fault: CertificateFault) -> Refused {
    let remedy = "Compare certificate, remainder, exponent and the authority's key with what the scheme gave";
    refused(format!("The certificate of {}", issuer.name), fault.to_string(), remedy)
}

fn damaged() -> StoreError {
    StoreError::Damaged("an issuer's row".into())
}

/// The row of a certificate that was verified.
fn row(
    issuer: &EmvIssuer,
    authority: &CertificationKeyRow,
    certificate: Vec<u8>,
    remainder: Vec<u8>,
    expires: i64,
) -> IssuerCertificate {
    let number = issuer.certificate.as_ref().map_or(0, |newest| newest.number) + 1;
    let CertificationKeyRow { rid, index, .. } = *authority;
    IssuerCertificate { issuer: issuer.name.clone(), number, rid, index, certificate, remainder, expires }
}

/// Enters the certificate, after its authority where that is new.
async fn enter<S: Store>(
    center: &Center<S>,
    person: &Person,
    new: Option<CertificationKeyRow>,
    row: IssuerCertificate,
) -> Result<IssuerCertificate, Refused> {
    let told = format!("{} {}, by {}", row.issuer, row.number, key_name(row.rid, row.index));
    let entries = vec![registered(center.now(), person, "issuer certificate", &told)];
    let mut registrations: Vec<_> = new.into_iter().map(Registration::CertificationKey).collect();
    registrations.push(Registration::IssuerCertificate(row.clone()));
    match center.store.commit(Commit { registrations, entries, ..Commit::default() }).await {
        Err(StoreError::Conflict(_)) => Err(Refused::new(Code::CHANGED_MEANWHILE)),
        other => Ok(other.map(|()| row)?),
    }
}
