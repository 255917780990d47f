//! The certificates that an outside authority sends: over our key, each signed by the next, up to a root.

use x509_parser::extensions::{ParsedExtension, X509Extension};
use x509_parser::pem::Pem;
use x509_parser::prelude::X509Certificate;

use super::refused;
use super::signer::identifier;
use crate::calendar::DAY;
use crate::refused::Refused;
use crate::store::Certified;

/// The longest chain, our own certificate among it.
const LONGEST: usize = 6;

/// Reads and verifies the chain in `pem`: the first certificate is over `public` (SubjectPublicKeyInfo, DER); the
/// last one is a root.
pub(super) fn verified(pem: &[u8], public: &[u8], now: i64) -> Result<Certified, Refused> {
    let blocks: Vec<Pem> = Pem::iter_from_buffer(pem).collect::<Result<_, _>>().map_err(|_| no_certificates())?;
    let parsed: Vec<X509Certificate<'_>> =
        blocks.iter().map(Pem::parse_x509).collect::<Result<_, _>>().map_err(|_| no_certificates())?;
    let [own, above @ ..] = parsed.as_slice() else { return Err(no_certificates()) };
    if parsed.len() > LONGEST {
        return Err(refused(
            "The chain",
            format!("it has more than {LONGEST} certificates"),
            "Leave out what is not above",
        ));
    }
    if own.public_key().raw != public {
        let rule = "it is over another key";
        return Err(refused("The first certificate", rule, "Put the one over the key of piv-ca request first"));
    }
    if names_its_key_otherwise(own) {
        let rule = "its subject key identifier is not the SHA-1 of its key, by which cards' certificates name it";
        return Err(refused("The first certificate", rule, "Ask for the identifier of RFC 5280 method 1, or for none"));
    }
    for (place, certificate) in parsed.iter().enumerate() {
        hold(certificate, place, now)?;
        let signer = parsed.get(place + 1).unwrap_or(certificate);
        if certificate.issuer().as_raw() != signer.subject().as_raw()
            || certificate.verify_signature(Some(signer.public_key())).is_err()
        {
            let rule = "it is not signed by the next one, or by itself where it is the last";
            return Err(wrong(place, rule, "Give all certificates up to the root, each below who signed it"));
        }
    }
    let expires = parsed.iter().map(|certificate| certificate.validity().not_after.timestamp()).min().unwrap_or(0);
    let contents = |above: &[X509Certificate<'_>]| above.iter().flat_map(|one| one.as_raw().to_vec()).collect();
    Ok(Certified {
        certificate: own.as_raw().to_vec(),
        chain: contents(above),
        expires: (expires * 1_000_000).div_euclid(DAY),
    })
}

fn names_its_key_otherwise(own: &X509Certificate<'_>) -> bool {
    let expected = identifier(&own.public_key().subject_public_key.data);
    own.extensions().iter().any(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(found) => found.0 != expected,
        _ => false,
    })
}

/// What every certificate of the chain must be.
fn hold(certificate: &X509Certificate<'_>, place: usize, now: i64) -> Result<(), Refused> {
    let constraints = certificate.basic_constraints().ok().flatten().map(|found| found.value);
    let Some(constraints) = constraints.filter(|constraints| constraints.ca) else {
        return Err(wrong(place, "it is not an authority's: CA is not set", "Ask for the certificate of an authority"));
    };
    // RFC 5280 §4.2.1.9: so many authorities may stand below it, and `place` of them do.
    if constraints.path_len_constraint.is_some_and(|most| (most as usize) < place) {
        return Err(wrong(
            place,
            "its path length allows no authority here",
            "Ask an authority that may certify others",
        ));
    }
    hold_readable(certificate, place)?;
    let usage = certificate.key_usage().ok().flatten();
    if usage.is_some_and(|usage| !usage.value.key_cert_sign()) {
        return Err(wrong(place, "its key usage does not allow certificates to be signed", "Ask for keyCertSign"));
    }
    let (from, to) = (certificate.validity().not_before.timestamp(), certificate.validity().not_after.timestamp());
    let now = now.div_euclid(1_000_000);
    if now < from || now > to {
        return Err(wrong(place, "today is outside its validity", "Ask for one that is valid, or set the clock right"));
    }
    Ok(())
}

/// Digests under which no client takes a certificate any more: SHA-1 with RSA and with ECDSA.
const BROKEN: [&str; 2] = ["1.2.840.113549.1.1.5", "1.2.840.10045.4.1"];

/// What clients refuse in any certificate: an extension that they must understand and do not (RFC 5280 §4.2), or a
/// broken digest. A root's own signature proves nothing, and is not asked.
fn hold_readable(certificate: &X509Certificate<'_>, place: usize) -> Result<(), Refused> {
    let is_unknown = |extension: &X509Extension<'_>| extension.critical && extension.parsed_extension().unsupported();
    if certificate.extensions().iter().any(is_unknown) {
        return Err(wrong(place, "it has a critical extension that is not known", "Ask for one without it"));
    }
    let is_root = certificate.issuer().as_raw() == certificate.subject().as_raw();
    if !is_root && BROKEN.contains(&certificate.signature_algorithm.algorithm.to_id_string().as_str()) {
        return Err(wrong(place, "it is signed with SHA-1", "Ask for one that is signed with SHA-256"));
    }
    Ok(())
}

fn wrong(place: usize, rule: &str, remedy: &str) -> Refused {
    refused(format!("Certificate {} of the chain", place + 1), rule, remedy)
}

fn no_certificates() -> Refused {
    refused("The file", "it is not certificates in PEM", "Give the authority's certificate first, then those above it")
}

/// All certificates, own first, in PEM.
pub(super) fn pem(own: &Certified) -> String {
    let mut text = block(&own.certificate);
    let mut rest = own.chain.as_slice();
    while let Ok((after, _)) = x509_parser::parse_x509_certificate(rest) {
        text += &block(&rest[..rest.len() - after.len()]);
        rest = after;
    }
    text
}

fn block(der: &[u8]) -> String {
    use base64ct::{Base64, Encoding};
    let base64 = Base64::encode_string(der);
    let lines: Vec<&str> =
        base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap_or_default()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}
